import { describe, expect, test } from "@jest/globals";
import {
  expectedOf,
  learnedFrom,
  likenessOf,
  MOST_RUNS,
  type StepTime,
  timeOf,
  withLearned,
  withTime,
} from "../../../src/domain/plan-run/learned-times.ts";
import { Plan, type PlannedStep, planDigest, StepRole } from "../../../src/domain/plan-run/plan.ts";
import type { RunState } from "../../../src/domain/plan-run/run.ts";
import type { RunEntry } from "../../../src/domain/plan-run/run-entry.ts";
import { transition } from "../../../src/domain/plan-run/run-transition.ts";
import { example } from "../../harness/example.ts";
import { AT } from "../../harness/observed.ts";
import { planFor, proposed } from "../../harness/plans.ts";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;

const inventory = example("inventory");
const plan = planFor(inventory);
const [first] = plan.steps;
if (!first) throw new Error("a plan has steps");

/** Of as many runs as there are times. */
const times = (...tookMs: readonly number[]): StepTime[] =>
  tookMs.map((took, at) => ({ run: `F-${at}`, step: "s", tookMs: took, atMs: AT + at }));
const minutes = (...count: readonly number[]) => times(...count.map((each) => each * MINUTE));
/** Two of each run, one for each of its stores. */
const ofTwoStores = (runs: number): StepTime[] =>
  minutes(...Array.from({ length: runs }, (_, at) => at + 1)).flatMap((time) => [time, { ...time, step: "other" }]);
/** The plan with the same times behind each of its steps. */
const learned = (of: readonly StepTime[]) =>
  withLearned(
    plan,
    plan.steps.map(() => of),
  );

describe("what is learned from times", () => {
  test("of fewer than 20 is the smallest to the largest, with the number of runs", () => {
    expect(learnedFrom(minutes(7, 3, 5))).toEqual({
      ...{ runs: 3, span: "smallest-to-largest" },
      ...{ fromMs: 3 * MINUTE, toMs: 7 * MINUTE },
    });
  });

  test("of 20 is what half and nine in ten took", () => {
    const twenty = minutes(...Array.from({ length: MOST_RUNS }, (_, at) => MOST_RUNS - at));

    expect(learnedFrom(twenty)).toEqual({
      ...{ runs: 20, span: "p50-to-p90" },
      ...{ fromMs: 10 * MINUTE, toMs: 18 * MINUTE },
    });
  });

  test.each([
    [10, "smallest-to-largest"],
    [19, "smallest-to-largest"],
    [20, "p50-to-p90"],
  ])("of %i runs of two stores each is what a card says of so many runs: %s", (runs, span) => {
    expect(learnedFrom(ofTwoStores(runs))).toMatchObject({ runs, span });
  });

  test("of none is nothing: the plan stays as it was made, with its documented times", () => {
    expect(learned([])).toEqual(plan);
    expect(expectedOf(plan)).toMatchObject({ runs: undefined, documented: plan.steps.length });
    expect(expectedOf(plan).fromMs).toBe(expectedOf(plan).toMs);
  });

  test("counts a run once, however many of its steps are alike", () => {
    const [time] = minutes(3);

    expect(
      learnedFrom([{ run: "F-1", step: "a", tookMs: 1, atMs: AT }, { ...time, run: "F-1" } as StepTime])?.runs,
    ).toBe(1);
  });

  test("is pinned: it is part of what people sign, and the plan is read back as it was", () => {
    const pinned = learned(minutes(3, 5));

    expect(planDigest(pinned)).not.toBe(planDigest(plan));
    expect(Plan.parse(JSON.parse(JSON.stringify(pinned)))).toEqual(pinned);
  });
});

describe("a deadline", () => {
  const deadlineAfter = (of: readonly StepTime[]) => learned(of).steps[0]?.deadlineMs ?? 0;

  test("is never shorter than the documented one, however fast steps were", () => {
    const short = learned(times(1, 1, 1)).steps.map(({ deadlineMs }) => deadlineMs);

    expect(short).toEqual(plan.steps.map(({ deadlineMs }) => deadlineMs));
  });

  test("is twice the longest time that was seen, where that is longer", () => {
    expect(deadlineAfter(times(first.deadlineMs - SECOND))).toBe(2 * (first.deadlineMs - SECOND));
  });

  test("is at most four times the documented one: people must look some time", () => {
    expect(deadlineAfter(times(100 * first.deadlineMs))).toBe(4 * first.deadlineMs);
  });
});

