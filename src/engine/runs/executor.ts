import { Superseded } from "../../domain/errors.ts";
import { isBeforePromotion } from "../../domain/plan-run/before-promotion.ts";
import { isLetGo } from "../../domain/plan-run/cut-off.ts";
import { isOpenAgain, sayUnseenAtEnd } from "../../domain/plan-run/fence.ts";
import { leftToPeople, unmeasuredSteps } from "../../domain/plan-run/left-to-people.ts";
import type { PlannedStep } from "../../domain/plan-run/plan.ts";
import { isSettled, type RunState, readySteps, stateOf } from "../../domain/plan-run/run.ts";
import type { UnseenAtEnd } from "../../domain/plan-run/run-entry.ts";
import { eitherOf } from "../../ports/signals.ts";
import { CredentialsAhead } from "./credentials-ahead.ts";
import { letsGoWhenCutOff } from "./cut-off.ts";
import type { ExecutorDeps } from "./executor-deps.ts";
import { watchWhileDriven } from "./fence-watch.ts";
import { RunHold } from "./journal.ts";
import { KeptInSight } from "./kept-in-sight.ts";
import {
  type AtTheEnd,
  type BeforeACommit,
  fencesAgain,
  type Proving,
  type Sighted,
  standsFenced,
} from "./proven-again.ts";
import { looksAgain } from "./second-look.ts";
import { driveStep } from "./step-driver.ts";
import { UnderWay } from "./under-way.ts";
import { neverHappened, unwind } from "./unwind.ts";
import { isLookedAt } from "./watch-due.ts";

/**
 * Drives one run as far as it goes. Invariants:
 *  X1 it decides nothing: order, inputs and way back stand in the signed plan
 *  X2 a step starts the moment its own dependencies are settled, never for another's sake
 *  X3 the facts are looked at again before the first step and before each irreversible one (G3)
 *  X4 it may end at any instruction and be driven on by anybody: everything it knows is in the journal
 *  X5 that the old side is fenced is proven again before the promotion and before the run counts as verified (G20). One
 *     that could not be fenced, or opens again, is fenced first, and watched from the promotion on
 *  X6 a step's calls go out in a session that can do no more than this step, and credentials for all that follows an
 *     irreversible step are there before it
 */
/** How often people's decisions are looked for while steps are under way; machine time. */
const DECISIONS_EVERY_MS = 250;
/** Verified means measured: what people went on without, or vouch for, is said. */
function endOf(run: RunState, unseen: UnseenAtEnd | undefined): string {
  const unmeasured = unmeasuredSteps(run).map(({ title }) => title);
  const ended =
    unmeasured.length === 0
      ? `${run.plan.title}: verified`
      : `${run.plan.title}: ended, and nobody measured: ${unmeasured.join("; ")}`;
  return [ended, ...(unseen ? [sayUnseenAtEnd(run, unseen)] : []), ...leftToPeople(run)].join(". ");
}

/** Resolves when the run is over or waits for people; rejects with the signal's reason, with Superseded, or with Bug. */
export async function driveRun(id: string, deps: ExecutorDeps, signal: AbortSignal): Promise<RunState | undefined> {
  const hold = await RunHold.take(deps, id, { worker: deps.worker });
  if (!hold) return undefined;
  // One controller for all that runs below: the first failure of the hold ends every wait.
  const stop = new AbortController();
  const both = eitherOf(signal, stop.signal);
  const drive = new Drive(hold, deps, both);
  void letsGoWhenCutOff(hold, deps, both).catch((error: unknown) => stop.abort(error));
  try {
    return await drive.toTheEnd();
  } finally {
    stop.abort(new Superseded("drive-ended", "This executor has let go of the run"));
    await drive.settled();
    if (isLetGo(hold.run)) deps.changed(hold.run);
  }
}

class Drive {
  readonly #hold: RunHold;
  readonly #deps: ExecutorDeps;
  readonly #signal: AbortSignal;
  readonly #ahead: CredentialsAhead;
  readonly #inFlight = new Map<string, Promise<void>>();
  #broken: unknown;
  readonly #sighted: Sighted;
  readonly #passing: UnderWay;
  #watching: Beside | undefined;
  #sighting: Beside | undefined;

  constructor(hold: RunHold, deps: ExecutorDeps, signal: AbortSignal) {
    this.#hold = hold;
    this.#deps = deps;
    this.#signal = signal;
    this.#ahead = new CredentialsAhead(hold, deps);
    this.#passing = new UnderWay(deps.clock);
    this.#sighted = { sight: new KeptInSight(deps), underWay: new UnderWay(deps.clock) };
  }

