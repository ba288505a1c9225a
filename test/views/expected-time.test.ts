import { expect, test } from "@jest/globals";
import { type StepTime, withLearned } from "../../src/domain/plan-run/learned-times.ts";
import { type Plan, planDigest } from "../../src/domain/plan-run/plan.ts";
import { proposedRun } from "../../src/domain/plan-run/run.ts";
import { cardText } from "../../src/views/card-text.ts";
import { planInFull } from "../../src/views/plan.ts";
import { example } from "../harness/example.ts";
import { AT } from "../harness/observed.ts";
import { planFor } from "../harness/plans.ts";

const MINUTE = 60_000;
const inventory = example("inventory");
const plan = planFor(inventory);

/** The card of a plan each step of which has that many runs behind it; `steps`: of the first ones only. */
function cardWith(runs: number, steps = plan.steps.length): string {
  const times = Array.from(
    { length: runs },
    (_, at): StepTime => ({ run: `F-${at}`, step: "s", tookMs: MINUTE + at * 1_000, atMs: AT + at }),
  );
  return cardOf(
    withLearned(
      plan,
      Array.from({ length: steps }, () => times),
    ),
  );
}

const cardOf = (each: Plan) => cardText(planInFull(proposedRun(each, planDigest(each)), inventory, { nowMs: AT }));

/** A number and its unit stay on one line of a phone. */
const withoutBreaks = (times: string): string => times.replaceAll(/(\d) (?=min|s\b|runs)/g, "$1\u00a0");

test("without any run a plan's time is the documented one, and the card says that it is an estimate", () => {
  const card = cardOf(plan);

  expect(card).toMatch(/It takes about\u00a0\d+\u00a0min \(estimate, no run yet\); the objective is/);
  expect(card).toContain("Times are estimates: no run has left one yet.");
});

test("with fewer than 20 runs it is the shortest to the longest, with how many there are", () => {
  const card = cardWith(3);

  expect(card).toMatch(/It takes \d+\u00a0min to \d+\u00a0min \(3\u00a0runs\); the objective is/);
  expect(card).toContain(withoutBreaks(" · 1 min to 1 min 2 s (3 runs)"));
  expect(card).toContain("the shortest to the longest so far");
});

test("with 20 runs it is what half of them took, to nine in ten", () => {
  const card = cardWith(20);

  expect(card).toContain(withoutBreaks(" · 1 min 9 s to 1 min 17 s (20 runs)"));
  expect(card).toContain("what half of the last 20 took at most, and nine in ten");
  expect(card).not.toContain("the shortest to the longest so far");
});

test("steps that no run has done are counted as estimates", () => {
  expect(cardWith(1, 2)).toContain(
    `(1\u00a0run); ${plan.steps.length - 2} of ${plan.steps.length} steps are estimates`,
  );
});

test("a step that takes seconds shows no time, so that the long ones are seen", () => {
  const lines = cardOf(plan).split("\n");

  expect(lines).toContainEqual(expect.stringMatching(/^2a\. Write down how far .*(?<!min)$/));
  expect(lines).toContainEqual(expect.stringMatching(/point of no return · about\u00a05\u00a0min$/));
  expect(lines).toContainEqual(expect.stringContaining("A step without a time takes seconds."));
});

test("steps that run at the same time have one number and a letter each", () => {
  const lines = cardOf(plan).split("\n");

  expect(lines).toContainEqual(expect.stringMatching(/^2b\. Scale inventory-service/));
  expect(lines).toContainEqual(expect.stringMatching(/^2a\. Write down how far/));
  expect(lines).toContainEqual(expect.stringContaining("Steps of one number run side by side"));
});
