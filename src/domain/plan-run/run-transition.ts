import { Bug } from "../errors.ts";
import { wrongIn } from "./comes-and-goes.ts";
import { endedUntaken, letGo, stillCutOff, taken } from "./cut-off.ts";
import { extended, withoutOpen } from "./extension.ts";
import { WATCHED } from "./fence.ts";
import { canBeTakenOver, heldUpStep } from "./held-up.ts";
import { outbreaksWith } from "./outbreak.ts";
import { RUN_STATES, type RunKey, type RunState, type RunStateName, WAITS_FOR_PEOPLE, withStep } from "./run.ts";
import type { RunEntry } from "./run-entry.ts";
import { forwardAgain, goesOn, stepApplied, takenOver } from "./step-transition.ts";
import { voted } from "./vote-transition.ts";
import { fencedAgain, provenAgain, seenClosed, seenOpen, sightEnded, watched } from "./watch-transition.ts";

/** The only way a run changes. An entry that does not fit the state is a Bug: nothing may be guessed from it. */
export function transition(run: RunState, entry: RunEntry): RunState {
  if (!FITS[entry.kind].includes(run.state)) {
    throw new Bug("journal-illegal-entry", `A run that is ${run.state} cannot take "${entry.kind}"`, {
      facts: { run: run.plan.id },
    });
  }
  if ("epoch" in entry && entry.kind !== "claimed" && entry.epoch !== run.epoch) {
    throw new Bug("journal-stale-epoch", `Epoch ${entry.epoch} wrote into a run of epoch ${run.epoch}`, {
      facts: { run: run.plan.id },
    });
  }
  const next = stillCutOff(run, applied(run, entry), entry);
  const length = run.length + 1;
  const stateAt = next.state === run.state ? run.stateAt : length;
  // Something may be over by the time alone.
  const before = outbreaksWith(run.outbreaks, wrongIn(run, entry.atMs), run.lastAtMs);
  const outbreaks = outbreaksWith(before, wrongIn(next, entry.atMs), entry.atMs);
  const waitedMs = run.waitedMs + waitedUntil(entry, run);
  return { ...next, length, lastAtMs: entry.atMs, stateAt, waitedMs, outbreaks };
}

const waitedUntil = ({ atMs }: RunEntry, { state, lastAtMs }: RunState): number =>
  WAITS_FOR_PEOPLE.some((each) => each === state) ? Math.max(0, atMs - lastAtMs) : 0;

/** A line that somebody else wrote says nothing of the run. That it stands there is known, and takes the run its authority (G18). */
export const notOurs = (run: RunState): RunState => ({
  ...run,
  length: run.length + 1,
  foreign: [...run.foreign, run.length + 1],
});

const LIVE: readonly RunStateName[] = ["running", "paused", "unwinding", "stopped", "stuck"];
/** A step that was under way may still report while people decide. */
const REPORTING: readonly RunStateName[] = ["running", "paused", "stopped", "unwinding"];
const FITS: Readonly<Record<RunEntry["kind"], readonly RunStateName[]>> = {
  "key-turned": ["waiting-for-keys"],
  "key-lapsed": ["waiting-for-keys"],
  refused: ["waiting-for-keys"],
  withdrawn: ["waiting-for-keys"],
  expired: ["waiting-for-keys"],
  voided: ["waiting-for-keys", "running"],
  started: ["waiting-for-keys"],
  claimed: [...LIVE, "verified"],
  intent: ["running"],
  "cut-off": REPORTING,
  "held-up": REPORTING,
  asked: REPORTING,
  done: REPORTING,
  failed: REPORTING,
  "undo-intent": ["unwinding"],
  undone: ["unwinding"],
  "undo-failed": ["unwinding"],
  "no-way-back": ["unwinding"],
  paused: ["running"],
  resumed: ["paused"],
  aborted: ["running", "paused", "stopped"],
  retried: ["stopped"],
  "taken-over": ["running", "stopped"],
  vote: ["running", "paused", "stopped", "stuck", "verified"],
  "vote-lapsed": [...LIVE, "verified"],
  extended: [...LIVE, "verified"],
  "fence-again": ["running"],
  "seen-open": REPORTING,
  "seen-closed": REPORTING,
  "sight-ended": REPORTING,
  "prove-again": ["running"],
  "watch-intent": WATCHED,
  "watch-asked": [...REPORTING, "verified"],
  "watch-failed": [...REPORTING, "verified"],
  "fenced-later": [...REPORTING, "verified"],
  "fence-lost": WATCHED,
  "watch-ended": WATCHED,
  "moved-on": WATCHED,
  "watch-blind": WATCHED,
  "watch-sees": WATCHED,
  "lines-lost": RUN_STATES,
  abandoned: ["waiting-for-keys", ...LIVE],
  finished: ["running", "unwinding"],
  superseded: WAITS_FOR_PEOPLE,
};

