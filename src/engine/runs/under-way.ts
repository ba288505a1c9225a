import type { PlannedStep } from "../../domain/plan-run/plan.ts";
import type { Clock } from "../../ports/clock.ts";

/**
 * X5, of an old side that somebody restarts: it lets nobody in meanwhile, and comes back closed as it was. So the keys stand, and the
 * promotion waits for it as long as the fence itself may take.
 */
export class UnderWay {
  readonly #clock: Clock;
  #sinceMs: number | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  isWaitedFor({ deadlineMs }: PlannedStep): boolean {
    this.#sinceMs ??= this.#clock.now();
    return this.#clock.now() - this.#sinceMs < deadlineMs;
  }

  over(): void {
    this.#sinceMs = undefined;
  }
}
