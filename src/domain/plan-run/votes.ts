import { FEWEST_KEYS } from "./plan.ts";
import type { RunState } from "./run.ts";
import type { Vote, VoteName } from "./run-entry.ts";

/** A decision of two stays one of two where the plan itself needed no key. */
export const votesNeeded = ({ plan }: RunState): number => Math.max(FEWEST_KEYS, plan.keysRequired);

/** World time for which a vote waits for the next one: longer ago people had read something else. */
export const VOTE_COUNTS_FOR_MS = 15 * 60_000;

/** What a vote is bound to: as long as this stays, the run stands as its card showed it. */
export const positionOf = ({ watch, intents }: RunState, decision: VoteName): number =>
  decision === "stop-watch" ? watch.tries : intents;

/** Votes that count now for this decision about this step. */
export function votesFor(
  run: RunState,
  { decision, step }: Pick<Vote, "decision" | "step">,
  nowMs: number,
): readonly Vote[] {
  return run.votes.filter(
    (vote) =>
      vote.decision === decision &&
      vote.step === step &&
      vote.position === positionOf(run, decision) &&
      nowMs - vote.atMs < VOTE_COUNTS_FOR_MS,
  );
}
