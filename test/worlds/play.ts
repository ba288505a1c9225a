import type { RunState } from "../../src/domain/plan-run/run.ts";
import { watchOldSide } from "../../src/engine/runs/fence-watch.ts";
import { guardTimes } from "../../src/engine/runs/guard-times.ts";
import { storesIn } from "../../src/flows/resources/site.ts";
import { KEYS } from "../../src/store/keys.ts";
import type { LedgerFile } from "../../src/store/ledger-file.ts";
import { executorDeps, openLedger } from "../harness/drive.ts";
import { runOf, startRun } from "../harness/failover-runs.ts";
import { type FailoverWorld, startFailoverWorld } from "../harness/failover-world.ts";
import { entryIn } from "../harness/keys.ts";
import { standbyOf } from "../harness/site.ts";
import { Desk } from "./desk.ts";
import type { FaultName } from "./fault-names.ts";
import { FaultSchedule } from "./fault-schedule.ts";
import { patiently } from "./patiently.ts";
import { People, type Word } from "./people.ts";
import { type Played, seenAtTheEnd } from "./played.ts";
import type { PutBack } from "./redis-faults.ts";
import { type Ended, Workers, type WorkerWish } from "./workers.ts";
import { SPEED, type WorldPlan } from "./world.ts";

/** Machine time after which a world that has not come to its end never will. */
const LONGEST_MS = 150_000;
/** Machine time after which a world that is slow goes at the speed of the others: waits of an hour and more show nothing here. */
const HURRY_AFTER_MS = 110_000;
const SLOW_MS = 300;
const ANSWER_WITHIN_MS = 1_500;
/** World time for which a run that is over is looked at, counted from the end of the last fault. */
const SETTLE_MS = 120_000;
const LEAST_TURNS = 4;
const TURN_EVERY_MS = 15_000;
/** Machine time, as of every process. */
const KEEP_UP_EVERY_MS = 500;
/** Machine time after the last fault in which nothing is owed to people any more (G16). */
const CAUGHT_UP_WITHIN_MS = 30_000;
const OF_THE_STORE: ReadonlySet<FaultName> = new Set<FaultName>(["redis-cut", "redis-went-back"]);

export interface PlayWish extends WorkerWish {
  readonly redisUrl?: string;
  readonly speed?: number;
  /** Machine time that a silent endpoint is given; long where nothing falls silent. */
  readonly answerWithinMs?: number;
}

interface Begins {
  readonly plan: WorldPlan;
  readonly wish: PlayWish;
  readonly desk: Desk;
  readonly ledger: LedgerFile;
}

export async function play(plan: WorldPlan, wish: PlayWish = {}): Promise<Played> {
  const speed = wish.speed ?? plan.speed ?? SPEED;
  const { example, service, lagSeconds, sessionSeconds, jobSeconds, stopSeconds, orderSeconds } = plan;
  const at = await startFailoverWorld({
    ...{ example, service, lagSeconds, sessionSeconds, jobSeconds, stopSeconds, orderSeconds, speed },
    isLong: true,
    ...{ seed: plan.seed * 10_007 + plan.index, answerWithinMs: wish.answerWithinMs ?? ANSWER_WITHIN_MS },
    ...(plan.engine === undefined ? {} : { engine: plan.engine }),
    ...(plan.netTimeoutSeconds === undefined ? {} : { netTimeoutSeconds: plan.netTimeoutSeconds }),
    ...(wish.redisUrl === undefined ? {} : { redisUrl: wish.redisUrl }),
  });
  // Machine time, which a fast world counts many times over.
  at.whole.world.regions.slowMs = SLOW_MS;
  const hurry = setTimeout(() => {
    if (speed < SPEED) at.setSpeed(SPEED).catch(() => undefined);
  }, HURRY_AFTER_MS);
  try {
    const played = await Play.begin(at, { plan, wish });
    return await played.toTheEnd();
  } finally {
    clearTimeout(hurry);
    await at.stop();
  }
}

class Play {
  readonly #at: FailoverWorld;
  readonly #plan: WorldPlan;
  readonly #wish: PlayWish;
  readonly #schedule: FaultSchedule;
  readonly #people: People;
  readonly #desk: Desk;
  /** Of the process in which people act. */
  readonly #ledger: LedgerFile;
  readonly #workers: Workers;
  readonly #deadline = Date.now() + LONGEST_MS;
  /** What the store has lost of the journal. */
  readonly #lost: string[] = [];

