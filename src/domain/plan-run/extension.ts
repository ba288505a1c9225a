import type { Extension, RunState } from "./run.ts";
import type { RunEntry } from "./run-entry.ts";
import { VOTE_COUNTS_FOR_MS, votesNeeded } from "./votes.ts";

/**
 * A run acts until its plan's end date and not a moment longer. As many people as the plan needed keys may move that date
 * before it has come. Each signs for the date that they read and for the new one.
 */

/** World time before the end date from which people are asked. */
export const ASKED_BEFORE_MS = 30 * 60_000;

/** Each time as long as the plan itself was made for. */
export const extendedUntil = ({ plan, untilMs }: RunState): number => untilMs + plan.authorisesUntilMs - plan.madeAtMs;

export const endsSoon = ({ untilMs }: RunState, nowMs: number): boolean =>
  nowMs >= untilMs - ASKED_BEFORE_MS && nowMs < untilMs;

/** What was said for moving the date that stands. */
export const openExtensions = ({ extensions, untilMs }: RunState): readonly Extension[] =>
  extensions.filter(({ fromMs }) => fromMs === untilMs);

/** People whose word counts now for moving the date that stands. */
export function extendedBy(run: RunState, nowMs: number): readonly string[] {
  const { untilMs, plan } = run;
  const counting = openExtensions(run).filter(({ atMs }) => nowMs - atMs < VOTE_COUNTS_FOR_MS && atMs < untilMs);
  return [...new Set(counting.map(({ by }) => by))].filter((by) => by !== plan.requester);
}

/** Somebody who said so may not say it any more. What has moved the date already stays. */
export const withoutOpen = (run: RunState, by: string): readonly Extension[] => {
  const open = openExtensions(run);
  return run.extensions.filter((said) => said.by !== by || !open.includes(said));
};

/** The last word that is needed moves the date. */
export function extended(run: RunState, entry: Extract<RunEntry, { kind: "extended" }>): RunState {
  const { by, door, atMs, fromMs, untilMs } = entry;
  const said = { ...run, extensions: [...run.extensions, { by, door, atMs, fromMs, untilMs }] };
  const isEnough = extendedBy(said, atMs).length >= votesNeeded(run);
  return isEnough ? { ...said, untilMs: extendedUntil(run) } : said;
}
