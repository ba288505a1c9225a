import type { PlannedStep } from "../../domain/plan-run/plan.ts";
import type { RunState } from "../../domain/plan-run/run.ts";
import type { Verdict } from "../../ports/step.ts";

/** In a row, that show it open. */
const LOOKS = 2;

/**
 * Whether somebody opens the old side while its fence waits for what is still inside. What stands open right after it was asked to
 * close may be an old answer; what was seen closed and stands open then was opened by somebody.
 */
export class Opening {
  readonly #step: PlannedStep;
  #wasClosed = false;
  #openLooks = 0;
  #opened: string | undefined;

  constructor(step: PlannedStep) {
    this.#step = step;
  }

  /** What was seen to be opened so far, in words. Past the point of no return the watch looks after it. */
  seenIn(verdict: Verdict, { pastNoReturn, plan }: RunState): string | undefined {
    if (this.#step.role !== "protects" || pastNoReturn) return undefined;
    const isRefuted = !verdict.done && verdict.refutes !== undefined;
    const isOpen = isRefuted && verdict.letsIn === true && verdict.nextPart !== true;
    // One look alone may be an old answer, also after a newer one.
    this.#openLooks = isOpen ? this.#openLooks + 1 : 0;
    if (this.#openLooks >= LOOKS && this.#wasClosed)
      this.#opened ??= `Somebody opened ${plan.from} while its fence waited: ${verdict.says}`;
    // A look that failed shows nothing.
    this.#wasClosed ||= !isRefuted && (verdict.done || verdict.isUnderWay === true);
    return this.#opened;
  }
}
