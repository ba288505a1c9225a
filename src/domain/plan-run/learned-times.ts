import { z } from "zod";
import type { Learned, Plan, PlannedStep, StepRole } from "./plan.ts";
import { type RunState, stateOf } from "./run.ts";

/** Of how many of the last runs the times of a kind of step are kept, and from how many on quantiles say more than the extremes. */
export const MOST_RUNS = 20;

/** A learned deadline is so much longer than the longest time that was seen … */
const LONGEST_TIMES = 2;
/** … and at most so much longer than the documented one: people must look some time. */
const DOCUMENTED_TIMES = 4;

/** How long one step of one run took, world time. */
export const StepTime = z.strictObject({
  run: z.string(),
  step: z.string(),
  tookMs: z.number(),
  atMs: z.number(),
});
export type StepTime = z.infer<typeof StepTime>;

/** The times of one kind of step in one region, oldest first. A run of several stores leaves several. */
export const KeptTimes = z.strictObject({ times: z.array(StepTime) });
export type KeptTimes = z.infer<typeof KeptTimes>;

/** Steps that agree in all of it are compared with each other. */
export interface Likeness {
  readonly does: string;
  readonly region: string;
  readonly alike: string | undefined;
}

export function likenessOf({ does, controlPlane, alike }: PlannedStep, { to }: Pick<Plan, "to">): Likeness {
  return { does, region: controlPlane ?? to, alike };
}

/**
 * Whether a step of this role leaves a time. `asking`: where it asked for something itself, since what it found done took
 * no time. `ending`: always, since it only looks or waits. `never`: it is people who take their time.
 */
const LEARNS: Readonly<Record<StepRole, "asking" | "ending" | "never">> = {
  protects: "asking",
  commits: "asking",
  prepares: "asking",
  "moves-users": "asking",
  adds: "asking",
  proves: "ending",
  settles: "ending",
  "waits-for-people": "never",
};

/** The time that a step leaves; undefined: it says nothing about the next one. */
export function timeOf(run: RunState, step: PlannedStep, hasAsked: boolean): StepTime | undefined {
  const { state, attempt, startedAtMs, endedAtMs } = stateOf(run, step.id);
  const rule = LEARNS[step.role];
  const counts = rule === "ending" || (rule === "asking" && hasAsked);
  // A further attempt follows a fault or a decision: its time is theirs as well.
  if (!counts || state !== "done" || attempt !== 1 || startedAtMs === undefined || endedAtMs === undefined)
    return undefined;
  return { run: run.plan.id, step: step.id, tookMs: Math.round(endedAtMs - startedAtMs), atMs: endedAtMs };
}

/** With one more time; those of the oldest run go. Undefined: it is there already. */
export function withTime(times: readonly StepTime[], time: StepTime): KeptTimes | undefined {
  if (times.some(({ run, step }) => run === time.run && step === time.step)) return undefined;
  const all = [...times, time];
  const newest = runsOf(all).slice(-MOST_RUNS);
  return { times: all.filter(({ run }) => newest.includes(run)) };
}

/** In the order in which each left its first time. */
const runsOf = (times: readonly StepTime[]): string[] => [...new Set(times.map(({ run }) => run))];

/** The plan with what is known of steps like its own, in the order of its steps. It only ever lengthens a deadline. */
export function withLearned(plan: Plan, times: readonly (readonly StepTime[])[]): Plan {
  return { ...plan, steps: plan.steps.map((step, at) => stepWith(step, times[at] ?? [])) };
}

function stepWith(step: PlannedStep, times: readonly StepTime[]): PlannedStep {
  const learned = learnedFrom(times);
  if (!learned) return step;
  const longestMs = Math.max(...times.map(({ tookMs }) => tookMs));
  const learnedMs = Math.min(LONGEST_TIMES * longestMs, DOCUMENTED_TIMES * step.deadlineMs);
  return { ...step, learned, deadlineMs: Math.max(step.deadlineMs, learnedMs) };
}

export function learnedFrom(times: readonly StepTime[]): Learned | undefined {
  const took = times.map(({ tookMs }) => tookMs).sort((a, b) => a - b);
  if (took.length === 0) return undefined;
  // Runs and not times: a card names runs, and those of one run are more alike than those of two.
  const runs = runsOf(times).length;
  const isEnough = runs >= MOST_RUNS;
  return {
    runs,
    span: isEnough ? "p50-to-p90" : "smallest-to-largest",
    fromMs: quantile(took, isEnough ? 0.5 : 0),
    toMs: quantile(took, isEnough ? 0.9 : 1),
  };
}

/** The smallest value that so large a part of them does not exceed. */
function quantile(sorted: readonly number[], part: number): number {
  return sorted[Math.max(0, Math.ceil(part * sorted.length) - 1)] ?? 0;
}

/** What people should expect of a plan, world milliseconds: the longest chain of its steps. */
export interface Expected {
  readonly fromMs: number;
  readonly toMs: number;
  /** Fewest and most runs behind a step that has any; undefined: the documented times are all there is. */
  readonly runs: { readonly fewest: number; readonly most: number } | undefined;
  /** Steps of which nothing is known but the documents. */
  readonly documented: number;
}

export function expectedOf(plan: Plan): Expected {
  const learned = plan.steps.flatMap((step) => step.learned ?? []);
  const runs = learned.map((each) => each.runs);
  return {
    fromMs: chainMs(plan, (step) => step.learned?.fromMs ?? step.expectedMs),
    toMs: chainMs(plan, (step) => step.learned?.toMs ?? step.expectedMs),
    runs: runs.length === 0 ? undefined : { fewest: Math.min(...runs), most: Math.max(...runs) },
    documented: plan.steps.length - learned.length,
  };
}

function chainMs(plan: Plan, takesMs: (step: PlannedStep) => number): number {
  const endMs = new Map<string, number>();
  for (const step of plan.steps)
    endMs.set(step.id, Math.max(0, ...step.after.map((id) => endMs.get(id) ?? 0)) + takesMs(step));
  return Math.max(...endMs.values());
}
