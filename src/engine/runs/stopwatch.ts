import type { Spent } from "../../domain/plan-run/run-entry.ts";
import type { Clock } from "../../ports/clock.ts";

/** Where the time of a step goes while this executor drives it. */
export class Stopwatch {
  readonly #clock: Pick<Clock, "now">;
  readonly #spent = { askedMs: 0, lookedMs: 0, waitedMs: 0, lastWaitMs: 0, lastLookMs: 0, looks: 0 };

  constructor(clock: Pick<Clock, "now">) {
    this.#clock = clock;
  }

  get spent(): Spent {
    const rounded = Object.entries(this.#spent).map(([name, value]) => [name, Math.round(value)] as const);
    return { ...this.#spent, ...Object.fromEntries(rounded) };
  }

  asks<T>(work: () => Promise<T>): Promise<T> {
    return this.#timed(work, (tookMs) => {
      this.#spent.askedMs += tookMs;
    });
  }

  looks<T>(work: () => Promise<T>): Promise<T> {
    return this.#timed(work, (tookMs) => {
      this.#spent.lookedMs += tookMs;
      this.#spent.lastLookMs = tookMs;
      this.#spent.looks += 1;
    });
  }

  waits(work: () => Promise<void>): Promise<void> {
    return this.#timed(work, (tookMs) => {
      this.#spent.waitedMs += tookMs;
      this.#spent.lastWaitMs = tookMs;
    });
  }

  async #timed<T>(work: () => Promise<T>, add: (tookMs: number) => void): Promise<T> {
    const fromMs = this.#clock.now();
    try {
      return await work();
    } finally {
      add(this.#clock.now() - fromMs);
    }
  }
}
