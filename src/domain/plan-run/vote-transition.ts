import { Bug } from "../errors.ts";
import { canBeTakenOver, heldUpStep } from "./held-up.ts";
import { type RunState, withStep } from "./run.ts";
import type { RunEntry } from "./run-entry.ts";
import { goesOn, takenOver } from "./step-transition.ts";
import { votesFor, votesNeeded } from "./votes.ts";
import { watchEnded } from "./watch-transition.ts";

/** While a run goes on waiting, people decide about the step that is refused, and about nothing else. */
const isAboutARefusal = (run: RunState, { step, decision }: Extract<RunEntry, { kind: "vote" }>): boolean =>
  heldUpStep(run) === step && (decision === "skip" || (decision === "take-over" && canBeTakenOver(run, step)));

/** A decision of two: as many distinct people as the plan itself needed keys. */
export function voted(run: RunState, entry: Extract<RunEntry, { kind: "vote" }>): RunState {
  if (
    entry.decision !== "stop-watch" &&
    run.state !== "stopped" &&
    run.state !== "stuck" &&
    !isAboutARefusal(run, entry)
  )
    throw new Bug("journal-illegal-entry", `A run that is ${run.state} cannot take a vote to ${entry.decision}`);
  const { by, atMs, decision, step, position, words = "" } = entry;
  const votes = [...run.votes, { by, atMs, decision, step, position, words }];
  const counting = votesFor({ ...run, votes }, entry, atMs);
  const people = new Set(counting.map((vote) => vote.by));
  if (people.size < votesNeeded(run)) return { ...run, votes };
  const who = [...people].join(" and ");
  if (decision === "stop-watch")
    return watchEnded({ ...run, votes: votes.filter((vote) => !counting.includes(vote)) }, `stopped by ${who}`, atMs);
  if (decision === "take-over") {
    const said = [...new Set(counting.map((vote) => vote.words))].join("; ");
    return takenOver(run, { step, atMs, words: `${said} (${who})` });
  }
  if (entry.decision === "unwind") return { ...run, state: "unwinding", why: `unwound by ${who}`, votes: [] };
  const change = { state: "skipped", says: `skipped by ${who}`, sinceMs: entry.atMs, endedAtMs: entry.atMs } as const;
  const without = withStep(run, entry.step, change);
  // A stuck run goes on unwinding without the undo that failed; any other goes on running without the step.
  if (run.state !== "stuck") return goesOn(without);
  return { ...without, state: "unwinding", why: "", votes: [], undoSkipped: [...run.undoSkipped, entry.step] };
}
