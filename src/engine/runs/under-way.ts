import type { Clock } from "../../ports/clock.ts";

/** For how long something that ends by itself has been waited for. An executor that takes the run over begins at nothing. */
export class UnderWay {
  readonly #clock: Clock;
  #sinceMs: number | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** World milliseconds. */
  isWaitedFor(forMs: number): boolean {
    this.#sinceMs ??= this.#clock.now();
    return this.#clock.now() - this.#sinceMs < forMs;
  }

  over(): void {
    this.#sinceMs = undefined;
  }
}
