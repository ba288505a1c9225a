import { Bug } from "../../src/domain/errors.ts";
import { isWatched } from "../../src/domain/plan-run/fence.ts";
import { driveRun } from "../../src/engine/runs/executor.ts";
import type { ExecutorDeps } from "../../src/engine/runs/executor-deps.ts";
import { executorDeps, openLedger } from "../harness/drive.ts";
import { runOf } from "../harness/failover-runs.ts";
import type { FailoverWorld } from "../harness/failover-world.ts";
import { patiently } from "./patiently.ts";

/** World time after which a job that has failed is tried again. */
const WORKER_AGAIN_MS = 2_000;
const STORE_LOST = "store-lost";
/** World time for which an old side that stands open again holds up the end of a run; people are called about it meanwhile. */
const HELD_UP_MS = 3_600_000;
/** Machine time between two looks at that. */
const LOOK_EVERY_MS = 1_000;

/** How a worker ended: the run waits or is over; the worker is gone and another one goes on; the store does not count. */
export type Ended = "there" | "gone" | "store-lost";

export interface WorkerWish {
  /** In place of the product's own, to see whether the judge can fail. */
  readonly steps?: ExecutorDeps["steps"];
}

interface Working {
  readonly wish: WorkerWish;
  /** Machine time after which no other worker begins. */
  readonly deadline: number;
  readonly onIntent: (step: string) => void;
  /** What a store throws that is away, or another one than a moment ago, ends a worker and nothing else. */
  readonly isStoreInTrouble: boolean;
}

/** The workers of one run, one after the other. */
export class Workers {
  readonly #at: FailoverWorld;
  readonly #working: Working;
  #worker: AbortController | undefined;
  #count = 0;
  /** How often one could not go on because of the store. */
  storeErrors = 0;

  constructor(at: FailoverWorld, working: Working) {
    this.#at = at;
    this.#working = working;
  }

  /** False: nobody is at work. */
  kill(): boolean {
    const isAtWork = this.#worker !== undefined;
    this.#worker?.abort(new Error("killed"));
    return isAtWork;
  }

  /** One worker after the other, until the run waits for people or is over. `gone`: it never got there. */
  async drive(): Promise<Ended> {
    for (;;) {
      const ended = await this.#work();
      if (ended !== "gone" || Date.now() > this.#working.deadline) return ended;
    }
  }

  async #work(): Promise<Ended> {
    this.#count += 1;
    const worker = `worker ${this.#count}`;
    // Each worker is the same process that was started again: it finds the ledger of the one before.
    const ledger = await patiently(() => openLedger(this.#at, "worker"));
    const stop = new AbortController();
    const left = setTimeout(() => stop.abort(new Error("too long")), Math.max(0, this.#working.deadline - Date.now()));
    this.#worker = stop;
    let isHeldUp = false;
    const looking = setInterval(() => {
      const look = async () => {
        isHeldUp ||= await this.#isHeldUp();
        if (isHeldUp) stop.abort(new Error("it waits for people"));
      };
      look().catch(() => undefined);
    }, LOOK_EVERY_MS);
    const { wish, onIntent } = this.#working;
    const deps = executorDeps(this.#at, ledger, {
      ...{ ...wish, worker, onIntent },
    });
    try {
      await driveRun("F-1", deps, stop.signal);
      return "there";
    } catch (error) {
      if (isHeldUp) return "there";
      return stop.signal.aborted ? "gone" : this.endedBy(error);
    } finally {
      this.#worker = undefined;
      clearTimeout(left);
      clearInterval(looking);
      await ledger.close();
    }
  }

  /** It is not verified before the old side is fenced again, and nobody could fence it for so long. */
  async #isHeldUp(): Promise<boolean> {
    const run = await runOf(this.#at);
    const { lostAtMs = Number.POSITIVE_INFINITY } = run.watch;
    return run.state === "running" && isWatched(run) && this.#at.clock.now() - lostAtMs > HELD_UP_MS;
  }

  /** A store that is out of reach, or another one than a moment ago, ends a worker as a job that has failed, which is tried again. */
  async endedBy(error: unknown): Promise<Ended> {
    if (error instanceof Bug && error.code === STORE_LOST) return "store-lost";
    if (!this.#working.isStoreInTrouble) throw error;
    this.storeErrors += 1;
    await this.#at.clock.sleep(WORKER_AGAIN_MS, this.#at.ended);
    return "gone";
  }
}
