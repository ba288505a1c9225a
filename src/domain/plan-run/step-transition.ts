import { capturedWith } from "./fence.ts";
import { type RunState, stateOf, withStep } from "./run.ts";
import type { RunEntry } from "./run-entry.ts";

type StepEntry = Extract<
  RunEntry,
  { kind: "intent" | "asked" | "done" | "failed" | "undo-intent" | "undone" | "undo-failed" }
>;

export function stepApplied(run: RunState, entry: StepEntry): RunState {
  const now = { sinceMs: entry.atMs };
  switch (entry.kind) {
    case "intent": {
      const irreversible = run.plan.steps.some((step) => step.id === entry.step && step.wayBack === "irreversible");
      const before = stateOf(run, entry.step);
      const intended = withStep(run, entry.step, {
        ...now,
        state: "intended",
        attempt: entry.attempt,
        tries: before.tries + (entry.nextPart ? 0 : 1),
        startedAtMs: before.startedAtMs ?? entry.atMs,
        endedAtMs: undefined,
      });
      const captured = capturedWith(run, entry.captured);
      return { ...intended, captured, pastNoReturn: run.pastNoReturn || irreversible, intents: run.intents + 1 };
    }
    case "asked": {
      const requestIds = [...stateOf(run, entry.step).requestIds, ...entry.requestIds];
      return withStep(run, entry.step, { ...now, state: "asked", requestIds, data: entry.data });
    }
    case "done":
      return withStep(run, entry.step, {
        ...now,
        state: "done",
        output: entry.output,
        says: entry.says,
        endedAtMs: entry.atMs,
      });
    case "failed":
      return failed(run, entry);
    case "undo-intent":
      return { ...withStep(run, entry.step, { ...now, state: "undoing" }), intents: run.intents + 1 };
    case "undone": {
      const requestIds = [...stateOf(run, entry.step).requestIds, ...entry.requestIds];
      return withStep(run, entry.step, { ...now, state: "undone", says: entry.says, requestIds });
    }
    case "undo-failed":
      return {
        ...withStep(run, entry.step, { ...now, state: "undo-failed", says: entry.why }),
        state: "stuck",
        why: entry.why,
        // What people said about the step itself was not about its undo.
        votes: [],
      };
  }
}

function failed(run: RunState, entry: Extract<RunEntry, { kind: "failed" }>): RunState {
  const after = withStep(run, entry.step, {
    state: "failed",
    says: entry.why,
    // What an earlier attempt had shown is shown no longer.
    output: {},
    sinceMs: entry.atMs,
    endedAtMs: entry.atMs,
  });
  if (run.state === "unwinding") return after;
  // Who said that they did it by hand is asked again: nothing is given back behind their work.
  const ask = entry.mustAsk || run.pastNoReturn || stateOf(run, entry.step).state === "by-hand";
  return { ...after, state: ask ? "stopped" : "unwinding", why: entry.why };
}

/** Somebody did it by hand, and says what. Whether it is there is looked at, with a time of its own. */
export function takenOver(
  run: RunState,
  { step, atMs, words }: { step: string; atMs: number; words: string },
): RunState {
  return goesOn(
    withStep(run, step, { state: "by-hand", says: words, sinceMs: atMs, startedAtMs: atMs, endedAtMs: undefined }),
  );
}

/** People decide about one failed step at a time: while another one waits for them, the run waits as well. */
export function goesOn(run: RunState): RunState {
  const failed = run.plan.steps.map(({ id }) => stateOf(run, id)).find(({ state }) => state === "failed");
  if (failed) return { ...run, state: "stopped", why: failed.says, votes: [] };
  return { ...run, state: "running", why: "", votes: [] };
}

/** The way leads forward after all, so what was given back, or may have been, has to be done again. */
export function forwardAgain(run: RunState, { atMs, why }: Extract<RunEntry, { kind: "no-way-back" }>): RunState {
  const again = { state: "waiting", sinceMs: atMs, startedAtMs: undefined, endedAtMs: undefined } as const;
  const steps = run.plan.steps.reduce((now, { id }) => {
    const { state } = stateOf(now, id);
    if (state === "undo-failed") return withStep(now, id, { state: "failed" });
    const isGivenBack = state === "undoing" || state === "undone" || run.undoSkipped.includes(id);
    return isGivenBack ? withStep(now, id, again) : now;
  }, run);
  return { ...steps, state: "stopped", why, undoSkipped: [] };
}
