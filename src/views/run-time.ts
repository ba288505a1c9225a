import { sayDuration } from "../domain/duration.ts";
import { isSeenOpen } from "../domain/plan-run/before-promotion.ts";
import { fenceOf, isShutOff } from "../domain/plan-run/fence.ts";
import { onlyAdds } from "../domain/plan-run/plan.ts";
import { isOver, isSettled, type RunState, stateOf } from "../domain/plan-run/run.ts";
import { isServing, MOVES_USERS } from "../domain/plan-run/users.ts";
import { timeLeft } from "./expected-time.ts";
import { settledOf } from "./run-steps.ts";

export interface TimeContext {
  readonly nowMs: number;
  /** Since when users are without the service, as the incident says; absent: nobody said so. */
  readonly downSinceMs?: number | undefined;
  /** The runs whose rest this one does, oldest first. */
  readonly before?: readonly RunState[] | undefined;
}

/** Users count from the outage of an unplanned move, and not from the last key. */
export function timeLine(run: RunState, context: TimeContext): string {
  const { nowMs } = context;
  const { plan, startedAtMs = nowMs, endedAtMs = nowMs } = run;
  const done = `${settledOf(run)} after ${sayDuration(endedAtMs - startedAtMs)}`;
  // How long users may wait says nothing about what they do not wait for.
  if (onlyAdds(plan)) return `${done}.`;
  const objective = sayDuration(plan.rtoMs);
  const down = isOver(run) ? undefined : sayDown(run, context);
  if (down === undefined) return `${done}; the objective is ${objective}.`;
  // While people decide nobody can say how long it takes.
  const left = run.state === "running" ? `; ${timeLeft(plan, nowMs - startedAtMs - run.waitedMs)}` : "";
  return `${done}. ${down} (objective ${objective})${left}.`;
}

function sayDown(run: RunState, context: TimeContext): string | undefined {
  const sinceMs = downSinceMs(run, context);
  if (sinceMs !== undefined) return `Users are still down, for ${sayDuration(context.nowMs - sinceMs)}`;
  const fence = fenceOf(run);
  const isBack = fence !== undefined && stateOf(run, fence.id).state === "undone";
  const isShut = isShutOff(run) && !isBack && !isSeenOpen(run) && !haveMoved(run, context);
  return isShut ? `Users are down since ${run.plan.from} was fenced` : undefined;
}

/**
 * World time since which users of a move are without the service: from the outage on, unless they were served when the move began, or
 * are on the new side already.
 */
export function downSinceMs(run: RunState, context: TimeContext): number | undefined {
  const wereServed = [...(context.before ?? []), run].some(({ plan }) => isServing(plan));
  return wereServed || haveMoved(run, context) ? undefined : context.downSinceMs;
}

/** By a record that a run wrote, or by people who change it. */
const haveMoved = (run: RunState, { before = [] }: TimeContext): boolean =>
  [...before, run].some((each) =>
    each.plan.steps.some(({ id, role }) => MOVES_USERS.includes(role) && isSettled(stateOf(each, id))),
  );
