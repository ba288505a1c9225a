import { isMove } from "./plan.ts";
import { type RunState, stepsToUndo } from "./run.ts";

/**
 * Moves of the same service that began after this run, and of which something is left, the oldest first. What became of its new
 * side since then is our own doing. Of a run whose rest another one took over, that one tells.
 */
export function laterMovesOf(run: RunState, others: readonly RunState[]): readonly RunState[] {
  const { service, id } = run.plan;
  return others
    .filter(({ plan }) => plan.id !== id && plan.service === service && isMove(plan))
    .filter((other) => began(other) > began(run) && other.state !== "superseded" && hasEffect(other))
    .toSorted((one, other) => began(one) - began(other));
}

const began = ({ startedAtMs }: RunState): number => startedAtMs ?? Number.NEGATIVE_INFINITY;

/** A run that unwound past its point of no return was seen to have promoted nothing. */
function hasEffect(run: RunState): boolean {
  const isLeft = stepsToUndo(run).length + run.undoSkipped.length > 0;
  return isLeft || (run.pastNoReturn && run.state !== "unwound");
}
