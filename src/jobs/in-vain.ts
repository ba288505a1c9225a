import { chainOf } from "../domain/errors.ts";
import type { Clock } from "../ports/clock.ts";
import type { Logger } from "../ports/logger.ts";

/**
 * What fails again and again is neither repeated at full pace nor in silence (G22): people are told once, it goes on with
 * growing pauses, and what stands beside it goes on as if nothing were.
 */
const MOST_TRIES = 5;
/** Machine times. */
const FIRST_PAUSE_MS = 2_000;
const LONGEST_PAUSE_MS = 60_000;

export interface InVainDeps {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Says it in the alerts channel. */
  announce(says: string): Promise<void>;
}

/** Of this process: what failed in a row. `what` names it for people. Nothing here rejects. */
export interface InVain {
  /** Does it, unless it failed too often and its pause is not over yet. */
  attempt(what: string, work: () => Promise<void>): Promise<void>;
  failed(what: string, error: unknown): Promise<void>;
  succeeded(what: string): void;
}

interface Failures {
  readonly count: number;
  readonly isTold: boolean;
  /** World time. */
  readonly againAtMs: number;
}

export function createInVain({ clock, logger, announce }: InVainDeps): InVain {
  const failures = new Map<string, Failures>();

  async function failed(what: string, error: unknown): Promise<void> {
    const before = failures.get(what);
    const count = (before?.count ?? 0) + 1;
    const why = chainOf(error);
    logger.error({ what, why, count }, "Something failed and is tried again; everything else goes on");
    const pauseMs = count < MOST_TRIES ? 0 : Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (count - MOST_TRIES));
    const next = { count, isTold: before?.isTold ?? false, againAtMs: clock.now() + pauseMs * clock.speed };
    failures.set(what, next);
    if (count < MOST_TRIES || next.isTold) return;
    // Whoever comes meanwhile finds it told.
    failures.set(what, { ...next, isTold: true });
    await announce(sayInVain(what, why)).catch((unsaid: unknown) => {
      logger.warn({ what, why: chainOf(unsaid) }, "It could not be said that something fails");
      const current = failures.get(what);
      if (current) failures.set(what, { ...current, isTold: false });
    });
  }

  return {
    failed,
    succeeded: (what) => void failures.delete(what),
    async attempt(what, work) {
      if (clock.now() < (failures.get(what)?.againAtMs ?? 0)) return;
      try {
        await work();
        failures.delete(what);
      } catch (error) {
        await failed(what, error);
      }
    },
  };
}

const sayInVain = (what: string, why: string): string =>
  `TwoKey fails at this again and again: ${what}. ${why.replace(/\.$/, "")}. It is tried again with growing pauses, and everything else goes on.`;
