/** World time between two looks at an old side that is fenced: people hear within 30 s that it is not any more. */
export const GUARD_EVERY_MS = 15_000;

/** World times of the looks at old sides that are fenced, by run. */
export interface GuardTimes {
  /** Whether it is to be looked at again now; true at most once within `GUARD_EVERY_MS`. */
  readonly isDue: (run: string, nowMs: number) => boolean;
  readonly sawClosed: (run: string, atMs: number) => void;
  /** The newest look that saw it closed; undefined: this process has seen none. */
  readonly seenClosedMs: (run: string) => number | undefined;
}

/** In one process: another one that takes the run over looks once more, which does no harm. */
export function guardTimes(): GuardTimes {
  const lookedAt = new Map<string, number>();
  const closedAt = new Map<string, number>();
  return {
    isDue: (run, nowMs) => {
      const last = lookedAt.get(run);
      if (last !== undefined && nowMs >= last && nowMs - last < GUARD_EVERY_MS) return false;
      lookedAt.set(run, nowMs);
      return true;
    },
    sawClosed: (run, atMs) => void closedAt.set(run, atMs),
    seenClosedMs: (run) => closedAt.get(run),
  };
}
