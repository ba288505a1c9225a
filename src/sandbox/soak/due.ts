import { ASKED_BEFORE_MS } from "../../domain/plan-run/extension.ts";
import type { RunState } from "../../domain/plan-run/run.ts";
import type { Wait } from "../../domain/plan-run/wait.ts";
import { isLookedAt, nextTryMs } from "../../engine/runs/watch-due.ts";

const NEVER = Number.POSITIVE_INFINITY;

/**
 * When the bot owes something of an old side that it looks at, world time: the next try to fence it, the question whether to go on,
 * the end. Its looks, one every 15 s, are no reason to stop at: they find nothing while nobody touches that side.
 */
export function dueInRun(run: RunState, nowMs: number): number {
  if (!isLookedAt(run)) return NEVER;
  const ahead = [nextTryMs(run) ?? NEVER, run.untilMs - ASKED_BEFORE_MS].filter((atMs) => atMs > nowMs);
  return Math.min(...ahead, run.untilMs);
}

/** Its end date has come, and it is still looked at. */
export const isOverdue = (run: RunState, nowMs: number): boolean => isLookedAt(run) && run.untilMs <= nowMs;

/** What has to be told is due at once. */
export function dueInWait({ state, untilMs, isTold }: Wait): number {
  if (!isTold) return 0;
  return state === "standing" ? untilMs : NEVER;
}