  async toTheEnd(): Promise<RunState> {
    this.#ahead.begin();
    for (;;) {
      this.#signal.throwIfAborted();
      const run = this.#hold.run;
      this.#deps.changed(run);
      if (isLookedAt(run)) this.#watch();
      else if (isBeforePromotion(run)) this.#keepInSight();
      if (run.state === "unwinding") {
        await this.settled();
        await unwind(this.#hold, this.#deps, this.#signal);
        return this.#hold.run;
      }
      if (run.state !== "running") {
        // Steps under way may still report; no new one starts.
        if (this.#inFlight.size === 0) {
          await this.settled();
          return this.#hold.run;
        }
      } else if (run.plan.steps.every((step) => isSettled(stateOf(run, step.id)))) {
        const end = await standsFenced(this.#proving, run);
        if (end.stands && (await this.#finish(end))) return this.#hold.run;
      } else if (this.#isBeforeACommit(run) && !(await this.#ahead.areThere(run))) {
        this.#deps.changed(this.#hold.run);
      } else {
        const looks = await Promise.all([this.#looksAgain(run), this.#fencesAgain(run)]);
        if (looks.includes("changed")) continue;
        const begins = looks.every((look) => look === "begins");
        // Nothing is touched before the first look is over.
        const mayStart = (step: PlannedStep) => begins || (run.intents > 0 && step.wayBack !== "irreversible");
        for (const step of readySteps(run).filter(mayStart)) this.#start(step);
      }
      await this.#next();
    }
  }

  /** Waits until a step has moved or somebody may have decided something. */
  async #next(): Promise<void> {
    const timer = new AbortController();
    const nap = new Promise<void>((resolve) => {
      const timeout = setTimeout(resolve, DECISIONS_EVERY_MS);
      timer.signal.addEventListener("abort", () => clearTimeout(timeout));
    });
    await Promise.race([nap, ...this.#inFlight.values()]);
    timer.abort();
    if (this.#broken !== undefined) throw this.#broken;
    await this.#hold.refresh();
  }

  /** X5, past the point of no return. */
  #watch(): void {
    this.#watching ??= this.#beside((signals) => watchWhileDriven(this.#hold, this.#deps, signals));
  }

  /** X5, before it. */
  #keepInSight(): void {
    this.#sighting ??= this.#beside((signals) => this.#sighted.sight.whileDriven(this.#hold, signals));
  }

  #beside(does: (signals: { signal: AbortSignal; stop: AbortSignal }) => Promise<void>): Beside {
    const stop = new AbortController();
    const over = does({ signal: this.#signal, stop: stop.signal }).catch((error: unknown) => {
      this.#broken ??= error;
    });
    return { stop, over };
  }

  #start(step: PlannedStep): void {
    if (this.#inFlight.has(step.id)) return;
    const driving = driveStep({ hold: this.#hold, step, deps: this.#deps, signal: this.#signal })
      .catch((error: unknown) => {
        this.#broken ??= error;
      })
      .finally(() => this.#inFlight.delete(step.id));
    this.#inFlight.set(step.id, driving);
  }

  /** X3: the second look. `changed` where the keys no longer hold and the run has been paused. */
  async #looksAgain(run: RunState): Promise<BeforeACommit> {
    const untouched = run.intents === 0;
    if (!untouched && (!isAtNoReturn(run) || this.#hasStartedIrreversible(run))) return "begins";
    // Once this run has promoted its own effects are the difference, and stopping for them would help nobody. A promotion that
    // was tried and never happened is looked at like the first one.
    const isTried = run.plan.steps.some(
      ({ id, wayBack }) => wayBack === "irreversible" && stateOf(run, id).attempt > 0,
    );
    if (isTried && !(await neverHappened(this.#hold, this.#deps, this.#signal))) return "begins";
    return looksAgain(this.#proving, run, this.#passing);
  }

  /** X5, before each irreversible step: also before one that is tried again. */
  async #fencesAgain(run: RunState): Promise<BeforeACommit> {
    return this.#isBeforeACommit(run) ? fencesAgain(this.#proving, run, this.#sighted) : "begins";
  }

  #isBeforeACommit(run: RunState): boolean {
    return isAtNoReturn(run) && !this.#hasStartedIrreversible(run);
  }

  get #proving(): Proving {
    return { hold: this.#hold, deps: this.#deps, signal: this.#signal };
  }

  #hasStartedIrreversible(run: RunState): boolean {
    return readySteps(run).some((step) => step.wayBack === "irreversible" && this.#inFlight.has(step.id));
  }

  /** False where the watch found the old side open in the meantime. */
  async #finish({ unseen }: Pick<Extract<AtTheEnd, { stands: true }>, "unseen">): Promise<boolean> {
    const { service, id } = this.#hold.run.plan;
    const finished = await this.#hold.append((run) => {
      if (run.state !== "running" || isOpenAgain(run)) return undefined;
      const atMs = this.#deps.clock.now();
      return {
        entry: { kind: "finished", atMs, state: "verified", ...(unseen && { unseen }) },
        told: { says: endOf(run, unseen) },
        change: {
          over: !isLookedAt(run),
          claim: { action: "release", service, coolDownUntilMs: atMs + run.plan.coolDownMs },
        },
      };
    });
    this.#deps.changed(this.#hold.run);
    if (!finished) return false;
    this.#deps.logger.info({ run: id }, "The run has ended");
    return true;
  }

  async settled(): Promise<void> {
    const beside = [this.#watching, this.#sighting];
    for (const each of beside) each?.stop.abort();
    await Promise.allSettled([...this.#inFlight.values(), ...beside.map((each) => each?.over)]);
    this.#watching = undefined;
    this.#sighting = undefined;
  }
}

/** What goes on beside the steps. */
interface Beside {
  readonly stop: AbortController;
  readonly over: Promise<void>;
}

/** The next thing to be asked for cannot be undone. */
function isAtNoReturn(run: RunState): boolean {
  return readySteps(run).some((step) => step.wayBack === "irreversible" && stateOf(run, step.id).state === "waiting");
}
