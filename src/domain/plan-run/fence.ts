import { z } from "zod";
import type { PlannedStep } from "./plan.ts";
import { isSettled, type RunState, type RunStateName, stateOf } from "./run.ts";
import { Captured } from "./run-entry.ts";

/** What a step that protects hands on: whether a failing write proves that the old side no longer writes. */
const FenceProof = z.enum(["fenced", "cannot-know", "not-proven"]);
export type FenceProof = z.infer<typeof FenceProof>;
export const FenceOutput = z.object({ fence: FenceProof });
export type FenceOutput = z.infer<typeof FenceOutput>;

/** The step that stops the old side from writing, in a plan that has an old side. */
export function fenceOf(run: RunState): PlannedStep | undefined {
  return run.plan.steps.find((step) => step.role === "protects");
}

/** What its fence has shown so far; undefined while it has shown nothing. */
export function fenceSeen(run: RunState): FenceProof | undefined {
  const fence = fenceOf(run);
  const output = FenceOutput.safeParse(fence && stateOf(run, fence.id).output);
  return output.success ? output.data.fence : undefined;
}

/** The old side may still write, and the signed plan lets TwoKey fence it when it comes back. */
export function needsWatch(run: RunState): boolean {
  const { state, lostAtMs } = run.watch;
  const isProven = fenceSeen(run) === "fenced" && lostAtMs === undefined;
  return fenceOf(run) !== undefined && !isProven && state !== "fenced" && state !== "ended";
}

/** It was fenced, and is looked at until the end date of the plan: what was closed may be opened again by anybody (G20). */
export function isGuarded(run: RunState): boolean {
  return isPastIt(run) && !needsWatch(run) && run.watch.state !== "ended";
}

/** J7. Before the point of no return the fence itself is tried again instead (`fence-again`). */
export const WATCHED: readonly RunStateName[] = ["running", "paused", "stopped", "verified"];
export function isWatched(run: RunState): boolean {
  return isPastIt(run) && needsWatch(run);
}

/** It was fenced, was opened by somebody, and is not fenced again yet. */
export const isOpenAgain = (run: RunState): boolean => isWatched(run) && run.watch.lostAtMs !== undefined;

/** Past the point of no return with a fence that is done; while that is still to be done, it is the one that fences. */
function isPastIt(run: RunState): boolean {
  const fence = fenceOf(run);
  const isDone = fence !== undefined && isSettled(stateOf(run, fence.id));
  return isDone && run.pastNoReturn && WATCHED.includes(run.state);
}

/**
 * The step's choices as signed; what it takes away is put back as it stood right before it was touched. A plan for the rest says
 * itself how that was, before the run that it continues touched it.
 */
export function inputOf(run: RunState, step: PlannedStep): Readonly<Record<string, unknown>> {
  if (step.role !== "protects") return step.input;
  const planned = plannedCapture(step);
  const isKnown = planned !== null || run.captured !== undefined;
  const captured = run.plan.restOf ? firstSeen(planned, run.captured) : { ...planned, ...run.captured };
  return { ...step.input, captured: isKnown ? captured : null, mustCapture: true };
}

const plannedCapture = (step: PlannedStep): Seen => Captured.nullish().parse(step.input["captured"]) ?? null;

/** What the plan saw of an old side that nothing was asked of yet: its first intent says how that stands then. */
export function firstToCapture(run: RunState, step: PlannedStep): RunState["captured"] {
  const isFirst = step.role === "protects" && stateOf(run, step.id).tries === 0 && run.captured === undefined;
  return isFirst && !run.plan.restOf ? (plannedCapture(step) ?? undefined) : undefined;
}

/** What stood there before it was touched: parts come back one by one, and a later look sees what the fence has made of the first. */
export const capturedWith = (run: RunState, seen: RunState["captured"]): RunState["captured"] =>
  firstSeen(run.captured, seen);

type Seen = RunState["captured"] | null;

/** Of each resource, and of each thing of it, what was seen first. */
function firstSeen(before: Seen | undefined, later: Seen | undefined): RunState["captured"] {
  if (!before) return later ?? undefined;
  const both = Object.entries(before).map(([resource, seen]) => [resource, { ...later?.[resource], ...seen }] as const);
  return { ...later, ...Object.fromEntries(both) };
}