// oxlint-disable-next-line max-lines-per-function -- one switch over the entries of a journal
function applied(run: RunState, entry: RunEntry): RunState {
  switch (entry.kind) {
    case "key-turned":
      return { ...run, keys: [...run.keys, keyOf(entry)], keyChanges: run.keyChanges + 1 };
    case "key-lapsed":
      return { ...run, keys: run.keys.filter(({ by }) => by !== entry.by), keyChanges: run.keyChanges + 1 };
    case "refused":
      return { ...closed(run, entry.atMs, `refused by ${entry.by}`), refusal: refusalOf(entry) };
    case "withdrawn":
      return closed(run, entry.atMs, `withdrawn by ${entry.by}`);
    case "expired":
      return closed(run, entry.atMs, "not enough keys in time");
    case "voided":
      return run.state === "running"
        ? { ...run, state: "paused", voided: true, why: voidedWhy(entry) }
        : closed(run, entry.atMs, voidedWhy(entry));
    case "lines-lost":
      return { ...run, lost: { lines: entry.lines, isSaid: true } };
    case "started":
      return { ...run, state: "running", startedAtMs: entry.atMs };
    case "claimed":
      return taken(run, entry);
    case "cut-off":
      return letGo(run, entry);
    case "paused":
      return { ...run, state: "paused", why: entry.why, halted: entry.halted ?? false };
    case "resumed":
      return { ...run, state: "running", why: "" };
    case "aborted":
      if (run.pastNoReturn)
        throw new Bug("journal-abort-too-late", "A run past its point of no return cannot be aborted");
      return { ...run, state: "unwinding", why: `aborted by ${entry.by}` };
    case "vote":
      return voted(run, entry);
    case "retried":
      return goesOn(
        withStep(run, entry.step, { state: "waiting", tries: 0, sinceMs: entry.atMs, startedAtMs: undefined }),
      );
    case "taken-over":
      if (run.state === "running" && (heldUpStep(run) !== entry.step || !canBeTakenOver(run, entry.step)))
        throw new Bug("journal-illegal-entry", `Nobody can take ${entry.step} over while the run goes on`);
      return takenOver(run, entry);
    case "vote-lapsed":
      return {
        ...run,
        votes: run.votes.filter(({ by }) => by !== entry.by),
        extensions: withoutOpen(run, entry.by),
      };
    case "extended":
      return extended(run, entry);
    case "no-way-back":
      return forwardAgain(run, entry);
    case "fence-again":
      return fencedAgain(run, entry);
    case "seen-open":
      return seenOpen(run, entry);
    case "sight-ended":
      return sightEnded(run);
    case "seen-closed":
      return seenClosed(run, entry);
    case "prove-again":
      return provenAgain(run, entry);
    case "watch-intent":
    case "watch-asked":
    case "watch-failed":
    case "fenced-later":
    case "fence-lost":
    case "watch-ended":
    case "moved-on":
    case "watch-blind":
    case "watch-sees":
      return watched(run, entry);
    case "superseded":
      // The next epoch is nobody's: an executor that still waits for a step of this run finds that it was superseded.
      return {
        ...endedUntaken(run, entry.atMs),
        state: "superseded",
        epoch: run.epoch + 1,
        endedAtMs: entry.atMs,
        why: `goes on as ${entry.plan}`,
      };
    case "abandoned":
      // As above: whoever stood still with it meanwhile has to find that it was superseded.
      return { ...closed(endedUntaken(run, entry.atMs), entry.atMs, entry.why), epoch: run.epoch + 1 };
    case "finished":
      return {
        ...run,
        ...{ state: entry.state, endedAtMs: entry.atMs, why: entry.state === "unwound" ? run.why : "" },
        unseenAtEnd: entry.unseen,
      };
    case "intent":
    case "held-up":
    case "asked":
    case "done":
    case "failed":
    case "undo-intent":
    case "undone":
    case "undo-failed":
      return stepApplied(run, entry);
  }
}

const keyOf = ({ by, door, atMs, digest, accepted }: Extract<RunEntry, { kind: "key-turned" }>): RunKey => ({
  ...{ by, door, atMs, digest, accepted },
});

function voidedWhy({ because, why }: Extract<RunEntry, { kind: "voided" }>): string {
  return because === "facts" ? `facts changed: ${why.join("; ")}` : why.join("; ");
}

function closed(run: RunState, atMs: number, why: string): RunState {
  return { ...run, state: "closed", endedAtMs: atMs, why };
}

const refusalOf = ({ by, why }: { readonly by: string; readonly why?: string }) => ({
  by,
  ...(why !== undefined && { why }),
});
