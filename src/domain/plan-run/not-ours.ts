import type { RunState } from "./run.ts";

/** What stands before the first line of a journal. */
export const THE_PLAN = 0;

/** Why what the store has of a run is not what TwoKey wrote, or not all of it; undefined: it is. */
export function whyNotOurs(run: RunState): string | undefined {
  const {
    plan: { id },
    foreign: [line],
    astray: [moved],
    lost,
  } = run;
  if (line === THE_PLAN) return `the plan ${id} was not made by TwoKey: somebody else can write to Redis`;
  if (line !== undefined)
    return `line ${line} of the journal of ${id} was not written by TwoKey: somebody else can write to Redis`;
  if (moved !== undefined)
    return `line ${moved} of the journal of ${id} was written behind another line than stands before it now: ${OR_BACK}`;
  if (lost === undefined) return undefined;
  return `${lost.lines} lines of the journal of ${id} that TwoKey has seen do not stand there any more: somebody else can write to Redis, or Redis went back in time`;
}

/** Why what TwoKey wrote stands there no more, or otherwise. */
export const OR_BACK = "somebody else can write to Redis, or Redis went back in time";

/** What people do about it. */
export const FIND_OUT = "Find out who that is before you ask for a new plan.";
