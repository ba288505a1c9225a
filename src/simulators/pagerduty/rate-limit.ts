const WINDOW_MS = 60_000;

export interface Budget {
  readonly isExceeded: boolean;
  readonly limit: number;
  readonly remaining: number;
  /** Whole seconds until a refused caller may call again. */
  readonly resetSeconds: number;
}

/** Calls per key in a rolling minute of machine time; refused calls do not count. */
export class RateLimit {
  readonly #limit: number;
  readonly #calls = new Map<string, number[]>();

  constructor(limit: number) {
    this.#limit = limit;
  }

  take(key: string, nowMs = Date.now()): Budget {
    const recent = (this.#calls.get(key) ?? []).filter((atMs) => atMs > nowMs - WINDOW_MS);
    const isExceeded = recent.length >= this.#limit;
    if (!isExceeded) recent.push(nowMs);
    this.#calls.set(key, recent);
    const resetSeconds = Math.max(1, Math.ceil(((recent[0] ?? nowMs) + WINDOW_MS - nowMs) / 1_000));
    return { isExceeded, limit: this.#limit, remaining: this.#limit - recent.length, resetSeconds };
  }
}

export function rateHeaders(budget: Budget): Record<string, string> {
  return {
    "ratelimit-limit": String(budget.limit),
    "ratelimit-remaining": String(budget.remaining),
    "ratelimit-reset": String(budget.resetSeconds),
  };
}
