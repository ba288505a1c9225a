import { sayDuration } from "../domain/duration.ts";
import { type Expected, expectedOf } from "../domain/plan-run/learned-times.ts";
import { onlyAdds, type Plan, type PlannedStep } from "../domain/plan-run/plan.ts";

/** How long a plan takes, and what says so: `about 8 min (estimate, no run yet)`, `6 min to 9 min (3 runs)`. */
export function expectedTime(plan: Plan): string {
  const expected = expectedOf(plan);
  return together(`${saySpan(inMinutes(expected.fromMs), inMinutes(expected.toMs))} (${behind(expected)})`);
}

/** The same in full. */
export function expectedTimeInFull(plan: Plan): string {
  const { documented, runs } = expectedOf(plan);
  const areEstimates = runs !== undefined && documented > 0;
  const rest = areEstimates ? `; ${documented} of ${plan.steps.length} steps are estimates` : "";
  return `${expectedTime(plan)}${rest}`;
}

/** Of a plan whose run has gone on for so long; by the longer time where runs have taken shorter and longer. */
export function timeLeft(plan: Plan, goneMs: number): string {
  const leftMs = expectedOf(plan).toMs - goneMs;
  return leftMs <= 0 ? "it takes longer than expected" : together(`about ${sayDuration(inMinutes(leftMs))} left`);
}

/** How long users may wait says nothing about what they do not wait for. */
export const objective = (plan: Plan): string[] => (onlyAdds(plan) ? [] : [sayDuration(plan.rtoMs)]);

function behind({ runs }: Expected): string {
  if (runs === undefined) return "estimate, no run yet";
  const { fewest, most } = runs;
  return fewest === most ? runsOf(most) : `${fewest} to ${runsOf(most)}`;
}

const runsOf = (count: number): string => (count === 1 ? "1 run" : `${count} runs`);

/** Nobody waits for less than this, and ten short times hide the long one. */
const SHOWN_FROM_MS = 10_000;

/** Behind each step of the list; undefined for one that takes seconds. */
export function stepTime({ expectedMs, learned }: PlannedStep): string | undefined {
  const { fromMs, toMs } = learned ?? { fromMs: expectedMs, toMs: expectedMs };
  if (toMs < SHOWN_FROM_MS) return undefined;
  return together(`${saySpan(fromMs, toMs)}${learned ? ` (${runsOf(learned.runs)})` : ""}`);
}

/** What the times in the list of steps mean. */
export function timesNote(plan: Plan): string {
  const spans = new Set(plan.steps.flatMap(({ learned }) => learned?.span ?? []));
  const says = [
    ...(spans.has("smallest-to-largest") ? ["Times with a number of runs: the shortest to the longest so far."] : []),
    ...(spans.has("p50-to-p90") ? ["From 20 runs on: what half of the last 20 took at most, and nine in ten."] : []),
  ];
  const rest =
    says.length === 0 ? "Times are estimates: no run has left one yet." : "Times without a number are estimates.";
  return [...says, rest, "A step without a time takes seconds."].join(" ");
}

/** A line of a phone does not end between a number and its unit. */
const together = (times: string): string =>
  times.replaceAll(/(?<=\d) (?=(?:min|s|h|d|runs?)\b)|(?<=about) /g, NO_BREAK);
const NO_BREAK = "\u00a0";

function saySpan(fromMs: number, toMs: number): string {
  const [from, to] = [sayDuration(fromMs), sayDuration(toMs)];
  return from === to ? `about ${to}` : `${from} to ${to}`;
}

/** Expectations to the second would promise too much. */
const inMinutes = (ms: number): number => (ms < 120_000 ? ms : Math.ceil(ms / 60_000) * 60_000);
