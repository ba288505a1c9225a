import { fits } from "../../src/domain/plan-run/decision.ts";
import { type RunState, stateOf } from "../../src/domain/plan-run/run.ts";
import { RunEntry } from "../../src/domain/plan-run/run-entry.ts";
import { driveRun } from "../../src/engine/runs/executor.ts";
import type { ExecutorDeps } from "../../src/engine/runs/executor-deps.ts";
import { guardTimes } from "../../src/engine/runs/fence-guard.ts";
import { watchOldSide } from "../../src/engine/runs/fence-watch.ts";
import { whoIsNeeded } from "../../src/flows/reach/run-needs.ts";
import { storesIn } from "../../src/flows/resources/site.ts";
import { failover } from "../../src/flows/runbooks/failover/failover.ts";
import { createResolver } from "../../src/simulators/dns/resolver.ts";
import type { LogEntry } from "../../src/simulators/world/log.ts";
import { KEYS } from "../../src/store/keys.ts";
import { executorDeps, openLedger } from "../harness/drive.ts";
import { type FailoverWorld, runOf, startFailoverWorld, startRun } from "../harness/failover-world.ts";
import type { FaultName } from "./fault-names.ts";
import { FaultSchedule } from "./fault-schedule.ts";
import type { WorldPlan } from "./world.ts";

/** Machine time after which a world that has not come to its end never will. */
const LONGEST_MS = 150_000;
const SPEED = 150;
const SLOW_MS = 300;
/** World time for which a run that is over is looked at, counted from the end of the last fault. */
const SETTLE_MS = 120_000;
const LEAST_TURNS = 4;
const TURN_EVERY_MS = 15_000;

/** What is judged: the world's own memory, and the journal. */
export interface Played {
  /** Undefined: nothing was planned, and why. */
  readonly run: RunState | undefined;
  readonly refused: string | undefined;
  readonly isOver: boolean;
  readonly endedAtMs: number;
  readonly journal: readonly RunEntry[];
  readonly log: readonly LogEntry[];
  /** Ids that the promoted instances hold, one set for each store. */
  readonly newRows: readonly ReadonlySet<string>[];
  /** Why a write on the old instances would fail at the very end; null: it would succeed. */
  readonly oldRefusals: readonly (string | null)[];
  /** Where the users' name leads at the very end. */
  readonly usersAt: string | undefined;
  readonly isNeeded: boolean;
  /** What the run says was lost, world milliseconds; undefined: it does not know. */
  readonly reportedLossMs: number | undefined;
  readonly home: string;
  readonly standby: string;
  readonly speed: number;
  /** Each fault that was really met, once for each time. */
  readonly hits: readonly FaultName[];
}

export interface PlayWish {
  readonly redisUrl?: string;
  /** In place of the product's own, to see whether the judge can fail. */
  readonly steps?: ExecutorDeps["steps"];
  readonly speed?: number;
}

export async function play(plan: WorldPlan, wish: PlayWish = {}): Promise<Played> {
  const speed = wish.speed ?? SPEED;
  const { example, service, lagSeconds, sessionSeconds, jobSeconds, stopSeconds, orderSeconds } = plan;
  const at = await startFailoverWorld({
    ...{ example, service, lagSeconds, sessionSeconds, jobSeconds, stopSeconds, orderSeconds, speed },
    ...{ seed: plan.seed * 10_007 + plan.index, answerWithinMs: 1_500 },
    ...(plan.engine === undefined ? {} : { engine: plan.engine }),
    ...(wish.redisUrl === undefined ? {} : { redisUrl: wish.redisUrl }),
  });
  // Machine time, which a fast world counts many times over.
  at.whole.world.regions.slowMs = SLOW_MS;
  try {
    return await new Play(at, plan, wish).toTheEnd();
  } finally {
    await at.stop();
  }
}

class Play {
  readonly #at: FailoverWorld;
  readonly #plan: WorldPlan;
  readonly #wish: PlayWish;
  readonly #schedule: FaultSchedule;
  readonly #deadline = Date.now() + LONGEST_MS;
  #worker: AbortController | undefined;
  #workers = 0;

  constructor(at: FailoverWorld, plan: WorldPlan, wish: PlayWish) {
    this.#at = at;
    this.#plan = plan;
    this.#wish = wish;
    this.#schedule = new FaultSchedule({ at, kill: () => this.#kill() }, plan.faults);
  }

