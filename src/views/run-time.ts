import { sayDuration } from "../domain/duration.ts";
import { fenceOf, isShutOff } from "../domain/plan-run/fence.ts";
import { onlyAdds } from "../domain/plan-run/plan.ts";
import { isOver, isSettled, type RunState, stateOf } from "../domain/plan-run/run.ts";
import { timeLeft } from "./expected-time.ts";
import type { PlanContext } from "./plan.ts";
import { settledOf } from "./run-steps.ts";

/**
 * Since when users are without the service, until the first step that moves them has: from the outage of an unplanned move, and not
 * from the last key; else from when the old side was shut, of a planned move too.
 */
function usersDownSince(run: RunState, outageMs: number | undefined): number | undefined {
  const { steps, mode } = run.plan;
  if (isOver(run) || steps.some(({ id, role }) => role === "moves-users" && isSettled(stateOf(run, id))))
    return undefined;
  const fence = fenceOf(run);
  const shut = fence && stateOf(run, fence.id);
  const shutMs = shut?.state === "undone" || !isShutOff(run) ? undefined : shut?.startedAtMs;
  return (mode === "unplanned" ? outageMs : undefined) ?? shutMs;
}

/** How far it is, and how long users have been waiting. */
export function timeLine(run: RunState, context: PlanContext): string {
  const { nowMs } = context;
  const { plan, startedAtMs = nowMs, endedAtMs = nowMs } = run;
  const done = `${settledOf(run)} after ${sayDuration(endedAtMs - startedAtMs)}`;
  // How long users may wait says nothing about what they do not wait for.
  if (onlyAdds(plan)) return `${done}.`;
  const objective = sayDuration(plan.rtoMs);
  const downSinceMs = usersDownSince(run, context.downSinceMs);
  if (downSinceMs === undefined) return `${done}; the objective is ${objective}.`;
  // While people decide nobody can say how long it takes.
  const left = run.state === "running" ? `; ${timeLeft(plan, nowMs - startedAtMs)}` : "";
  return `${done}. Users are still down, for ${sayDuration(nowMs - downSinceMs)} (objective ${objective})${left}.`;
}
