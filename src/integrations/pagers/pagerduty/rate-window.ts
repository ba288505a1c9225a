const WINDOW_MS = 60_000;

/** Part of the budget that only urgent calls may use. */
const RESERVED = 0.2;

/** Calls of a minute's budget that a call of this urgency may find taken, and still go. */
export function allowedOf(perMinute: number, isUrgent: boolean): number {
  return isUrgent ? perMinute : Math.floor(perMinute * (1 - RESERVED));
}

/**
 * One process's budget per rolling minute of machine time, below the vendor's. A window rather than a bucket: a bucket that
 * starts full lets twice its rate through in the first minute.
 */
export class RateWindow {
  readonly #perMinute: number;
  readonly #now: () => number;
  #calls: number[] = [];

  constructor(perMinute: number, now: () => number) {
    this.#perMinute = perMinute;
    this.#now = now;
  }

  /** Takes one call and returns 0, or returns the milliseconds until one is free. */
  take(isUrgent: boolean): number {
    const nowMs = this.#now();
    this.#calls = this.#calls.filter((atMs) => atMs > nowMs - WINDOW_MS);
    const allowed = allowedOf(this.#perMinute, isUrgent);
    if (this.#calls.length < allowed) {
      this.#calls.push(nowMs);
      return 0;
    }
    const frees = this.#calls[this.#calls.length - allowed] ?? nowMs;
    return Math.max(1, frees + WINDOW_MS - nowMs);
  }
}
