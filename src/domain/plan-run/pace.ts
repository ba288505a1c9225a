import type { PlannedStep } from "./plan.ts";

/** When a step that has asked for something is looked at again. World milliseconds. */

/** For each call that a look makes to one API: whatever is known of it, no step asks more than twice a second. */
export const LEAST_A_CALL_MS = 500;
/** While it cannot be far yet, and where nothing is known of its end. */
export const ORDINARY_MS = 2_000;
const MOST_MS = 5_000;
/** Where its end is looked for, as parts of the times that are known: learned times are nearer to the truth. */
const AROUND = { learned: { from: 0.7, to: 1.25 }, documented: { from: 0.5, to: 2 } } as const;
/** By which part of its time a look comes late there at most: hours need no look twice a second. */
const LATE_PART = 1 / 1_000;
/** What takes longer than anybody has seen is looked at the more rarely, the longer it takes. */
const OVERDUE_PART = 1 / 100;
/** Lengthens only, so that several steps do not look in the same moment for ever. */
const JITTER = 0.2;

interface Looks {
  readonly ageMs: number;
  /** To one API. */
  readonly callsALook: number;
  /** From 0 to 1. */
  readonly chance?: number;
}

/**
 * World time until the next look at a step that was asked for `ageMs` ago: often around the end that was learned, or documented,
 * more rarely before and after.
 */
export function nextLookMs(
  { expectedMs, learned }: Pick<PlannedStep, "expectedMs" | "learned">,
  { ageMs, callsALook, chance = Math.random() }: Looks,
): number {
  const { fromMs, toMs } = learned ?? { fromMs: expectedMs, toMs: expectedMs };
  const around = learned ? AROUND.learned : AROUND.documented;
  const [beginsMs, endsMs] = [fromMs * around.from, toMs * around.to];
  return Math.max(LEAST_A_CALL_MS * callsALook, unjittered()) * (1 + JITTER * chance);

  function unjittered(): number {
    const oftenMs = Math.min(ORDINARY_MS, toMs * LATE_PART);
    if (ageMs < beginsMs) return Math.max(oftenMs, Math.min(ORDINARY_MS, beginsMs - ageMs));
    return ageMs <= endsMs ? oftenMs : Math.min(MOST_MS, Math.max(ORDINARY_MS, ageMs * OVERDUE_PART));
  }
}
