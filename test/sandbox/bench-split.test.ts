import { expect, test } from "@jest/globals";
import { type RunState, withStep } from "../../src/domain/plan-run/run.ts";
import { splitOf, stepTimes } from "../../src/sandbox/bench/split.ts";
import { example } from "../harness/example.ts";
import { proposed } from "../harness/plans.ts";

const START = 1_000_000;
const NO_TIME = { askedMs: 0, lookedMs: 0, waitedMs: 0, lastWaitMs: 0, lastLookMs: 0, looks: 1 };

/**
 * promote (100 s) ─ lead (40 s) ─ settle (60 s): the longest way; scale (20 s) runs beside the promotion and nobody waits for it.
 * Begun 3 s after the start, 1 s between two steps, and 2 s from the last step to the end.
 */
function run(): RunState {
  const before = proposed(example("inventory"));
  const [like] = before.plan.steps;
  if (!like) throw new Error("a plan has steps");
  const step = (id: string, role: typeof like.role, after: string[]) => ({ ...like, id, role, after });
  const steps = [
    step("promote", "commits", []),
    step("scale", "prepares", []),
    step("lead", "moves-users", ["promote", "scale"]),
    step("settle", "settles", ["lead"]),
  ];
  const times = [
    [
      "promote",
      3,
      103,
      { askedMs: 2_000, lookedMs: 10_000, lastLookMs: 500, waitedMs: 86_000, lastWaitMs: 2_000, looks: 50 },
    ],
    ["scale", 3, 23, NO_TIME],
    [
      "lead",
      104,
      144,
      { askedMs: 4_000, lookedMs: 1_000, lastLookMs: 100, waitedMs: 34_000, lastWaitMs: 500, looks: 9 },
    ],
    ["settle", 145, 205, { ...NO_TIME, waitedMs: 60_000, lastWaitMs: 60_000 }],
  ] as const;
  const bare: RunState = {
    ...{ ...before, plan: { ...before.plan, steps }, steps: {} },
    ...{ startedAtMs: START, endedAtMs: START + 207_000 },
  };
  return times.reduce(
    (now, [id, fromS, toS, spent]) =>
      withStep(now, id, { state: "done", startedAtMs: START + fromS * 1_000, endedAtMs: START + toS * 1_000, spent }),
    bare,
  );
}

test("the way that took longest is walked back from the last step, and what ran beside it is left out", () => {
  expect(stepTimes(run()).map(({ step, tookMs }) => [step, tookMs])).toEqual([
    ["promote", 103_000],
    ["lead", 41_000],
    ["settle", 61_000],
  ]);
});

test("a failover loses half of the wait in which each step ended, its calls with the last look, and what the engine takes", () => {
  expect(splitOf(run())).toEqual({
    polls: 1_000 + 250,
    calls: 2_000 + 500 + 4_000 + 100,
    engine: 5_000 + 2_000 + 1_000 + 2_000,
  });
});