  private constructor(at: FailoverWorld, { plan, wish, desk, ledger }: Begins) {
    this.#at = at;
    this.#plan = plan;
    this.#wish = wish;
    this.#desk = desk;
    this.#ledger = ledger;
    this.#people = new People(at, ledger);
    this.#workers = new Workers(at, {
      ...{ wish, deadline: this.#deadline, onIntent: (step) => this.#schedule.reached(step) },
      isStoreInTrouble: plan.faults.some(({ name }) => OF_THE_STORE.has(name)),
    });
    const wentBack = ({ lost }: PutBack) => void this.#lost.push(...lost);
    this.#schedule = new FaultSchedule({ at, people: this.#people, workers: this.#workers, wentBack }, plan.faults);
  }

  static async begin(at: FailoverWorld, { plan, wish }: Pick<Begins, "plan" | "wish">): Promise<Play> {
    return new Play(at, { plan, wish, desk: await Desk.open(at), ledger: await openLedger(at, "desk") });
  }

  async toTheEnd(): Promise<Played> {
    const keepUp = setInterval(() => void this.#ledger.keepUp().catch(() => undefined), KEEP_UP_EVERY_MS);
    try {
      return await this.#toTheEnd();
    } finally {
      clearInterval(keepUp);
      await this.#desk.close();
      await this.#ledger.close();
    }
  }

  async #toTheEnd(): Promise<Played> {
    try {
      await startRun(this.#at, { mode: this.#plan.mode });
    } catch (error) {
      return this.#judged({ refused: error instanceof Error ? error.message : String(error), isOver: true });
    }
    this.#bendLag();
    this.#schedule.reached("start");
    let isOver = await this.#throughDecisions();
    this.#schedule.reached("verified");
    await this.#settle();
    await this.#schedule.end();
    if (this.#lost.length > 0) {
      // The sweep wakes every run that is not over: a store that went back knows an older one.
      isOver = await this.#throughDecisions();
      await this.#settle();
    }
    await this.#catchUp();
    return this.#judged({ refused: undefined, isOver });
  }

  /** A pager that refuses a few calls more takes the next one a minute of world time later, however slow the world was until here. */
  async #catchUp(): Promise<void> {
    const { speed } = this.#at.clock;
    await this.#at.setSpeed(SPEED);
    await this.#desk.caughtUp(CAUGHT_UP_WITHIN_MS);
    // What people had to hear in time is judged by the speed at which it happened.
    await this.#at.setSpeed(speed);
  }

  /** Worker after worker, and what people say in between. False: it never came to where it waits or is over. */
  async #throughDecisions(): Promise<boolean> {
    const words = [...this.#plan.people];
    for (;;) {
      const ended = await this.#workers.drive();
      if (ended === "gone") return false;
      if (!(await this.#anyDecision(ended, words))) return true;
    }
  }

  /** One word after the other, until one of them lets the run go on. */
  async #anyDecision(ended: Ended, words: Word[]): Promise<boolean> {
    for (let word = words.shift(); word !== undefined; word = words.shift()) {
      // People read first, and what is frozen is lifted meanwhile.
      await this.#at.clock.sleep(30_000, this.#at.ended);
      if (ended === "store-lost") {
        // Noticed while a line was written that the store never took: the job is tried again.
        if ((await patiently(() => this.#ledger.disagreement())) === undefined) return true;
        if (await this.#people.acceptStore()) return true;
      } else if (await this.#people.decide(word, await this.#run())) return true;
    }
    return false;
  }

  #run(): Promise<RunState> {
    return patiently(() => runOf(this.#at));
  }

  #bendLag(): void {
    const { client, service, whole } = this.#at;
    const region = standbyOf(service);
    for (const { afterSeconds, seconds } of this.#plan.lag) {
      whole.world.clock.after(afterSeconds * 1_000, () => {
        for (const { database } of storesIn(service, region)) {
          // A replica that was promoted meanwhile follows nobody.
          client.post("/rds/lag", { region, instance: database.instance, seconds }).catch(() => undefined);
        }
      });
    }
  }

  /** The sweep goes on when the run is over: it looks at the old side, and people are called. */
  async #settle(): Promise<void> {
    const { clock } = this.#at;
    const ledger = await patiently(() => openLedger(this.#at, "sweep"));
    const stop = AbortSignal.any([this.#at.ended, AbortSignal.timeout(LONGEST_MS)]);
    const { steps } = this.#wish;
    const deps = {
      ...executorDeps(this.#at, ledger, { worker: "sweep", ...(steps ? { steps } : {}) }),
      guard: guardTimes(),
    };
    try {
      for (let turns = 0; Date.now() < this.#deadline; turns += 1) {
        if (this.#schedule.isOver) {
          const isQuiet = clock.now() > this.#schedule.lastEndMs + SETTLE_MS;
          if (isQuiet && turns >= LEAST_TURNS) break;
        } else turns = 0;
        const run = await this.#run();
        await watchOldSide(run, deps, stop).catch((error: unknown) => this.#workers.endedBy(error));
        await clock.sleep(TURN_EVERY_MS, stop);
      }
    } finally {
      await ledger.close();
    }
  }

  async #judged({ refused, isOver }: Pick<Played, "refused" | "isOver">): Promise<Played> {
    await this.#schedule.end();
    const run = refused === undefined ? await this.#run() : undefined;
    const redis = await this.#at.bench.connect();
    const lines = await redis.lrange(KEYS.journal("F-1"), 0, -1);
    return {
      ...(await seenAtTheEnd(this.#at, run)),
      ...{ run, refused, isOver },
      journal: [...lines, ...this.#lost].map(entryIn).toSorted((one, other) => one.atMs - other.atMs),
      told: run && (await this.#desk.told(run)),
      isStoreLost: (await patiently(() => this.#ledger.disagreement())) !== undefined,
      hits: this.#schedule.hits,
      done: this.#people.done,
    };
  }
}
