import { capturedAt, endedIn } from "./fence.ts";
import { isHeldUp } from "./held-up.ts";
import { stepOf } from "./plan.ts";
import { type RunState, stateOf, withStep } from "./run.ts";
import type { RunEntry } from "./run-entry.ts";

type StepEntry = Extract<
  RunEntry,
  { kind: "intent" | "held-up" | "asked" | "done" | "failed" | "undo-intent" | "undone" | "undo-failed" }
>;

// oxlint-disable-next-line max-lines-per-function -- one switch over the entries of a step
export function stepApplied(run: RunState, entry: StepEntry): RunState {
  const now = { sinceMs: entry.atMs };
  switch (entry.kind) {
    case "intent": {
      const irreversible = run.plan.steps.some((step) => step.id === entry.step && step.wayBack === "irreversible");
      const before = stateOf(run, entry.step);
      const heldUp = isHeldUp(before) ? before.heldUp : undefined;
      const captured = capturedAt(run, entry);
      const { ended: _known, ...output } = before.output;
      const kept = entry.closed ? { ...output, ...endedIn(run, entry.step, entry.closed) } : before.output;
      const intended = withStep(run, entry.step, {
        ...now,
        ...{ state: "intended", heldUp, output: kept },
        attempt: entry.attempt,
        tries: before.tries + (entry.nextPart ? 0 : 1),
        startedAtMs: before.startedAtMs ?? entry.atMs,
        endedAtMs: undefined,
        spent: undefined,
      });
      // What people vote about stands still while the same call is refused again and again.
      const intents = run.intents + (heldUp ? 0 : 1);
      return { ...intended, captured, pastNoReturn: run.pastNoReturn || irreversible, intents };
    }
    case "held-up":
      return withStep(run, entry.step, { heldUp: { sinceMs: entry.sinceMs, why: entry.why } });
    case "asked":
      return asked(run, entry);
    case "done":
      return withStep(run, entry.step, {
        ...now,
        state: "done",
        output: { ...keptWhenDone(run, entry.step), ...entry.output },
        says: entry.says,
        endedAtMs: entry.atMs,
        spent: entry.spent,
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

/** That the old side may have been open stays known when it is fenced again, or fails. Of sessions it says itself. */
function keptWhenDone(run: RunState, step: string): Readonly<Record<string, unknown>> {
  const { unseen } = stateOf(run, step).output;
  return stepOf(run.plan, step).role === "protects" && unseen !== undefined ? { unseen } : {};
}

/** Its own time begins when the vendor takes it. */
function asked(run: RunState, { step, atMs, requestIds, data }: Extract<RunEntry, { kind: "asked" }>): RunState {
  const before = stateOf(run, step);
  const all = [...before.requestIds, ...requestIds];
  const change = { state: "asked", sinceMs: atMs, askedAtMs: atMs, requestIds: all, data, heldUp: undefined } as const;
  if (!isHeldUp(before)) return withStep(run, step, change);
  return { ...withStep(run, step, { ...change, startedAtMs: atMs }), intents: run.intents + 1 };
}

function failed(run: RunState, entry: Extract<RunEntry, { kind: "failed" }>): RunState {
  const after = withStep(run, entry.step, {
    state: "failed",
    says: entry.why,
    ways: entry.ways ?? [],
    // What an earlier attempt had shown is shown no longer. That it was refused stays: it decides what a take-over may rest on.
    output: keptWhenDone(run, entry.step),
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
  const since = { sinceMs: atMs, startedAtMs: atMs, askedAtMs: undefined, endedAtMs: undefined };
  return goesOn(withStep(run, step, { state: "by-hand", says: words, ...since }));
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
