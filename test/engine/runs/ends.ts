import { expect } from "@jest/globals";
import { leftOf, leftToPeople } from "../../../src/domain/plan-run/left-to-people.ts";
import type { PlannedStep } from "../../../src/domain/plan-run/plan.ts";
import { type RunState, stateOf } from "../../../src/domain/plan-run/run.ts";
import { type Call, callsOfDone, effectsOf, namesOf } from "../../harness/calls.ts";
import { mutationsOf, verdictOf } from "../../harness/failover-runs.ts";
import type { FailoverWorld } from "../../harness/failover-world.ts";
import { standingOf } from "../../harness/standing.ts";
import { repeatedIn } from "../../harness/undisturbed.ts";
import { commitsOf, denialsOf } from "../../harness/way-back.ts";

/** Ways in which a run of the tables may end, each with all that has to be true of the world then. */

/** It cannot be undone, or comes after a step that cannot. */
export function isPast(steps: readonly PlannedStep[], id: string): boolean {
  const step = steps.find((each) => each.id === id);
  if (!step) return false;
  return step.wayBack === "irreversible" || step.after.some((before) => isPast(steps, before));
}

/** Steps that wait for this one, directly or not. */
function stepsAfter(steps: readonly PlannedStep[], id: string): PlannedStep[] {
  const next = steps.filter(({ after }) => after.includes(id));
  return [...next, ...next.flatMap((step) => stepsAfter(steps, step.id))];
}

type Standing = Awaited<ReturnType<typeof standingOf>>;

/** Nothing irreversible happened, everything stands as it stood, and the service is free. */
export async function expectGivenBack(at: FailoverWorld, run: RunState, before: Standing): Promise<void> {
  expect(run.state).toBe("unwound");
  at.whole.world.faults.clear();
  expect(await standingOf(at)).toEqual(before);
  const commits = commitsOf(run).flatMap(({ id }) => denialsOf(run, id).map(({ operation }) => operation));
  expect(
    effectsOf(at).filter(({ region, operation }) => region === run.plan.to && commits.includes(operation)),
  ).toEqual([]);
  expect(await at.memory.runs.holderOf(at.service.name)).toBeUndefined();
}

interface Stopped {
  readonly step: string;
  readonly calls: readonly Call[];
}

/** Past the point of no return: nothing is undone, what rests on the failed step has not begun, and the service stays held. */
export async function expectStopped(at: FailoverWorld, run: RunState, { step, calls }: Stopped): Promise<void> {
  expect(run).toMatchObject({ state: "stopped", pastNoReturn: true });
  const states = run.plan.steps.map(({ id }) => [id, stateOf(run, id).state] as const);
  expect(states.filter(([, state]) => state === "failed")).toEqual([[step, "failed"]]);
  const later = new Set(stepsAfter(run.plan.steps, step).map(({ id }) => id));
  expect(states.filter(([id, state]) => later.has(id) && state !== "waiting")).toEqual([]);
  expect(await at.memory.runs.holderOf(at.service.name)).toBe("F-1");
  const done = namesOf(callsOfDone(calls, run));
  const own = namesOf(calls.filter((call) => call.step === step));
  expect(without(namesOf(effectsOf(at)), [...done, ...own])).toEqual([]);
  expect(without(done, namesOf(effectsOf(at)))).toEqual([]);
}

/** Nothing waits for it and it could not do its work: the run is verified without it, and says what people do. */
export async function expectLeftToPeople(at: FailoverWorld, run: RunState, { step, calls }: Stopped): Promise<void> {
  const left = leftOf(run, step);
  expect(left).toContain("aws rds modify-db-instance");
  expect(leftToPeople(run)).toContain(left);
  const others = calls.filter((call) => call.step !== step && call.isFollowed !== true);
  await expectVerified(at, run, namesOf(others));
}

/** What is left of `all` when each of `others` is taken out once. */
const without = (all: readonly string[], others: readonly string[]): string[] =>
  others.reduce<string[]>(
    (left, each) => (left.includes(each) ? left.toSpliced(left.indexOf(each), 1) : left),
    [...all],
  );

/** Everything was done, each once, and never did both sides take writes. */
export async function expectVerified(at: FailoverWorld, run: RunState, effects: readonly string[]): Promise<void> {
  expect([run.state, run.why]).toEqual(["verified", ""]);
  expect(namesOf(effectsOf(at))).toEqual(effects);
  expect(repeatedIn(mutationsOf(at))).toEqual([]);
  expect((await verdictOf(at)).splitBrain).toEqual([]);
}
