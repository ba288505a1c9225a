import { expect, test } from "@jest/globals";
import { Bug } from "../../../src/domain/errors.ts";
import { fits, refusal } from "../../../src/domain/plan-run/decision.ts";
import { heldUpStep } from "../../../src/domain/plan-run/held-up.ts";
import { stepOf } from "../../../src/domain/plan-run/plan.ts";
import { type RunState, stateOf } from "../../../src/domain/plan-run/run.ts";
import type { RunEntry } from "../../../src/domain/plan-run/run-entry.ts";
import { transition } from "../../../src/domain/plan-run/run-transition.ts";
import { findPerson } from "../../../src/domain/service/inventory.ts";
import { whoIsNeeded } from "../../../src/flows/reach/run-needs.ts";
import { cardText } from "../../../src/views/card-text.ts";
import { progressCard } from "../../../src/views/run-progress.ts";
import { example } from "../../harness/example.ts";
import { AT } from "../../harness/observed.ts";
import { proposed } from "../../harness/plans.ts";

const inventory = example("inventory");
const STEP = "shift-traffic";
const LATER = AT + 3_600_000;
const MINUTE = 60_000;

/** Held up likewise, and seen in Route 53 alone. */
const HIDDEN = "point-application";

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

test("guard no other way: what is seen only where it is refused is not taken over, by nobody and by no vote, and may be skipped", () => {
  const person = findPerson(inventory, "ana");
  const run = apply(
    proposed(inventory),
    { kind: "started", atMs: AT, keys: ["ana", "ben"] },
    { kind: "claimed", atMs: AT, epoch: 1, worker: "w1" },
    { kind: "intent", atMs: AT, step: HIDDEN, epoch: 1, attempt: 1 },
    { kind: "held-up", atMs: AT, step: HIDDEN, epoch: 1, sinceMs: AT, why: "Throttling" },
  );
  const card = cardText(progressCard(run, inventory, { nowMs: LATER }));

  expect([fits("take-over", run), fits("skip", run)]).toEqual([false, true]);
  expect(refusal("take-over", run, { person, inventory })).toMatch(/only where it is refused.*\/dr skip/);
  const by = { atMs: LATER, by: "ben", door: "slack", step: HIDDEN } as const;
  expect(() => apply(run, { kind: "taken-over", ...by, words: "done" })).toThrow(Bug);
  expect(() => apply(run, { kind: "vote", ...by, decision: "take-over", position: run.intents })).toThrow(Bug);
  expect(card).not.toContain("/dr take-over");
  expect(card).toMatch(/No other way.*goes on by itself/);
  // Where it has failed it is looked at where it stands, as people have written it by then.
  const failed = apply(run, {
    ...{ kind: "failed", atMs: LATER, step: HIDDEN, epoch: 1, code: "records-drifted", why: "x", mustAsk: true },
  });
  expect(fits("take-over", failed)).toBe(true);
});

test("of several steps that are refused people decide about the first, and are told of all", () => {
  const begun = (step: string): RunEntry[] => [
    { kind: "intent", atMs: AT, step, epoch: 1, attempt: 1 },
    { kind: "held-up", atMs: AT, step, epoch: 1, sinceMs: AT, why: "Throttling" },
  ];
  const run = apply(
    proposed(inventory),
    { kind: "started", atMs: AT, keys: ["ana", "ben"] },
    { kind: "claimed", atMs: AT, epoch: 1, worker: "w1" },
    ...begun(STEP),
    ...begun(HIDDEN),
  );
  const other = stepOf(run.plan, STEP).title;

  expect([heldUpStep(run), fits("take-over", run)]).toEqual([HIDDEN, false]);
  expect(cardText(progressCard(run, inventory, { nowMs: LATER }))).toContain(`Refused as well: ${other}.`);
  expect(whoIsNeeded(run, inventory, LATER)?.why).toContain(`Refused as well: “${other}”.`);
});

test("that it was refused stays known after it failed, for who takes it over then; another try of it is not refused", () => {
  const failed = apply(refused(), {
    ...{ kind: "failed", atMs: LATER, step: STEP, epoch: 1, code: "aws-denied", why: "denied", mustAsk: true },
  });
  const taken: RunEntry = { kind: "taken-over", atMs: LATER, by: "ana", door: "slack", step: STEP, words: "done" };
  const retried: RunEntry = { kind: "retried", atMs: LATER, by: "ana", door: "slack", step: STEP };

  expect([failed.state, heldUpStep(failed)]).toEqual(["stopped", undefined]);
  expect(stateOf(apply(failed, taken), STEP)).toMatchObject({ state: "by-hand", heldUp: { sinceMs: AT } });
  const again = apply(failed, retried, intent(2, LATER));
  expect([heldUpStep(again), stateOf(again, STEP).heldUp]).toEqual([undefined, undefined]);
});
