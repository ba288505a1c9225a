import { z } from "zod";
import { sayTime } from "../duration.ts";
import { canonicalJson } from "../json.ts";
import { type PlannedStep, stepOf } from "./plan.ts";
import { isSettled, type RunState, type RunStateName, type StepState, settledAfter, stateOf } from "./run.ts";
import { Captured, type RunEntry, type UnseenAtEnd } from "./run-entry.ts";

/**
 * What a step that protects hands on: whether a failing write proves that the old side no longer writes. `closed`: it is shut, and
 * no new session writes; that sessions of before are gone two people said, and nobody saw.
 */
const FenceProof = z.enum(["fenced", "closed", "cannot-know", "not-proven"]);
export type FenceProof = z.infer<typeof FenceProof>;
/** A row that was written when the writers had ended: where it shows, all that they committed is. */
export const Marker = z.object({ run: z.string(), epoch: z.number(), number: z.number() });
export type Marker = z.infer<typeof Marker>;
/** Resources that were seen open, and the world time at which all was closed for the last time before that. */
const OPENED = { fromMs: z.number(), resources: z.array(z.string()) };
export const FenceOutput = z.object({
  fence: FenceProof,
  /** By resource. */
  markers: z.record(z.string(), Marker).exactOptional(),
  /** Stores in which every other session was seen to end, each with the sentence that says so. */
  ended: z.record(z.string(), z.string()).exactOptional(),
  /** Since its fence; and the newest opening, with the world time of the look that saw it closed again, by others: who came in may be in still. */
  opened: z
    .object({ ...OPENED, newest: z.object({ ...OPENED, closedMs: z.number().exactOptional() }) })
    .exactOptional(),
  /** Resources that gave no answer and were left as they are. */
  silent: z.array(z.string()).exactOptional(),
  /** World time at which it was fenced after the promotion; absent: the step itself has fenced it. */
  laterAtMs: z.number().exactOptional(),
  /** World time in which it may have been open. Rows from before that prove nothing about it, and are left out. */
  unseen: z.object({ fromMs: z.number(), untilMs: z.number() }).exactOptional(),
});
export type FenceOutput = z.infer<typeof FenceOutput>;
/** World time without a look at a side that was closed, after which others may have opened it and closed it again. */
export const OUT_OF_SIGHT_MS = 60_000;
const Ended = FenceOutput.pick({ ended: true });

/** What its fence left as it is, since it gave no answer. */
export const leftSilent = (run: RunState): readonly string[] => handedOn(run)?.silent ?? [];

/** What its fence has handed on so far. */
export function handedOn(run: RunState): FenceOutput | undefined {
  const fence = fenceOf(run);
  return FenceOutput.safeParse(fence && stateOf(run, fence.id).output).data;
}

/**
 * What was said about the newest call that has fenced, by the step or by the watch after it; undefined: nothing has, as where people
 * went on without a fence.
 */
export function lastAsked(run: RunState): StepState["data"] | undefined {
  const fence = fenceOf(run);
  if (run.watch.data !== undefined) return run.watch.data;
  return fence && fenceSeen(run) !== undefined ? stateOf(run, fence.id).data : undefined;
}

/** The step that stops the old side from writing, in a plan that has an old side. */
export function fenceOf(run: RunState): PlannedStep | undefined {
  return run.plan.steps.find((step) => step.role === "protects");
}

/** What its fence has shown so far; undefined while it has shown nothing. */
export function fenceSeen(run: RunState): FenceProof | undefined {
  return handedOn(run)?.fence;
}

/** World time of the newest proof that the old side is fenced from which on it is kept in sight; undefined: it is not fenced. */
export function provenSinceMs(run: RunState): number | undefined {
  const fence = fenceOf(run);
  if (!fence) return undefined;
  const { state, output, endedAtMs } = stateOf(run, fence.id);
  if (state !== "done") return undefined;
  if (endedAtMs === undefined) return undefined;
  return Math.max(endedAtMs, FenceOutput.safeParse(output).data?.unseen?.untilMs ?? endedAtMs);
}

