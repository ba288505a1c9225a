import { z } from "zod";
import { DoorName } from "../event.ts";

const Step = { step: z.string(), epoch: z.number().int() };
/** What undo puts back on the old side, by resource and by each thing of it; the fence step's own schema parses it. */
export const Captured = z.record(z.string(), z.record(z.string(), z.unknown()));
export type Captured = z.infer<typeof Captured>;
/** Resources that nobody has opened since they were fenced: what is known of their sessions stays known. Absent: none. */
const StayedClosed = { closed: z.array(z.string()).exactOptional() };
const Who = { by: z.string(), door: DoorName };
/** What the question of authority answered before this intent was written: whose keys it rests on, and how long they count. */
const Authorised = z.strictObject({ keys: z.array(z.string()), untilMs: z.number() });
export type Authorised = z.infer<typeof Authorised>;

/**
 * Where the time of a step went, world milliseconds: its calls, looks at what it had asked for, and waits between them; what is left
 * is the engine's own. The end came somewhere in the last wait. Of a step that was taken over: since then.
 */
export const Spent = z.strictObject({
  askedMs: z.number(),
  lookedMs: z.number(),
  waitedMs: z.number(),
  lastWaitMs: z.number(),
  lastLookMs: z.number(),
  looks: z.number().int(),
});
export type Spent = z.infer<typeof Spent>;

/** Decisions that two people have to say. */
export const VoteName = z.enum(["take-over", "skip", "unwind", "stop-watch"]);
export type VoteName = z.infer<typeof VoteName>;

/** What one person said, bound to where the run stood. */
export interface Vote {
  readonly by: string;
  readonly atMs: number;
  readonly decision: VoteName;
  readonly step: string;
  readonly position: number;
  readonly words: string;
}

/** One line of a run's journal. What it does to the run stands in `run-transition.ts`. */
/** The old side was fenced, and at the end of the run nobody could prove it again. */
const UnseenAtEnd = z.object({
  /** World time of the newest look that saw it closed. */
  seenClosedMs: z.number(),
  /** What was missing, where some of it answered. */
  why: z.string().exactOptional(),
});
export type UnseenAtEnd = z.infer<typeof UnseenAtEnd>;

