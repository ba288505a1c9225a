import type { Clock } from "../../ports/clock.ts";

/** World time between two looks at an old side that is fenced: people hear within 30 s that it is not any more. */
export const GUARD_EVERY_MS = 15_000;

/** World time for which nobody can see whether such a side is closed, before people hear that nobody watches it. */
export const UNSEEN_MS = 5 * 60_000;

/**
 * For which a proof that the old side is fenced lets a call leave that has no way back: as long as such a side goes unseen at most,
 * so that the call rests on nothing older than the next look would. An attempt takes 2 s where AWS is well; one that takes longer, by
 * a slow look or by throttling, is begun again. Machine time besides: a fast clock makes no call faster.
 */
const PROOF_COUNTS_FOR = { worldMs: GUARD_EVERY_MS, machineMs: 2_000 };

export const proofCountsForMs = ({ speed }: Pick<Clock, "speed">): number =>
  Math.max(PROOF_COUNTS_FOR.worldMs, PROOF_COUNTS_FOR.machineMs * speed);

/** World times of the looks at old sides that are fenced, by run. */
export interface GuardTimes {
  /** Whether it is to be looked at again now; true at most once within `GUARD_EVERY_MS`. */
  readonly isDue: (run: string, nowMs: number) => boolean;
  readonly sawClosed: (run: string, atMs: number) => void;
  /** The newest look that saw it closed; undefined: this process has seen none. */
  readonly seenClosedMs: (run: string) => number | undefined;
  /** All that can be asked has been, and nothing spoke against it: what people accepted as silent may have been silent. */
  readonly proved: (run: string, atMs: number) => void;
  readonly provedMs: (run: string) => number | undefined;
  /** Another look has not seen whether it is closed: for how long none has. */
  readonly missed: (run: string, nowMs: number) => number;
  readonly saw: (run: string) => void;
}

/** In one process: another one that takes the run over looks once more, which does no harm. */
export function guardTimes(): GuardTimes {
  const lookedAt = new Map<string, number>();
  const closedAt = new Map<string, number>();
  const provedAt = new Map<string, number>();
  const unseenSince = new Map<string, number>();
  return {
    isDue: (run, nowMs) => {
      const last = lookedAt.get(run);
      if (last !== undefined && nowMs >= last && nowMs - last < GUARD_EVERY_MS) return false;
      lookedAt.set(run, nowMs);
      return true;
    },
    sawClosed: (run, atMs) => void closedAt.set(run, atMs),
    seenClosedMs: (run) => closedAt.get(run),
    proved: (run, atMs) => void provedAt.set(run, atMs),
    provedMs: (run) => provedAt.get(run),
    missed: (run, nowMs) => {
      const sinceMs = unseenSince.get(run) ?? nowMs;
      unseenSince.set(run, sinceMs);
      return nowMs - sinceMs;
    },
    saw: (run) => void unseenSince.delete(run),
  };
}