/** World time at which it was fenced last, by the step or by the watch after it; undefined: it never was. */
export function fencedAtMs(run: RunState): number | undefined {
  const fence = fenceOf(run);
  return run.watch.state === "fenced" ? run.watch.endedAtMs : fence && stateOf(run, fence.id).endedAtMs;
}

/** What was found out of the new side since the old one was fenced. */
export function provenSinceFence(run: RunState): readonly string[] {
  const fence = fenceOf(run);
  const after = fence ? settledAfter(run, fence.id) : [];
  return after.filter((id) => stepOf(run.plan, id).role === "proves" && stateOf(run, id).state === "done");
}

/** Of each store that is promoted every session of the old one was seen to end. */
export function haveSessionsEnded(run: RunState): boolean {
  const { ended = {} } = handedOn(run) ?? {};
  const promoted = run.plan.steps.filter(({ role }) => role === "commits");
  return promoted.every(({ id, resource = id }) => resource in ended);
}

/** It was seen to be shut: whether it stays so is proven again, and looked at. */
export function isShutOff(run: RunState): boolean {
  const seen = fenceSeen(run);
  return seen === "fenced" || seen === "closed";
}

/** It was shown to be fenced, by its step or by the watch: what has no way back rests on that. Silence that people accepted shows nothing. */
export const wasShownFenced = (run: RunState): boolean => isShutOff(run) || run.watch.state === "fenced";

/** For the timeline: how old the proof is on which a run counts as verified. */
export function sayUnseenAtEnd({ plan: { from } }: Pick<RunState, "plan">, { why, seenClosedMs }: UnseenAtEnd): string {
  const seen = `last seen closed at ${sayTime(seenClosedMs)}`;
  return why === undefined
    ? `${from} gave no answer at the end; ${seen}`
    : `Nobody could prove at the end that ${from} is still fenced (${why}); ${seen}`;
}

