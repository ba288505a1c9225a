import { join } from "node:path";
import { type RunState, stateOf } from "../../src/domain/plan-run/run.ts";
import { voidedBy } from "../../src/domain/plan-run/second-look.ts";
import type { AdvanceDeps } from "../../src/engine/runs/advance-run.ts";
import { blindWatches } from "../../src/engine/runs/blind-watch.ts";
import { driveRun } from "../../src/engine/runs/executor.ts";
import type { ExecutorDeps } from "../../src/engine/runs/executor-deps.ts";
import { guardTimes } from "../../src/engine/runs/guard-times.ts";
import { vainDrives } from "../../src/engine/runs/halt.ts";
import { STEPS } from "../../src/flows/index.ts";
import { runbookOf } from "../../src/flows/runbooks/index.ts";
import type { Clock } from "../../src/ports/clock.ts";
import type { Ledger } from "../../src/ports/runs.ts";
import { LedgerFile } from "../../src/store/ledger-file.ts";
import { runOf } from "./failover-runs.ts";
import type { FailoverWorld } from "./failover-world.ts";
import { silent } from "./fakes/index.ts";
import { LEDGER_KEY } from "./keys.ts";

export interface DriveWish {
  /** Called once for each step, after its first intent is written and before anything is asked. */
  readonly onIntent?: (step: string) => void;
  /** Called once for each step that is there, before another one is begun. */
  readonly onDone?: (step: string) => void;
  /** Called once for each step that has failed, before anything is given back. */
  readonly onFailure?: (step: string) => void;
  readonly steps?: ExecutorDeps["steps"];
  readonly signal?: AbortSignal;
  readonly worker?: string;
  /** Whether nobody outside answers this process now. */
  readonly isCutOff?: () => boolean;
  /** The same, asked of the world; instead of `isCutOff`. */
  readonly cutOffForMs?: ExecutorDeps["cutOffForMs"];
  /** Hears of each time that a step leaves. */
  readonly took?: ExecutorDeps["took"];
  /** F-1 unless said otherwise. */
  readonly run?: string;
}

/** The engine's dependencies on this world and store, in this process. */
export function executorDeps(at: FailoverWorld, ledger: Ledger, wish: DriveWish = {}): ExecutorDeps {
  const intended = new Set<string>();
  const failed = new Set<string>();
  const done = new Set<string>();
  const { clock, cloud, inventory, memory } = at;
  return {
    ...{ runs: memory.runs, ledger, clock, cloud, logger: silent },
    frozen: async () => (await memory.freezes.inForce())[0],
    worker: wish.worker ?? "test",
    guard: guardTimes(),
    steps: wish.steps ?? STEPS,
    changed: (run) => {
      for (const { id } of run.plan.steps) {
        const { state } = stateOf(run, id);
        if (state === "intended" && !intended.has(id)) {
          intended.add(id);
          wish.onIntent?.(id);
        }
        if (state === "done" && !done.has(id)) {
          done.add(id);
          wish.onDone?.(id);
        }
        if (state === "failed" && !failed.has(id)) {
          failed.add(id);
          wish.onFailure?.(id);
        }
      }
    },
    progressed: () => undefined,
    ...(wish.isCutOff && { cutOffForMs: silenceOf(clock, wish.isCutOff) }),
    ...(wish.cutOffForMs && { cutOffForMs: wish.cutOffForMs }),
    took: (run, step, time) => wish.took?.(run, step, time),
    oldSide: (run, looking) => runbookOf(run.plan).oldSide(run, cloud, looking),
    drift: async (run, signal) => {
      const service = inventory.services.find(({ name }) => name === run.plan.service);
      if (!service) return voidedBy([`${run.plan.service} is not in the file`]);
      return runbookOf(run.plan).drift(run, { service, cloud, signal, moved: async () => undefined });
    },
  };
}

/** Machine time since the test last said that somebody answers. */
function silenceOf(clock: Clock, isCutOff: () => boolean): NonNullable<ExecutorDeps["cutOffForMs"]> {
  let answeredMs = clock.now();
  return async () => {
    if (isCutOff()) return (clock.now() - answeredMs) / clock.speed;
    answeredMs = clock.now();
    return undefined;
  };
}

/** The same of a whole look at a run, whose cards and calls nobody hears of. */
export function advanceDeps(at: FailoverWorld, ledger: Ledger, wish: DriveWish = {}): AdvanceDeps {
  const { runs, cards, notes } = at.memory;
  const quiet = async () => undefined;
  return {
    ...executorDeps(at, ledger, wish),
    ...{ runs, cards, notes, times: { add: quiet }, shown: new Map(), vain: vainDrives(), blind: blindWatches() },
    drivers: { begins: quiet, ends: quiet },
    ...{
      renew: () => undefined,
      cloudOf: () => at.cloud,
      channelOf: async () => "C1",
      wake: { card: quiet, runCalls: quiet },
    },
  };
}

export async function openLedger(at: FailoverWorld, worker = "test"): Promise<LedgerFile> {
  return LedgerFile.open(await at.bench.connect(), {
    directory: join(at.directory, "ledger"),
    process: worker,
    key: LEDGER_KEY,
    whose: { environment: at.inventory.file.environment, world: "rehearsal" },
  });
}

/** Drives the run as far as it goes, in this process. */
export async function drive(at: FailoverWorld, wish: DriveWish = {}): Promise<RunState> {
  const ledger = await openLedger(at, wish.worker);
  try {
    const signal = wish.signal ?? new AbortController().signal;
    await at.skippingIdleTime(() => driveRun(wish.run ?? "F-1", executorDeps(at, ledger, wish), signal));
  } finally {
    await ledger.close();
  }
  return runOf(at, wish.run);
}
