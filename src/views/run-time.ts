import { sayDuration } from "../domain/duration.ts";
import { fenceOf, isShutOff } from "../domain/plan-run/fence.ts";
import { isServing, onlyAdds, type StepRole } from "../domain/plan-run/plan.ts";
import { isOver, isSettled, type RunState, stateOf } from "../domain/plan-run/run.ts";
import { timeLeft } from "./expected-time.ts";
import { settledOf } from "./run-steps.ts";

interface TimeContext {
  readonly nowMs: number;
  /** Since when users are without the service, as the incident says; absent: nobody said so. */
  readonly downSinceMs?: number | undefined;
  /** The runs whose rest this one does, oldest first. */
  readonly before?: readonly RunState[] | undefined;
}

/** Users count from the outage of an unplanned move, and not from the last key. */
export function timeLine(run: RunState, { nowMs, downSinceMs, before = [] }: TimeContext): string {
  const { plan, startedAtMs = nowMs, endedAtMs = nowMs } = run;
  const done = `${settledOf(run)} after ${sayDuration(endedAtMs - startedAtMs)}`;
  // How long users may wait says nothing about what they do not wait for.
  if (onlyAdds(plan)) return `${done}.`;
  const objective = sayDuration(plan.rtoMs);
  const down = [...before, run].some(haveUsersMoved) || isOver(run) ? undefined : sayDown(run, downSinceMs, nowMs);
  if (down === undefined) return `${done}; the objective is ${objective}.`;
  // While people decide nobody can say how long it takes.
  const left = run.state === "running" ? `; ${timeLeft(plan, nowMs - startedAtMs)}` : "";
  return `${done}. ${down} (objective ${objective})${left}.`;
}

/** By a record that the run wrote, or by people who change it. */
const MOVES: readonly StepRole[] = ["moves-users", "waits-for-people"];
const haveUsersMoved = (run: RunState): boolean =>
  run.plan.steps.some(({ id, role }) => MOVES.includes(role) && isSettled(stateOf(run, id)));

function sayDown(run: RunState, outageMs: number | undefined, nowMs: number): string | undefined {
  const { from } = run.plan;
  if (!isServing(run.plan) && outageMs !== undefined)
    return `Users are still down, for ${sayDuration(nowMs - outageMs)}`;
  const fence = fenceOf(run);
  const isBack = fence !== undefined && stateOf(run, fence.id).state === "undone";
  return isShutOff(run) && !isBack ? `Users are down since ${from} was fenced` : undefined;
}