/** The old side may still write, and the signed plan lets TwoKey fence it when it comes back. */
export function needsWatch(run: RunState): boolean {
  const { state, lostAtMs } = run.watch;
  const isProven = isShutOff(run) && lostAtMs === undefined;
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

/** It is fenced and can be looked at, so that an opening is seen. */
export const isKeptShut = (run: RunState): boolean => isGuarded(run) && run.watch.blind === undefined;

/** TwoKey closes it when it comes back or is opened. */
export const isLookedAfter = (run: RunState): boolean => isWatched(run) || isGuarded(run);

/** It was fenced, was opened by somebody, and is not fenced again yet. */
export const isOpenAgain = (run: RunState): boolean => isWatched(run) && run.watch.lostAtMs !== undefined;

/** Past the point of no return with a fence that is done; while that is still to be done, it is the one that fences. */
function isPastIt(run: RunState): boolean {
  const fence = fenceOf(run);
  const isDone = fence !== undefined && isSettled(stateOf(run, fence.id));
  return isDone && run.pastNoReturn && WATCHED.includes(run.state);
}

/**
 * The step's choices as signed; what it takes away is put back as it stood right before it was touched. Of what an earlier run of
 * this move has touched a plan for the rest says itself how that was: what stands there now is what that run has left.
 */
export function inputOf(run: RunState, step: PlannedStep): Readonly<Record<string, unknown>> {
  if (step.role !== "protects") return step.input;
  const planned = plannedCapture(step);
  const isKnown = planned !== null || run.captured !== undefined;
  const captured = firstSeen(touchedBefore(step), { ...planned, ...run.captured });
  const said = isSaidByHand(run, step) ? { byHand: true } : {};
  const { ended } = endedIn(run, step.id);
  return { ...step.input, captured: isKnown ? captured : null, mustCapture: true, ...said, ...(ended && { ended }) };
}

/** What its fence knows of the sessions that were open; nobody came in where it stayed closed since then. */
export function endedIn(run: RunState, fence: string, stayedClosed?: readonly string[]): Pick<FenceOutput, "ended"> {
  const { ended = {} } = Ended.parse(stateOf(run, fence).output);
  const kept = Object.entries(ended).filter(([resource]) => stayedClosed?.includes(resource) ?? true);
  return kept.length === 0 ? {} : { ended: Object.fromEntries(kept) };
}

/** Two people said that they did it, and what they did to open sessions nobody can see. */
function isSaidByHand(run: RunState, step: PlannedStep): boolean {
  const { state } = stateOf(run, step.id);
  return state === "by-hand" || (state === "done" && fenceSeen(run) === "closed");
}

const plannedCapture = (step: PlannedStep): Seen => Captured.nullish().parse(step.input["captured"]) ?? null;

/** What the plan saw of an old side of which something was not touched yet: its first intent says how that stands then. */
export function firstToCapture(run: RunState, step: PlannedStep): RunState["captured"] {
  const isFirst = step.role === "protects" && stateOf(run, step.id).tries === 0 && run.captured === undefined;
  const planned = isFirst ? plannedCapture(step) : null;
  const before = touchedBefore(step) ?? {};
  return planned && Object.keys(planned).some((each) => !Object.hasOwn(before, each)) ? planned : undefined;
}

const Touched = z.object({ touched: z.array(z.string()).default([]) });

/** How that stood which an earlier run of this move has begun to fence, before it did. */
function touchedBefore(step: PlannedStep): Seen {
  const { touched } = Touched.parse(step.input);
  const planned = Object.entries(plannedCapture(step) ?? {});
  return Object.fromEntries(planned.filter(([resource]) => touched.includes(resource)));
}

/** What stood there before it was touched: parts come back one by one, and a later look sees what the fence has made of the first. */
export const capturedWith = (run: RunState, seen: RunState["captured"]): RunState["captured"] =>
  firstSeen(run.captured, seen);

/**
 * The same at an intent. What its fence has left for its next part is touched only from here on: as it stands now is how it is closed.
 * Of a later attempt nobody knows whether an earlier one had come so far.
 */
export function capturedAt(
  run: RunState,
  { step, nextPart, captured }: Pick<Extract<RunEntry, { kind: "intent" }>, "step" | "nextPart" | "captured">,
): RunState["captured"] {
  const { state, attempt, data } = stateOf(run, step);
  const isUntouched = nextPart === true && state === "asked" && attempt === 1;
  const { later } = LeftForLater.parse(isUntouched ? data : {});
  const isSeenAgain = (resource: string) => later.includes(resource) && captured?.[resource] !== undefined;
  const kept = Object.entries(run.captured ?? {}).filter(([resource]) => !isSeenAgain(resource));
  return kept.length === 0 && !run.captured ? captured : firstSeen(Object.fromEntries(kept), captured);
}

const LeftForLater = z.object({ later: z.array(z.string()).default([]) });

type Seen = RunState["captured"] | null;
type Things = Readonly<Record<string, unknown>>;

/** Of each resource, and of each thing of it, what was seen first; of a list, such as rules, all that was seen: a fence only takes away. */
function firstSeen(before: Seen | undefined, later: Seen | undefined): RunState["captured"] {
  if (!before) return later ?? undefined;
  const both = Object.entries(before).map(([resource, seen]) => {
    const now = later?.[resource] ?? {};
    const lists = Object.entries(seen).map(([thing, one]) => [
      thing,
      Array.isArray(one) ? [...one, ...addedTo(one, now[thing])] : one,
    ]);
    return [resource, { ...now, ...Object.fromEntries(lists) }] as const;
  });
  return { ...later, ...Object.fromEntries(both) };
}

/** Something of a resource stands there that is not written down yet, and would be taken away with the rest. */
export const hasMore = (now: Things, captured: Things): boolean =>
  Object.keys(now).some((thing) => !Object.hasOwn(captured, thing) || addedTo(captured[thing], now[thing]).length > 0);

function addedTo(before: unknown, now: unknown): readonly unknown[] {
  if (!Array.isArray(before) || !Array.isArray(now)) return [];
  const known = new Set(before.map((each) => canonicalJson(each)));
  return now.filter((each) => !known.has(canonicalJson(each)));
}