describe("the time of a plan", () => {
  test("is its longest chain, from what is fast to what is slow", () => {
    const { fromMs, toMs, runs, documented } = expectedOf(learned(minutes(1, 2)));

    expect(toMs).toBe(2 * fromMs);
    expect(runs).toEqual({ fewest: 2, most: 2 });
    expect(documented).toBe(0);
  });

  test("says how many runs are behind it, and how many steps are as documented", () => {
    const mixed = withLearned(plan, [minutes(1), minutes(1, 2, 3)]);

    expect(expectedOf(mixed)).toMatchObject({ runs: { fewest: 1, most: 3 }, documented: plan.steps.length - 2 });
  });
});

describe("times that are kept", () => {
  test("are those of the last 20 runs, however many stores each has", () => {
    const next: StepTime = { run: "F-next", step: "s", tookMs: 2 * MINUTE, atMs: AT + MINUTE };

    const kept = withTime(ofTwoStores(MOST_RUNS), next)?.times ?? [];

    expect(kept).toEqual([...ofTwoStores(MOST_RUNS).slice(2), next]);
    expect(withTime(kept, { ...next, step: "other" })?.times).toHaveLength(2 * MOST_RUNS);
  });

  test("are the last 20: the oldest goes", () => {
    const twenty = minutes(...Array.from({ length: MOST_RUNS }, () => 1));
    const next: StepTime = { run: "F-next", step: "s", tookMs: 2 * MINUTE, atMs: AT + MINUTE };

    const kept = withTime(twenty, next)?.times ?? [];

    expect(kept).toHaveLength(MOST_RUNS);
    expect(kept.at(-1)).toEqual(next);
    expect(kept[0]).toEqual(twenty[1]);
  });

  test("hold each step of a run once", () => {
    const [time] = minutes(1);

    expect(time && withTime([time], { ...time, tookMs: 2 * MINUTE })).toBeUndefined();
  });

  test("are compared by kind, by region, and by what the input says decides", () => {
    const step = { ...first, does: "settle", controlPlane: undefined, alike: "ttl-60" } as unknown as PlannedStep;

    expect(likenessOf(step, { to: "eu-central-1" })).toEqual({
      ...{ does: "settle", region: "eu-central-1", alike: "ttl-60" },
    });
  });
});

describe("the time of a step", () => {
  const role = (step: PlannedStep, as: StepRole): PlannedStep => ({ ...step, role: as });
  const at = (atMs: number) => ({ atMs, step: first.id, epoch: 1 });
  const run = (...entries: readonly RunEntry[]): RunState => {
    const begun: RunEntry[] = [
      { kind: "started", atMs: AT, keys: ["ana", "ben"] },
      { kind: "claimed", atMs: AT, epoch: 1, worker: "w1" },
    ];
    return [...begun, ...entries].reduce(transition, proposed(inventory));
  };
  const intent = (atMs: number, attempt = 1): RunEntry => ({ kind: "intent", ...at(atMs), attempt });
  const done = (atMs: number): RunEntry => ({ kind: "done", ...at(atMs), says: "ok", output: {} });
  const ended = run(intent(AT), done(AT + 90 * SECOND));

  test("is counted from its intent to its end", () => {
    expect(timeOf(ended, first, true)).toEqual({
      ...{ run: "F-1", step: first.id, tookMs: 90 * SECOND, atMs: AT + 90 * SECOND },
    });
  });

  test("is none where it was tried more than once, or has not ended", () => {
    expect(timeOf(run(intent(AT), intent(AT + SECOND, 2), done(AT + MINUTE)), first, true)).toBeUndefined();
    expect(timeOf(run(intent(AT)), first, true)).toBeUndefined();
  });

  const counts = (as: StepRole, hasAsked: boolean) => timeOf(ended, role(first, as), hasAsked) !== undefined;

  test("is none where it was found done already; what only looks or waits leaves its time all the same", () => {
    const found = StepRole.options.filter((as) => counts(as, false));

    expect(found).toEqual(["proves", "settles"]);
  });

  test("is none where people take it", () => {
    const never = StepRole.options.filter((as) => !counts(as, true));

    expect(never).toEqual(["waits-for-people"]);
  });
});
