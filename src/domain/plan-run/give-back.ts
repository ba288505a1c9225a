import type { PlannedStep } from "./plan.ts";
import { isOver, type RunState, stateOf, stepsNotUndone } from "./run.ts";

/** What people do by hand of a run that gives back, or that may ask for nothing more before its point of no return. */
export interface GiveBack {
  /** It may have happened: what these have done is seen first, since nothing is given back behind it. */
  readonly mayHaveHappened: readonly PlannedStep[];
  /** Newest first. */
  readonly steps: readonly PlannedStep[];
}

/**
 * World time for which the commands are shown of what people went on without. A run that is over holds its service no more: somebody may
 * close the same thing for another reason, and nothing that TwoKey sees tells the two apart.
 */
const SHOWN_WITHIN_MS = 3_600_000;

/** Undefined where a run goes forward, or has left nothing, or has left it too long ago. */
export function giveBackOf(run: RunState, nowMs: number): GiveBack | undefined {
  const steps = isWayBack(run, nowMs) ? stepsNotUndone(run) : [];
  if (steps.length === 0) return undefined;
  const irreversible = run.plan.steps.filter(({ wayBack }) => wayBack === "irreversible");
  // One that people retried waits again, and was asked for all the same; behind a run that is over another one may have promoted.
  const mayHaveHappened = irreversible.filter(({ id }) => isOver(run) || stateOf(run, id).attempt > 0);
  return { mayHaveHappened, steps };
}

function isWayBack(run: RunState, nowMs: number): boolean {
  const { plan, state, startedAtMs, endedAtMs = 0, untilMs, pastNoReturn, undoSkipped } = run;
  if (plan.pastNoReturn) return false;
  if (state === "unwinding" || state === "stuck") return true;
  if (state === "unwound") return undoSkipped.length > 0 && nowMs < endedAtMs + SHOWN_WITHIN_MS;
  return startedAtMs !== undefined && nowMs >= untilMs && !pastNoReturn && !isOver(run);
}