export const RunEntry = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("key-turned"),
    atMs: z.number(),
    ...Who,
    digest: z.string(),
    accepted: z.array(z.string()),
  }),
  /** A key of somebody who may not turn one any more; asked once, right before the start. */
  z.strictObject({ kind: z.literal("key-lapsed"), atMs: z.number(), by: z.string(), why: z.string() }),
  z.strictObject({ kind: z.literal("refused"), atMs: z.number(), ...Who, why: z.string().exactOptional() }),
  z.strictObject({ kind: z.literal("withdrawn"), atMs: z.number(), ...Who }),
  z.strictObject({ kind: z.literal("expired"), atMs: z.number() }),
  z.strictObject({
    kind: z.literal("voided"),
    atMs: z.number(),
    because: z.enum(["facts", "authority"]),
    why: z.array(z.string()),
  }),
  z.strictObject({ kind: z.literal("started"), atMs: z.number(), keys: z.array(z.string()) }),
  z.strictObject({ kind: z.literal("claimed"), atMs: z.number(), epoch: z.number().int(), worker: z.string() }),
  z.strictObject({
    kind: z.literal("intent"),
    atMs: z.number(),
    ...Step,
    attempt: z.number().int(),
    /** The same attempt goes on with what it left for later. */
    nextPart: z.literal(true).exactOptional(),
    captured: Captured.exactOptional(),
    /** As of `fence-again`; absent: nobody looked. */
    ...StayedClosed,
    authorised: Authorised.exactOptional(),
  }),
  z.strictObject({
    kind: z.literal("asked"),
    atMs: z.number(),
    ...Step,
    requestIds: z.array(z.string()),
    data: z.record(z.string(), z.unknown()),
  }),
  /** The process that drives it reaches nobody outside since then, and lets go of it: the next claim is of one that does. */
  z.strictObject({
    ...{ kind: z.literal("cut-off"), atMs: z.number(), epoch: z.number().int(), sinceMs: z.number() },
    callsAtMs: z.number(),
  }),
  /** A vendor refuses this step's calls, since then; it is tried on and on. */
  z.strictObject({ kind: z.literal("held-up"), atMs: z.number(), ...Step, sinceMs: z.number(), why: z.string() }),
  z.strictObject({
    kind: z.literal("done"),
    atMs: z.number(),
    ...Step,
    says: z.string(),
    output: z.record(z.string(), z.unknown()),
    /** Absent: nobody looked to its end, as where the rest was left to people. */
    spent: Spent.exactOptional(),
  }),
  z.strictObject({
    kind: z.literal("failed"),
    atMs: z.number(),
    ...Step,
    code: z.string(),
    why: z.string(),
    mustAsk: z.boolean(),
    /** What people can do about it, a sentence each, where the step knows more than the table of decisions. */
    ways: z.array(z.string()).exactOptional(),
  }),
  z.strictObject({
    kind: z.literal("undo-intent"),
    atMs: z.number(),
    ...Step,
    authorised: Authorised.exactOptional(),
  }),
  z.strictObject({
    kind: z.literal("undone"),
    atMs: z.number(),
    ...Step,
    says: z.string(),
    requestIds: z.array(z.string()),
  }),
  z.strictObject({ kind: z.literal("undo-failed"), atMs: z.number(), ...Step, why: z.string() }),
  z.strictObject({
    kind: z.literal("paused"),
    atMs: z.number(),
    by: z.string().optional(),
    door: DoorName,
    why: z.string(),
    /** TwoKey itself cannot go on, and people do not know it yet. */
    halted: z.literal(true).exactOptional(),
  }),
  z.strictObject({ kind: z.literal("resumed"), atMs: z.number(), ...Who }),
  z.strictObject({ kind: z.literal("aborted"), atMs: z.number(), ...Who }),
  z.strictObject({ kind: z.literal("retried"), atMs: z.number(), ...Who, step: z.string() }),
  z.strictObject({ kind: z.literal("taken-over"), atMs: z.number(), ...Who, step: z.string(), words: z.string() }),
  z.strictObject({
    kind: z.literal("vote"),
    atMs: z.number(),
    ...Who,
    decision: VoteName,
    step: z.string(),
    /** Where the run stood as it was shown (`positionOf`): the vote counts only while it still stands there. */
    position: z.number(),
    /** What was done by hand, where that is what is voted for. */
    words: z.string().exactOptional(),
  }),
  /** A vote of somebody who may not give it any more. */
  z.strictObject({ kind: z.literal("vote-lapsed"), atMs: z.number(), by: z.string(), why: z.string() }),
  /** One of the people who let the keys count for longer. */
  z.strictObject({
    kind: z.literal("extended"),
    atMs: z.number(),
    ...Who,
    /** The end date that they read, and the one that they want. */
    fromMs: z.number(),
    untilMs: z.number(),
  }),
  z.strictObject({ kind: z.literal("superseded"), atMs: z.number(), plan: z.string() }),
  z.strictObject({ kind: z.literal("no-way-back"), atMs: z.number(), why: z.string() }),
  z.strictObject({
    kind: z.literal("fence-again"),
    atMs: z.number(),
    ...Step,
    captured: Captured.exactOptional(),
    ...StayedClosed,
  }),
  /** Resources of the old side that were seen open, or to take a write, after its fence; closed when it was last seen so. */
  z.strictObject({
    kind: z.literal("seen-open"),
    atMs: z.number(),
    ...Step,
    fromMs: z.number(),
    resources: z.array(z.string()),
  }),
  /** The plan's end date has come before the promotion: nobody looks at it any more. */
  z.strictObject({ kind: z.literal("sight-ended"), atMs: z.number(), ...Step }),
  /** It was seen open, and is closed again by others; when the look was that saw it so. */
  z.strictObject({ kind: z.literal("seen-closed"), atMs: z.number(), ...Step, seenMs: z.number() }),
  /** The old side is closed, and may have been open since then: what was found out since its fence is found out again. */
  z.strictObject({ kind: z.literal("prove-again"), atMs: z.number(), ...Step, fromMs: z.number() }),
  z.strictObject({
    kind: z.literal("watch-intent"),
    atMs: z.number(),
    ...Step,
    captured: Captured.exactOptional(),
    /** Parts that give no answer, and of which nothing is asked. */
    leftAlone: z.array(z.string()).exactOptional(),
    ...StayedClosed,
    authorised: Authorised.exactOptional(),
  }),
  z.strictObject({
    kind: z.literal("watch-asked"),
    atMs: z.number(),
    ...Step,
    requestIds: z.array(z.string()),
    data: z.record(z.string(), z.unknown()),
  }),
  z.strictObject({ kind: z.literal("watch-failed"), atMs: z.number(), ...Step, why: z.string() }),
  z.strictObject({
    kind: z.literal("fenced-later"),
    atMs: z.number(),
    ...Step,
    says: z.string(),
    /** As in what a fence hands on. */
    ended: z.record(z.string(), z.string()).exactOptional(),
  }),
  z.strictObject({
    kind: z.literal("fence-lost"),
    atMs: z.number(),
    ...Step,
    why: z.string(),
    ...StayedClosed,
    /** World time of the newest look that saw it closed before that. */
    seenClosedMs: z.number(),
  }),
  z.strictObject({ kind: z.literal("watch-ended"), atMs: z.number(), ...Step, why: z.string() }),
  /** Another run of ours moves the service on: what becomes of the new side from now on is its doing. */
  z.strictObject({ kind: z.literal("moved-on"), atMs: z.number(), ...Step, run: z.string() }),
  /** The watch itself broke again and again, or nobody may look; and it sees again. */
  z.strictObject({
    ...{ kind: z.literal("watch-blind"), atMs: z.number(), ...Step, why: z.string() },
    /** World time of the newest look that saw it closed before that. */
    seenClosedMs: z.number(),
  }),
  z.strictObject({ kind: z.literal("watch-sees"), atMs: z.number(), ...Step }),
  /** A process has seen so many lines of this journal, and they do not stand there any more: now every process knows. */
  z.strictObject({ kind: z.literal("lines-lost"), atMs: z.number(), lines: z.number().int() }),
  /** The store was lost and people signed for going on without this run. */
  z.strictObject({ kind: z.literal("abandoned"), atMs: z.number(), why: z.string() }),
  z.strictObject({
    ...{ kind: z.literal("finished"), atMs: z.number(), state: z.enum(["verified", "unwound"]) },
    unseen: UnseenAtEnd.exactOptional(),
  }),
]);
export type RunEntry = z.infer<typeof RunEntry>;
