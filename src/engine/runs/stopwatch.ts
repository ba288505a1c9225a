import type { Spent } from "../../domain/plan-run/run-entry.ts";
import type { Clock } from "../../ports/clock.ts";

/**
 * A sleep that took so much longer than it was asked for: the machine or the process stood still meanwhile. World time; and machine time,
 * by which a busy process is late at any speed of the clock.
 */
const STOOD_STILL_MS = 30_000;
const LATE_MS = 5_000;

/** Where the time of a step goes while this executor drives it. What a call or a look sleeps by itself counts as waiting. */
export class Stopwatch {
  readonly #clock: Clock;
  readonly #spent = { askedMs: 0, lookedMs: 0, waitedMs: 0, lastWaitMs: 0, lastLookMs: 0, looks: 0 };

  #awayMs = 0;
  #awayUntilMs: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#awayUntilMs = clock.now();
  }

  /** World time for which this process could not look: it stood still, or reached nobody. */
  get awayMs(): number {
    return this.#awayMs;
  }

  get spent(): Spent {
    const { looks, ...times } = this.#spent;
    const rounded = Object.entries(times).map(([name, value]) => [name, Math.round(value)] as const);
    return { ...this.#spent, ...Object.fromEntries(rounded), looks };
  }

  /** The same clock, whose sleeps count. */
  get clock(): Clock {
    const clock = this.#clock;
    return {
      now: () => clock.now(),
      get speed() {
        return clock.speed;
      },
      sleep: (worldMs, signal) => this.sleep(worldMs, signal),
    };
  }

  async sleep(worldMs: number, signal?: AbortSignal): Promise<void> {
    const fromMs = this.#clock.now();
    await this.#clock.sleep(worldMs, signal);
    this.#spent.lastWaitMs = this.#clock.now() - fromMs;
    this.#spent.waitedMs += this.#spent.lastWaitMs;
    this.#noteAway(fromMs + worldMs);
  }

  /** Of several sleeps that were slept at once the time counts once. */
  #noteAway(dueMs: number): void {
    const nowMs = this.#clock.now();
    const longerMs = nowMs - Math.max(dueMs, this.#awayUntilMs);
    if (longerMs <= Math.max(STOOD_STILL_MS, LATE_MS * this.#clock.speed)) return;
    this.#awayMs += longerMs;
    this.#awayUntilMs = nowMs;
  }

  /** For a look that has just failed: nobody outside is reached since then. */
  unreached(sinceMs: number): void {
    const nowMs = this.#clock.now();
    this.#awayMs += Math.max(0, nowMs - Math.max(sinceMs, this.#awayUntilMs));
    this.#awayUntilMs = nowMs;
  }

  async asks<T>(work: () => Promise<T>): Promise<T> {
    const { result, tookMs } = await this.#timed(work);
    this.#spent.askedMs += tookMs;
    return result;
  }

  async looks<T>(work: () => Promise<T>): Promise<T> {
    const { result, tookMs } = await this.#timed(work);
    this.#spent.lookedMs += tookMs;
    this.#spent.lastLookMs = tookMs;
    this.#spent.looks += 1;
    return result;
  }

  async #timed<T>(work: () => Promise<T>): Promise<{ result: T; tookMs: number }> {
    const [fromMs, waitedMs] = [this.#clock.now(), this.#spent.waitedMs];
    const result = await work();
    return { result, tookMs: this.#clock.now() - fromMs - (this.#spent.waitedMs - waitedMs) };
  }
}
