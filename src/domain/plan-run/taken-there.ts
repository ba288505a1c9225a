import { isSettled, type RunState, stateOf } from "./run.ts";

/** What becomes of the writes of an old side that takes some. Until the promotion is seen to be done the new side may still follow. */
export function takenThere(run: RunState): string {
  const { steps, pastNoReturn, to } = run.plan;
  const isPromoted = pastNoReturn || steps.some(({ id, role }) => role === "commits" && isSettled(stateOf(run, id)));
  return `What it takes now ${isPromoted ? "is not" : "may not be"} in ${to}`;
}
