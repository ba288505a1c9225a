import type { Clock } from "../../ports/clock.ts";

/**
 * How many reads may leave. One budget for each account, region and API, shared by all that looks in this process: steps, watch, observer.
 *  B1 over any longer time no more leave than `PER_SECOND` says, in world time, but for a small burst
 *  B2 writes never wait, nor does a look that a write hangs on; such a look is paid for later
 *  B3 who is throttled halves it for everybody, and it recovers slowly
 *  B4 a run goes before people who wait, and they go before what looks by itself, which leaves some of the burst to them
 *  B5 nobody waits in silence: a turn that does not come in time says so
 */
export interface Pace {
  readonly perSecond: number;
  readonly burst: number;
}
export const PACE: Pace = { perSecond: 2, burst: 10 };

/** A run, people who wait for an answer, and what looks by itself. */
export type Urgency = "run" | "people" | "regular";

/** `leaves`: part of the burst that is not its own. `longestMs`: world time that a turn is waited for; absent: however long it takes. */
const ORDER: Readonly<Record<Urgency, { readonly at: number; readonly leaves: number; readonly longestMs?: number }>> =
  {
    run: { at: 0, leaves: 0, longestMs: 20_000 },
    people: { at: 1, leaves: 0, longestMs: 20_000 },
    regular: { at: 2, leaves: 0.5 },
  };

/** Part of the budget that is left however often AWS throttles, and what it regains in a second. */
const LEAST_PART = 0.25;
const REGAINED_A_SECOND = 0.01;
/** World time. Calls that were under way together are throttled together: that is one halving. */
const HALVED_AT_MOST_EVERY_MS = 1_000;
/** World time between two looks at the budget while somebody waits: who comes later may go first. */
const LONGEST_NAP_MS = 250;

/** A turn that did not come: nothing was sent. */
export class NoTurn extends Error {
  override readonly name = "NoTurn";
}

export class ReadPace {
  readonly #clock: Pick<Clock, "now" | "sleep">;
  readonly #pace: Pace;
  readonly #budgets = new Map<string, Budget>();

  constructor(clock: Pick<Clock, "now" | "sleep">, pace: Pace = PACE) {
    this.#clock = clock;
    this.#pace = pace;
  }

  /** Of `<account> <API> <region>`. */
  of(name: string): Budget {
    const budget = this.#budgets.get(name) ?? new Budget(this.#clock, this.#pace);
    this.#budgets.set(name, budget);
    return budget;
  }
}

interface Waiting {
  readonly urgency: Urgency;
  readonly sinceMs: number;
  readonly go: () => void;
  readonly fail: (error: unknown) => void;
}

export class Budget {
  readonly #clock: Pick<Clock, "now" | "sleep">;
  readonly #pace: Pace;
  readonly #waiting: Waiting[] = [];
  #calls: number;
  #perSecond: number;
  #atMs: number;
  #halvedAtMs = Number.NEGATIVE_INFINITY;
  #isServing = false;

  constructor(clock: Pick<Clock, "now" | "sleep">, pace: Pace) {
    this.#clock = clock;
    this.#pace = pace;
    this.#calls = pace.burst;
    this.#perSecond = pace.perSecond;
    this.#atMs = clock.now();
  }

  /** Resolves when it may leave. Throws NoTurn, or the signal's reason. */
  async turn(urgency: Urgency, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    this.#refill();
    const isFirst = this.#waiting.every((other) => ORDER[other.urgency].at > ORDER[urgency].at);
    if (isFirst && this.#missing(urgency) <= 0) {
      this.#calls -= 1;
      return;
    }
    await new Promise<void>((resolve, reject) => {
      const settle = (then: () => void) => {
        signal?.removeEventListener("abort", giveUp);
        this.#waiting.splice(this.#waiting.indexOf(waiting), 1);
        then();
      };
      const waiting: Waiting = {
        ...{ urgency, sinceMs: this.#clock.now() },
        go: () => settle(resolve),
        fail: (error) => settle(() => reject(error)),
      };
      const giveUp = () => waiting.fail(signal?.reason);
      signal?.addEventListener("abort", giveUp, { once: true });
      this.#waiting.push(waiting);
      void this.#serve();
    });
  }

  /** One that leaves now, whatever was taken before. */
  spend(): void {
    this.#refill();
    this.#calls -= 1;
  }

  /** AWS has throttled a call. */
  throttled(): void {
    this.#refill();
    if (this.#atMs - this.#halvedAtMs < HALVED_AT_MOST_EVERY_MS) return;
    this.#halvedAtMs = this.#atMs;
    this.#perSecond = Math.max(this.#pace.perSecond * LEAST_PART, this.#perSecond / 2);
    this.#calls = Math.min(this.#calls, 0);
  }

  async #serve(): Promise<void> {
    if (this.#isServing) return;
    this.#isServing = true;
    for (let next = this.#next(); next; next = this.#next()) {
      this.#refill();
      const missing = this.#missing(next.urgency);
      if (missing > 0) await this.#clock.sleep(Math.min(LONGEST_NAP_MS, (missing / this.#perSecond) * 1_000));
      else {
        this.#calls -= 1;
        next.go();
      }
    }
    this.#isServing = false;
  }

  /** Of the most urgent the one that has waited longest. */
  #next(): Waiting | undefined {
    const nowMs = this.#clock.now();
    for (const waiting of [...this.#waiting]) {
      const { longestMs = Number.POSITIVE_INFINITY } = ORDER[waiting.urgency];
      if (nowMs - waiting.sinceMs > longestMs) waiting.fail(new NoTurn(sayNoTurn(longestMs)));
    }
    return this.#waiting.toSorted((one, other) => ORDER[one.urgency].at - ORDER[other.urgency].at)[0];
  }

  #missing(urgency: Urgency): number {
    return 1 + Math.floor(this.#pace.burst * ORDER[urgency].leaves) - this.#calls;
  }

  #refill(): void {
    const nowMs = this.#clock.now();
    const seconds = Math.max(0, nowMs - this.#atMs) / 1_000;
    this.#atMs = nowMs;
    this.#calls = Math.min(this.#pace.burst, this.#calls + seconds * this.#perSecond);
    this.#perSecond = Math.min(
      this.#pace.perSecond,
      this.#perSecond + seconds * REGAINED_A_SECOND * this.#pace.perSecond,
    );
  }
}

const sayNoTurn = (ms: number): string =>
  `TwoKey itself asks no more often, and this look did not get its turn within ${ms / 1_000} s`;