  async toTheEnd(): Promise<Played> {
    const at = this.#at;
    try {
      await startRun(at, { mode: this.#plan.mode });
    } catch (error) {
      return this.#judged({ refused: error instanceof Error ? error.message : String(error), isOver: true });
    }
    this.#bendLag();
    this.#schedule.reached("start");
    let isOver = await this.#drive();
    for (const decision of this.#plan.people) {
      if (!isOver || !(await this.#decide(decision))) break;
      isOver = await this.#drive();
    }
    this.#schedule.reached("verified");
    await this.#settle();
    return this.#judged({ refused: undefined, isOver });
  }

  #kill(): boolean {
    const isAtWork = this.#worker !== undefined;
    this.#worker?.abort(new Error("killed"));
    return isAtWork;
  }

  #bendLag(): void {
    const { client, service, whole } = this.#at;
    const { standby: region } = service;
    for (const { afterSeconds, seconds } of this.#plan.lag) {
      whole.world.clock.after(afterSeconds * 1_000, () => {
        for (const { database } of storesIn(service, region)) {
          // A replica that was promoted meanwhile follows nobody.
          client.post("/rds/lag", { region, instance: database.instance, seconds }).catch(() => undefined);
        }
      });
    }
  }

  /** One worker after the other, until the run waits for people or is over. False: it never got there. */
  async #drive(): Promise<boolean> {
    for (;;) {
      const isDone = await this.#work();
      if (isDone) return true;
      if (Date.now() > this.#deadline) return false;
    }
  }

  async #work(): Promise<boolean> {
    this.#workers += 1;
    const worker = `worker ${this.#workers}`;
    const ledger = await openLedger(this.#at, worker);
    const stop = new AbortController();
    const left = setTimeout(() => stop.abort(new Error("too long")), Math.max(0, this.#deadline - Date.now()));
    this.#worker = stop;
    const { steps } = this.#wish;
    const deps = executorDeps(this.#at, ledger, {
      ...{ worker, onIntent: (step) => this.#schedule.reached(step) },
      ...(steps ? { steps } : {}),
    });
    try {
      await driveRun("F-1", deps, stop.signal);
      return true;
    } catch (error) {
      if (stop.signal.aborted) return false;
      throw error;
    } finally {
      this.#worker = undefined;
      clearTimeout(left);
      await ledger.close();
    }
  }

  /** Writes what people say; false where nothing waits for them. */
  async #decide(decision: WorldPlan["people"][number]): Promise<boolean> {
    const { clock, memory } = this.#at;
    // People read first, and what is frozen is lifted meanwhile.
    await clock.sleep(30_000, this.#at.ended);
    const run = await runOf(this.#at);
    const entry = entryFor(run, decision, clock.now());
    if (!entry) return false;
    const answer = await memory.runs.append(run, { entries: [entry], events: [] });
    return answer.kind === "appended";
  }

  /** The sweep goes on when the run is over: it looks at the old side, and people are called. */
  async #settle(): Promise<void> {
    const { clock } = this.#at;
    const ledger = await openLedger(this.#at, "sweep");
    const stop = AbortSignal.any([this.#at.ended, AbortSignal.timeout(LONGEST_MS)]);
    const { steps } = this.#wish;
    const deps = {
      ...executorDeps(this.#at, ledger, { worker: "sweep", ...(steps ? { steps } : {}) }),
      guardIsDue: guardTimes(),
    };
    try {
      for (let turns = 0; Date.now() < this.#deadline; turns += 1) {
        if (this.#schedule.isOver) {
          const isQuiet = clock.now() > this.#schedule.lastEndMs + SETTLE_MS;
          if (isQuiet && turns >= LEAST_TURNS) break;
        } else turns = 0;
        await watchOldSide(await runOf(this.#at), deps, stop);
        await clock.sleep(TURN_EVERY_MS, stop);
      }
    } finally {
      await ledger.close();
    }
  }

  async #judged({ refused, isOver }: Pick<Played, "refused" | "isOver">): Promise<Played> {
    const { whole, service, inventory, clock, bench } = this.#at;
    await this.#schedule.end();
    const { home, standby } = service;
    const redis = await bench.connect();
    const lines = await redis.lrange(KEYS.journal("F-1"), 0, -1);
    const run = refused === undefined ? await runOf(this.#at) : undefined;
    const engine = whole.rds.engine;
    const refOf = (region: string) =>
      storesIn(service, region).map(({ database }) => ({ region, instance: database.instance }));
    return {
      ...{ run, refused, isOver, home, standby, endedAtMs: clock.now(), speed: whole.world.clock.speed },
      journal: lines.map((line) => RunEntry.parse(JSON.parse(line))),
      log: whole.world.log.read(),
      newRows: refOf(standby).map((ref) => new Set(engine.rows(ref))),
      oldRefusals: refOf(home).map((ref) => {
        const write = engine.write(ref, { id: "judge", writer: "judge" });
        return write.ok ? null : write.reason;
      }),
      usersAt: usersAt(this.#at),
      isNeeded: run !== undefined && whoIsNeeded(run, inventory, clock.now()) !== undefined,
      reportedLossMs: await reportedLossMs(run),
      hits: this.#schedule.hits,
    };
  }
}

/** As at the end of an incident that was seen before everything else: then all until the promotion counts. */
async function reportedLossMs(run: RunState | undefined): Promise<number | undefined> {
  if (!run) return undefined;
  return (await failover.measure(run, { firstSeenAtMs: 0, read: async () => undefined })).dataLossMs;
}

function entryFor(run: RunState, decision: WorldPlan["people"][number], atMs: number): RunEntry | undefined {
  const who = { atMs, by: "chloe", door: "slack" } as const;
  if (decision === "give-back") return fits("abort", run) ? { kind: "aborted", ...who } : undefined;
  if (fits("resume", run)) return { kind: "resumed", ...who };
  const failed = run.plan.steps.find(({ id }) => stateOf(run, id).state === "failed");
  return fits("retry", run) && failed ? { kind: "retried", ...who, step: failed.id } : undefined;
}

/** Region that the public name leads to now, for somebody who asks for the first time. */
function usersAt({ whole: { world, traffic }, service }: FailoverWorld): string | undefined {
  const application = traffic.spec.applications.find(({ name }) => name === service.name);
  if (!application) return undefined;
  const { records } = createResolver(world.clock, traffic.authorities.public).resolve(application.publicName);
  const address = records.find(({ type }) => type === "A")?.value;
  return address === undefined ? undefined : traffic.entryAt(address)?.region;
}
