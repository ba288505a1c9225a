import { sayTime } from "../../domain/duration.ts";
import {
  isBlind,
  isKeptInSight,
  isOpenBefore,
  mayLoseOpened,
  openedSince,
} from "../../domain/plan-run/before-promotion.ts";
import { outbreakOf } from "../../domain/plan-run/comes-and-goes.ts";
import { isWatched } from "../../domain/plan-run/fence.ts";
import { lostBeforeMs } from "../../domain/plan-run/old-side-watch.ts";
import type { RunState } from "../../domain/plan-run/run.ts";
import { takenThere } from "../../domain/plan-run/taken-there.ts";

/**
 * The old side was fenced and stands open, or could not be fenced: both sides may take writes until it is closed. Or nobody can see
 * how it stands. Each reason is of one outbreak.
 */
export function oldSideReasons(run: RunState, nowMs: number): { reasons: readonly string[]; why: string } | undefined {
  // After the end date people undo by hand, which opens it on purpose.
  if (!run.pastNoReturn && nowMs >= run.untilMs) return undefined;
  const blind = unwatched(run);
  const open = openNow(run);
  const why = blind ?? open;
  if (why === undefined) return undefined;
  const reasons = [
    blind === undefined ? [] : outbreakOf(run, "old-side-blind"),
    open === undefined ? [] : outbreakOf(run, isWatched(run) ? "old-side" : "opened-before"),
  ].flat();
  return { reasons, why: `Run ${run.plan.id} (${run.plan.title}): ${why}` };
}

const openNow = (run: RunState): string | undefined => (isWatched(run) ? openAfterwards(run) : openBefore(run));

/** Nobody guards against two writers meanwhile. What was known of it before is said as well. */
function unwatched(run: RunState): string | undefined {
  const { plan, watch } = run;
  if (!watch.blind || !isBlind(run)) return undefined;
  const open = openNow(run);
  const known = open === undefined ? "" : `. ${open}`;
  const end = isKeptInSight(run) ? "" : `. Two approvers can end this watch: /dr stop-watch ${plan.id}`;
  const next = `See to it by hand that ${plan.from} takes no writes: TwoKey keeps trying to look${end}`;
  return `TwoKey cannot watch ${plan.from} since ${sayTime(watch.blind.sinceMs)}: ${watch.blind.why}. ${next}${known}`;
}

function openAfterwards(run: RunState): string | undefined {
  const { plan, watch } = run;
  const { id, from, to } = plan;
  if (watch.says === "") return undefined;
  const writes = takenThere(run);
  if (watch.lostAtMs === undefined || watch.tries > 0)
    return `${from} answers and could not be fenced: ${watch.says}. ${writes}. TwoKey tries again. Close it by hand now: /dr by-hand ${id} has the commands`;
  const since = watch.seenClosedMs === undefined ? "" : `. It was last seen closed at ${sayTime(watch.seenClosedMs)}`;
  const fromMs = lostBeforeMs(watch);
  const before =
    fromMs === undefined
      ? ""
      : `. It was opened before as well: what it took since ${sayTime(fromMs)} may not be in ${to}`;
  return `${from} was fenced and is not any more: ${watch.says}. ${writes}${since}${before}`;
}

/** Between its fence and the promotion. */
function openBefore(run: RunState): string | undefined {
  const opened = isOpenBefore(run) ? openedSince(run) : undefined;
  if (!opened) return undefined;
  const { id, from, to } = run.plan;
  const { fromMs, resources } = opened.newest;
  const what = `${from} was fenced and was seen open before the promotion (${resources.join(", ")})`;
  const lost = mayLoseOpened(run) ? `, and what it takes until it is closed may not be in ${to}` : "";
  const since = `It was last seen closed at ${sayTime(fromMs)}${lost}`;
  const byHand = `Close it by hand now: /dr by-hand ${id} has the commands`;
  const next =
    run.state === "running" ? "TwoKey fences it again first" : `${byHand}. Nothing fences it again while the run waits`;
  return `${what}. ${since}. ${next}`;
}
