import { sayDuration } from "../domain/duration.ts";
import { type Expected, expectedOf } from "../domain/plan-run/learned-times.ts";
import type { Plan, PlannedStep } from "../domain/plan-run/plan.ts";

/** How long a plan takes, and what says so: `about 8 min (documented)`, `6 min to 9 min (3 runs)`. */
export function expectedTime(plan: Plan): string {
  const expected = expectedOf(plan);
  return `${saySpan(inMinutes(expected.fromMs), inMinutes(expected.toMs))} (${behind(expected)})`;
}

/** The same in full. */
export function expectedTimeInFull(plan: Plan): string {
  const { documented, runs } = expectedOf(plan);
  if (runs === undefined) return `${expectedTime(plan)}: no run has left a time yet`;
  const rest = documented === 0 ? "" : `; ${documented} of ${plan.steps.length} steps as documented`;
  return `${expectedTime(plan)}${rest}`;
}

function behind({ runs }: Expected): string {
  if (runs === undefined) return "documented";
  const { fewest, most } = runs;
  return fewest === most ? runsOf(most) : `${fewest} to ${runsOf(most)}`;
}

const runsOf = (count: number): string => (count === 1 ? "1 run" : `${count} runs`);

/** Behind each step of the list. */
export function stepTime({ expectedMs, learned }: PlannedStep): string {
  if (!learned) return saySpan(expectedMs, expectedMs);
  return `${saySpan(learned.fromMs, learned.toMs)} (${runsOf(learned.runs)})`;
}

/** What the times in the list of steps mean. */
export function timesNote(plan: Plan): string {
  const spans = new Set(plan.steps.flatMap(({ learned }) => learned?.span ?? []));
  const says = [
    ...(spans.has("smallest-to-largest") ? ["Times with a number of runs: the shortest to the longest so far."] : []),
    ...(spans.has("p50-to-p90") ? ["From 20 runs on: what half of the last 20 took at most, and nine in ten."] : []),
  ];
  const rest = says.length === 0 ? "Times are as documented." : "Times without a number: as documented.";
  return [...says, rest].join(" ");
}

function saySpan(fromMs: number, toMs: number): string {
  const [from, to] = [sayDuration(fromMs), sayDuration(toMs)];
  return from === to ? `about ${to}` : `${from} to ${to}`;
}

/** Expectations to the second would promise too much. */
const inMinutes = (ms: number): number => (ms < 120_000 ? ms : Math.ceil(ms / 60_000) * 60_000);
