import { expect, test } from "@jest/globals";
import { Bug } from "../../../src/domain/errors.ts";
import { fits, refusal } from "../../../src/domain/plan-run/decision.ts";
import { heldUpStep, type RunState, stateOf } from "../../../src/domain/plan-run/run.ts";
import type { RunEntry } from "../../../src/domain/plan-run/run-entry.ts";
import { transition } from "../../../src/domain/plan-run/run-transition.ts";
import { findPerson } from "../../../src/domain/service/inventory.ts";
import { example } from "../../harness/example.ts";
import { AT } from "../../harness/observed.ts";
import { proposed } from "../../harness/plans.ts";

const inventory = example("inventory");
const STEP = "shift-traffic";
const LATER = AT + 3_600_000;
const MINUTE = 60_000;

const apply = (run: RunState, ...entries: RunEntry[]) => entries.reduce(transition, run);
const intent = (attempt: number, atMs = AT): RunEntry => ({ kind: "intent", atMs, step: STEP, epoch: 1, attempt });
const vote = (by: string, decision: "skip" | "unwind", position: number): RunEntry => ({
  ...{ kind: "vote", atMs: LATER, by, door: "slack", decision, step: STEP, position },
});

const asked = () =>
  apply(
    proposed(inventory),
    { kind: "started", atMs: AT, keys: ["ana", "ben"] },
    { kind: "claimed", atMs: AT, epoch: 1, worker: "w1" },
    intent(1),
  );
const refused = () =>
  apply(asked(), {
    ...{ kind: "held-up", atMs: AT + 2 * MINUTE, step: STEP, epoch: 1, sinceMs: AT, why: "Throttling" },
  });

test("guard held up: its tries move no vote, its time is not the step's own, and two people may decide about it", () => {
  const run = refused();
  const tried = apply(run, intent(2), intent(3), vote("ana", "skip", run.intents), intent(4));
  const taken = apply(tried, { kind: "asked", atMs: LATER, step: STEP, epoch: 1, requestIds: ["r"], data: {} });

  expect([run.state, heldUpStep(run), tried.intents]).toEqual(["running", STEP, run.intents]);
  expect(apply(tried, vote("ben", "skip", run.intents)).steps[STEP]?.state).toBe("skipped");
  expect(stateOf(taken, STEP)).toMatchObject({ startedAtMs: LATER, heldUp: undefined });
  expect(taken.intents).toBeGreaterThan(run.intents);
});

test("nothing else can be decided about it, and about a step that nobody refuses nothing at all", () => {
  const [ana, chloe] = [findPerson(inventory, "ana"), findPerson(inventory, "chloe")];
  const [run, running] = [refused(), asked()];

  expect([fits("skip", run), fits("take-over", run), fits("unwind", run), fits("retry", run)]).toEqual([
    ...[true, true, false, false],
  ]);
  expect(() => apply(run, vote("ana", "unwind", run.intents))).toThrow(Bug);
  expect(fits("skip", running)).toBe(false);
  expect(refusal("skip", running, { person: ana, inventory })).toContain("no step of it has failed or is refused");
  expect(() => apply(running, vote("ana", "skip", running.intents))).toThrow(Bug);
  // Users are moved by it: one person cannot say that it was done.
  expect(refusal("take-over", run, { person: chloe, inventory })).toContain("for approvers");
  const taken: RunEntry = { kind: "taken-over", atMs: LATER, by: "ana", door: "slack", step: STEP, words: "done" };
  expect(() => apply(running, taken)).toThrow(Bug);
  expect(stateOf(apply(run, taken), STEP)).toMatchObject({
    state: "by-hand",
    startedAtMs: LATER,
    heldUp: { sinceMs: AT },
  });
});
