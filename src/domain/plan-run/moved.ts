import { sayTime } from "../duration.ts";
import type { FencedSide, Moved } from "../service/moved.ts";
import type { Region } from "../service/region.ts";
import { fencedAtMs, fenceSeen, isGuarded, isShutOff } from "./fence.ts";
import { lostBeforeMs } from "./old-side-watch.ts";
import { isMove } from "./plan.ts";
import { isOver, type RunState, stepsToUndo } from "./run.ts";

/**
 * What the runs of one service prove of who writes. Undefined: none of them is a move that has ended, or the newest one has not.
 * `runs`: those that anybody still looks after, whatever their order.
 */
export function movedBy(runs: readonly RunState[], nowMs: number): Moved | undefined {
  const moves = runs
    .filter(({ plan, startedAtMs }) => startedAtMs !== undefined && isMove(plan))
    .filter((run) => !isUndone(run))
    .toSorted((one, other) => one.plan.madeAtMs - other.plan.madeAtMs);
  const newest = moves.at(-1);
  if (newest?.state !== "verified") return undefined;
  const why = whyUnproven(newest, nowMs);
  if (why !== undefined) return { kind: "unproven", left: newest.plan.from, why };
  return { kind: "proven", to: newest.plan.to, fenced: fencedBy(moves, nowMs) };
}

/** It ended before it made anybody the writer, and nothing that it did is left. What another plan took over is that one's to tell. */
const isUndone = (run: RunState): boolean =>
  isOver(run) &&
  !["verified", "superseded"].includes(run.state) &&
  !run.pastNoReturn &&
  stepsToUndo(run).length + run.undoSkipped.length === 0;

/** A later move that leads to a side makes it the writer, whatever fenced it before. */
function fencedBy(moves: readonly RunState[], nowMs: number): Record<Region, FencedSide> {
  const fenced = new Map<Region, FencedSide>();
  for (const run of moves) {
    const { from, to, id } = run.plan;
    fenced.delete(to);
    const sinceMs = fencedAtMs(run);
    if (whyUnproven(run, nowMs) === undefined && sinceMs !== undefined) fenced.set(from, { run: id, sinceMs });
  }
  return Object.fromEntries(fenced);
}

/** Stricter than what a promotion may rest on: nobody signs for this, so what people only said does not count. */
function whyUnproven(run: RunState, nowMs: number): string | undefined {
  const { watch, plan } = run;
  const { from, to, id } = plan;
  const before = lostBeforeMs(watch);
  const also = before === undefined ? "" : `, and what it took since ${sayTime(before, nowMs)} may not be`;
  if (watch.lostAtMs !== undefined)
    return `${from} was fenced by ${id} and seen open at ${sayTime(watch.lostAtMs, nowMs)}: what it took then is not in ${to}${also}`;
  if (watch.state === "ended" || nowMs >= run.untilMs)
    return `TwoKey does not watch ${from} any more, which ${id} left`;
  if (!isGuarded(run)) return `${from}, which ${id} left, is not proven to be fenced`;
  if (watch.blind)
    return `${from} was fenced by ${id}, and TwoKey cannot watch it since ${sayTime(watch.blind.sinceMs, nowMs)}`;
  if (isShutOff(run) && fenceSeen(run) === "closed")
    return `${from} was closed by ${id}, and nobody saw that earlier sessions there are gone`;
  return undefined;
}
