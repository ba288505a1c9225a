import { describe, expect, test } from "@jest/globals";
import { restsOnSilence } from "../../../src/domain/plan-run/cut-off.ts";
import type { RunState } from "../../../src/domain/plan-run/run.ts";
import type { RunEntry } from "../../../src/domain/plan-run/run-entry.ts";
import { transition } from "../../../src/domain/plan-run/run-transition.ts";
import { example } from "../../harness/example.ts";
import { AT, homeIsDark } from "../../harness/observed.ts";
import { proposed, serviceIn } from "../../harness/plans.ts";

const inventory = example("inventory");
const at = { atMs: AT };
const of = (step: string) => ({ ...at, step, epoch: 1 });
const done = (step: string, output: Readonly<Record<string, unknown>>): RunEntry => ({
  ...{ kind: "done", ...of(step), says: "it is there", output },
});

const RUNNING: RunState = (
  [
    { kind: "started", ...at, keys: ["ana", "ben"] },
    { kind: "claimed", ...at, epoch: 1, worker: "w1" },
    { kind: "intent", ...of("fence"), attempt: 1 },
  ] satisfies readonly RunEntry[]
).reduce(transition, proposed(inventory, { observed: homeIsDark(serviceIn(inventory)) }));

describe("what a process that is cut off does not say of the world", () => {
  test.each<[string, RunEntry]>([
    ["that facts changed", { kind: "voided", ...at, because: "facts", why: ["AWS answers badly"] }],
    ["that a step failed", { kind: "failed", ...of("fence"), code: "step-deadline", why: "too late", mustAsk: true }],
    ["that a vendor refuses it", { kind: "held-up", ...of("fence"), sinceMs: AT, why: "HTTP 503" }],
    ["that the watch could not fence it", { kind: "watch-failed", ...of("fence"), why: "no answer" }],
    ["that an undo failed", { kind: "undo-failed", ...of("fence"), why: "no answer" }],
    ["that there is no way back", { kind: "no-way-back", ...at, why: "nobody can say" }],
    ["that it ended on an older proof", { kind: "finished", ...at, state: "verified", unseen: { seenClosedMs: AT } }],
    ["the fence of which people accepted that it gives no answer", done("fence", { fence: "cannot-know" })],
    ["the one that is closed as far as anybody sees", done("fence", { fence: "not-proven" })],
    ["a step that is left to people", done("forbid-deletion", { left: "switch it on" })],
    ["that it begins what has no way back", { kind: "intent", ...of("promote"), attempt: 1 }],
  ])("guard rests on silence: %s", (_what, entry) => {
    expect(restsOnSilence(RUNNING, entry)).toBe(true);
  });

  test.each<[string, RunEntry]>([
    ["the end of what the keys carry", { kind: "voided", ...at, because: "authority", why: ["they are over"] }],
    ["what it has asked for", { kind: "asked", ...of("fence"), requestIds: ["r-1"], data: {} }],
    ["what it has undone", { kind: "undone", ...of("fence"), says: "open again", requestIds: ["r-2"] }],
    ["a fence that was seen", done("fence", { fence: "fenced" })],
    ["a step that was seen to be there", done("scale-out", {})],
    ["an end on a proof of now", { kind: "finished", ...at, state: "verified" }],
    ["what can be given back", { kind: "intent", ...of("fence"), attempt: 2 }],
  ])("but %s is written: it was answered, or asks for nothing of the world", (_what, entry) => {
    expect(restsOnSilence(RUNNING, entry)).toBe(false);
  });
});

describe("a run that a process lets go of", () => {
  const claimed = ({ epoch }: RunState): RunEntry => ({ kind: "claimed", ...at, epoch: epoch + 1, worker: "w2" });
  const letGo = ({ epoch }: RunState): RunEntry => ({ kind: "cut-off", ...at, epoch, sinceMs: AT, callsAtMs: AT });
  const runAfter = (...entries: readonly ((run: RunState) => RunEntry)[]) =>
    entries.reduce((run, entry) => transition(run, entry(run)), RUNNING);

  test("has a number that is nobody's, and who takes it a higher one than ever", () => {
    expect([RUNNING, runAfter(letGo), runAfter(letGo, claimed)].map(({ epoch }) => epoch)).toEqual([1, 2, 3]);
  });

  test("counts no death of its executor, and one that is taken over counts one", () => {
    const counted = [RUNNING, runAfter(claimed), runAfter(letGo, claimed), runAfter(claimed, letGo, claimed)];

    expect(counted.map(({ takeovers }) => takeovers - RUNNING.takeovers)).toEqual([0, 1, 0, 1]);
  });
});
