import { type FenceOutput, fenceOf, handedOn, isLookedAfter, isShutOff } from "./fence.ts";
import { type RunState, type RunStateName, stateOf } from "./run.ts";

/** Of the old side between its fence and the promotion. */

/** It has an old side to be fenced, and nothing is promoted yet. */
export const isBeforePromotion = (run: RunState): boolean => !run.pastNoReturn && fenceOf(run) !== undefined;

/** The same of a move that promises to lose nothing: what was proven of the new side counts as long as the old one stays closed. */
export const isToStayFenced = (run: RunState): boolean => isBeforePromotion(run) && run.plan.dataLoss.kind === "none";

/** Unwinding opens it on purpose, and what is stuck in that is for people. */
const SIGHTED: readonly RunStateName[] = ["running", "paused", "stopped"];

/**
 * Its fence is done, and it is looked at until the plan's end date: nobody is to open it, whether the run goes on or waits for people.
 * After that date the way home by hand opens it on purpose.
 */
export function isKeptInSight(run: RunState): boolean {
  const fence = fenceOf(run);
  const isFenced = fence !== undefined && stateOf(run, fence.id).state === "done" && isShutOff(run);
  return isFenced && !run.watch.sightEnded && !run.pastNoReturn && SIGHTED.includes(run.state);
}

/** What was seen open of it since its fence; that stays known until it is fenced again. */
export const openedSince = (run: RunState): FenceOutput["opened"] => handedOn(run)?.opened;

/** World time of the look that saw it closed again after its newest opening, whichever process looked. */
export const closedAgainMs = (run: RunState): number | undefined => openedSince(run)?.newest.closedMs;

/** Somebody opened it, and nobody has seen it closed since. */
export function isOpenBefore(run: RunState): boolean {
  const opened = isKeptInSight(run) ? openedSince(run) : undefined;
  return opened !== undefined && opened.newest.closedMs === undefined;
}

/** A move that promises to lose nothing proves again all that was written. Of any other move what the old side takes now may be lost. */
export const mayLoseOpened = ({ plan }: RunState): boolean => plan.dataLoss.kind !== "none";

/** It was fenced, and has been seen open since: before the promotion or after it. */
export const isSeenOpen = (run: RunState): boolean =>
  openedSince(run) !== undefined || run.watch.lostAtMs !== undefined;

/** It is to be looked at, and TwoKey itself cannot. */
export const isBlind = (run: RunState): boolean =>
  run.watch.blind !== undefined && (isLookedAfter(run) || isKeptInSight(run));
