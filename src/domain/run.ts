import { z } from "zod";
import { Bug } from "./errors.ts";
import { DoorName } from "./event.ts";
import type { Plan, PlannedStep } from "./plan.ts";

/**
 * A run is its journal. Invariants (tests cite them):
 *  J1 the state is a replay of the entries through `transition`, and through nothing else
 *  J2 an intent stands before every call that may change the cloud; its outcome after it
 *  J3 entries of an executor carry its epoch; only the newest epoch may write (G6)
 *  J4 the point of no return is passed by the *intent* of the first irreversible step, and never un-passed (G7)
 *  J5 keys are consumed once: by `started` (G1)
 *
 *   waiting-for-keys ──started──▶ running ──all done──▶ verified
 *        │ refused/withdrawn/expired    │  ▲ pause/resume
 *        ▼                              ▼  │
 *      closed                  paused   unwinding ──▶ unwound │ stuck
 *                                       stopped ──retry/take-over/skip──▶ running
 *                                       stuck ──unwind (again)/skip, two keys──▶ unwinding
 */
const Step = { step: z.string(), epoch: z.number().int() };
const Who = { by: z.string(), door: DoorName };

export const RunEntry = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("key-turned"),
    atMs: z.number(),
    ...Who,
    digest: z.string(),
    accepted: z.array(z.string()),
  }),
  z.strictObject({ kind: z.literal("refused"), atMs: z.number(), ...Who }),
  z.strictObject({ kind: z.literal("withdrawn"), atMs: z.number(), ...Who }),
  z.strictObject({ kind: z.literal("expired"), atMs: z.number() }),
  z.strictObject({ kind: z.literal("voided"), atMs: z.number(), why: z.array(z.string()) }),
  z.strictObject({ kind: z.literal("started"), atMs: z.number(), keys: z.array(z.string()) }),
  z.strictObject({ kind: z.literal("claimed"), atMs: z.number(), epoch: z.number().int(), worker: z.string() }),
  z.strictObject({ kind: z.literal("intent"), atMs: z.number(), ...Step, attempt: z.number().int() }),
  z.strictObject({
    kind: z.literal("asked"),
    atMs: z.number(),
    ...Step,
    requestIds: z.array(z.string()),
    data: z.record(z.string(), z.unknown()),
  }),
  z.strictObject({
    kind: z.literal("done"),
    atMs: z.number(),
    ...Step,
    says: z.string(),
    output: z.record(z.string(), z.unknown()),
  }),
  z.strictObject({
    kind: z.literal("failed"),
    atMs: z.number(),
    ...Step,
    code: z.string(),
    why: z.string(),
    mustAsk: z.boolean(),
  }),
  z.strictObject({ kind: z.literal("undo-intent"), atMs: z.number(), ...Step }),
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
  }),
  z.strictObject({ kind: z.literal("resumed"), atMs: z.number(), ...Who }),
  z.strictObject({ kind: z.literal("aborted"), atMs: z.number(), ...Who }),
  z.strictObject({ kind: z.literal("retried"), atMs: z.number(), ...Who, step: z.string() }),
  z.strictObject({ kind: z.literal("taken-over"), atMs: z.number(), ...Who, step: z.string(), words: z.string() }),
  z.strictObject({
    kind: z.literal("vote"),
    atMs: z.number(),
    ...Who,
    decision: z.enum(["skip", "unwind"]),
    step: z.string(),
  }),
  z.strictObject({ kind: z.literal("watch-intent"), atMs: z.number() }),
  z.strictObject({
    kind: z.literal("fenced-later"),
    atMs: z.number(),
    says: z.string(),
    requestIds: z.array(z.string()),
  }),
  z.strictObject({ kind: z.literal("watch-ended"), atMs: z.number() }),
  z.strictObject({ kind: z.literal("finished"), atMs: z.number(), state: z.enum(["verified", "unwound"]) }),
]);
export type RunEntry = z.infer<typeof RunEntry>;

export const RUN_STATES = [
  "waiting-for-keys",
  "running",
  "paused",
  "unwinding",
  "stopped",
  "stuck",
  "verified",
  "unwound",
  "closed",
] as const;
export type RunStateName = (typeof RUN_STATES)[number];

export interface StepState {
  readonly state:
    | "waiting"
    | "intended"
    | "asked"
    | "done"
    | "failed"
    | "undoing"
    | "undone"
    | "undo-failed"
    | "skipped"
    | "taken-over";
  readonly attempt: number;
  readonly requestIds: readonly string[];
  readonly data: Readonly<Record<string, unknown>>;
  readonly output: Readonly<Record<string, unknown>>;
  readonly says: string;
  readonly sinceMs: number;
  readonly startedAtMs: number | undefined;
  readonly endedAtMs: number | undefined;
}

export interface RunKey {
  readonly by: string;
  readonly atMs: number;
  readonly accepted: readonly string[];
}

export interface Vote {
  readonly by: string;
  readonly decision: "skip" | "unwind";
  readonly step: string;
}

export interface RunState {
  readonly plan: Plan;
  readonly digest: string;
  readonly state: RunStateName;
  readonly keys: readonly RunKey[];
  readonly epoch: number;
  readonly worker: string | undefined;
  readonly steps: Readonly<Record<string, StepState>>;
  readonly pastNoReturn: boolean;
  /** Facts changed under the keys: this plan may finish nothing more, only unwind (G3). */
  readonly voided: boolean;
  /** The old side came back after the run and was fenced then, or the plan's authority for that ran out. */
  readonly fencedLater: boolean;
  /** When the old side was last tried after the run. */
  readonly watchedAtMs: number | undefined;
  readonly votes: readonly Vote[];
  /** Why it is closed, paused, stopped or stuck; empty otherwise. */
  readonly why: string;
  readonly startedAtMs: number | undefined;
  readonly endedAtMs: number | undefined;
  /** Entries replayed so far: the position that the next append expects. */
  readonly length: number;
}

const WAITING: StepState = {
  state: "waiting",
  attempt: 0,
  requestIds: [],
  data: {},
  output: {},
  says: "",
  sinceMs: 0,
  startedAtMs: undefined,
  endedAtMs: undefined,
};

export function proposedRun(plan: Plan, digest: string): RunState {
  return {
    plan,
    digest,
    state: "waiting-for-keys",
    keys: [],
    epoch: 0,
    worker: undefined,
    pastNoReturn: false,
    voided: false,
    fencedLater: false,
    watchedAtMs: undefined,
    votes: [],
    why: "",
    steps: Object.fromEntries(plan.steps.map((step) => [step.id, WAITING])),
    startedAtMs: undefined,
    endedAtMs: undefined,
    length: 0,
  };
}

export const isSettled = (state: StepState): boolean => ["done", "skipped", "taken-over"].includes(state.state);
export const isOver = (run: RunState): boolean => ["verified", "unwound", "closed"].includes(run.state);

/** The old side may still write, and the signed plan lets TwoKey fence it when it comes back. */
export function needsWatch(run: RunState): boolean {
  const fence = run.plan.steps.find((step) => step.does === "fence-primary");
  return fence !== undefined && stateOf(run, fence.id).output["fence"] !== "fenced" && !run.fencedLater;
}

export function stateOf(run: RunState, step: string): StepState {
  return run.steps[step] ?? WAITING;
}

/** Steps whose dependencies are all settled and that have not ended themselves. */
export function readySteps(run: RunState): PlannedStep[] {
  return run.plan.steps.filter(
    (step) =>
      ["waiting", "intended", "asked"].includes(stateOf(run, step.id).state) &&
      step.after.every((id) => isSettled(stateOf(run, id))),
  );
}

/** Steps that may have had an effect and have a way back, newest first. */
export function stepsToUndo(run: RunState): PlannedStep[] {
  const touched = new Set(["intended", "asked", "done", "failed", "undoing", "undo-failed"]);
  return run.plan.steps
    .filter((step) => step.wayBack === "undo" && touched.has(stateOf(run, step.id).state))
    .toReversed();
}

export function replay(plan: Plan, digest: string, entries: readonly RunEntry[]): RunState {
  return entries.reduce(transition, proposedRun(plan, digest));
}

/** The only way a run changes. An entry that does not fit the state is a Bug: nothing may be guessed from it. */
export function transition(run: RunState, entry: RunEntry): RunState {
  if (!FITS[entry.kind].includes(run.state)) {
    throw new Bug("journal-illegal-entry", `A run that is ${run.state} cannot take "${entry.kind}"`, {
      facts: { run: run.plan.id },
    });
  }
  if ("epoch" in entry && entry.kind !== "claimed" && entry.epoch !== run.epoch) {
    throw new Bug("journal-stale-epoch", `Epoch ${entry.epoch} wrote into a run of epoch ${run.epoch}`, {
      facts: { run: run.plan.id },
    });
  }
  return { ...applied(run, entry), length: run.length + 1 };
}

const LIVE: readonly RunStateName[] = ["running", "paused", "unwinding", "stopped", "stuck"];
/** A step that was under way may still report while people decide. */
const REPORTING: readonly RunStateName[] = ["running", "paused", "stopped", "unwinding"];
const FITS: Readonly<Record<RunEntry["kind"], readonly RunStateName[]>> = {
  "key-turned": ["waiting-for-keys"],
  refused: ["waiting-for-keys"],
  withdrawn: ["waiting-for-keys"],
  expired: ["waiting-for-keys"],
  voided: ["waiting-for-keys", "running"],
  started: ["waiting-for-keys"],
  claimed: LIVE,
  intent: ["running"],
  asked: REPORTING,
  done: REPORTING,
  failed: REPORTING,
  "undo-intent": ["unwinding"],
  undone: ["unwinding"],
  "undo-failed": ["unwinding"],
  paused: ["running"],
  resumed: ["paused"],
  aborted: ["running", "paused", "stopped"],
  retried: ["stopped"],
  "taken-over": ["stopped"],
  vote: ["stopped", "stuck"],
  "watch-intent": ["verified"],
  "fenced-later": ["verified"],
  "watch-ended": ["verified"],
  finished: ["running", "unwinding"],
};

function applied(run: RunState, entry: RunEntry): RunState {
  switch (entry.kind) {
    case "key-turned":
      return { ...run, keys: [...run.keys, { by: entry.by, atMs: entry.atMs, accepted: entry.accepted }] };
    case "refused":
      return closed(run, entry.atMs, `refused by ${entry.by}`);
    case "withdrawn":
      return closed(run, entry.atMs, `withdrawn by ${entry.by}`);
    case "expired":
      return closed(run, entry.atMs, "not enough keys in time");
    case "voided":
      return run.state === "running"
        ? { ...run, state: "paused", voided: true, why: `facts changed: ${entry.why.join("; ")}` }
        : closed(run, entry.atMs, `facts changed: ${entry.why.join("; ")}`);
    case "started":
      return { ...run, state: "running", startedAtMs: entry.atMs };
    case "claimed":
      return { ...run, epoch: entry.epoch, worker: entry.worker };
    case "paused":
      return { ...run, state: "paused", why: entry.why };
    case "resumed":
      return { ...run, state: "running", why: "" };
    case "aborted":
      if (run.pastNoReturn)
        throw new Bug("journal-abort-too-late", "A run past its point of no return cannot be aborted");
      return { ...run, state: "unwinding", why: `aborted by ${entry.by}` };
    case "vote":
      return voted(run, entry);
    case "retried":
      return {
        ...withStep(run, entry.step, { state: "waiting", sinceMs: entry.atMs, startedAtMs: undefined }),
        state: "running",
        why: "",
        votes: [],
      };
    case "taken-over":
      return {
        ...withStep(run, entry.step, {
          state: "taken-over",
          says: entry.words,
          sinceMs: entry.atMs,
          endedAtMs: entry.atMs,
        }),
        state: "running",
        why: "",
        votes: [],
      };
    case "watch-intent":
      return { ...run, watchedAtMs: entry.atMs };
    case "fenced-later":
    case "watch-ended":
      return { ...run, fencedLater: true };
    case "finished":
      return { ...run, state: entry.state, endedAtMs: entry.atMs, why: "" };
    case "intent":
    case "asked":
    case "done":
    case "failed":
    case "undo-intent":
    case "undone":
    case "undo-failed":
      return stepApplied(run, entry);
  }
}

type StepEntry = Extract<
  RunEntry,
  { kind: "intent" | "asked" | "done" | "failed" | "undo-intent" | "undone" | "undo-failed" }
>;

function stepApplied(run: RunState, entry: StepEntry): RunState {
  const now = { sinceMs: entry.atMs };
  switch (entry.kind) {
    case "intent": {
      const irreversible = run.plan.steps.some((step) => step.id === entry.step && step.wayBack === "irreversible");
      const before = stateOf(run, entry.step);
      const intended = withStep(run, entry.step, {
        ...now,
        state: "intended",
        attempt: entry.attempt,
        startedAtMs: before.startedAtMs ?? entry.atMs,
        endedAtMs: undefined,
      });
      return irreversible ? { ...intended, pastNoReturn: true } : intended;
    }
    case "asked": {
      const requestIds = [...stateOf(run, entry.step).requestIds, ...entry.requestIds];
      return withStep(run, entry.step, { ...now, state: "asked", requestIds, data: entry.data });
    }
    case "done":
      return withStep(run, entry.step, {
        ...now,
        state: "done",
        output: entry.output,
        says: entry.says,
        endedAtMs: entry.atMs,
      });
    case "failed":
      return failed(run, entry);
    case "undo-intent":
      return withStep(run, entry.step, { ...now, state: "undoing" });
    case "undone": {
      const requestIds = [...stateOf(run, entry.step).requestIds, ...entry.requestIds];
      return withStep(run, entry.step, { ...now, state: "undone", says: entry.says, requestIds });
    }
    case "undo-failed":
      return {
        ...withStep(run, entry.step, { ...now, state: "undo-failed", says: entry.why }),
        state: "stuck",
        why: entry.why,
      };
  }
}

function failed(run: RunState, entry: Extract<RunEntry, { kind: "failed" }>): RunState {
  const after = withStep(run, entry.step, {
    state: "failed",
    says: entry.why,
    sinceMs: entry.atMs,
    endedAtMs: entry.atMs,
  });
  if (run.state === "unwinding") return after;
  const ask = entry.mustAsk || run.pastNoReturn;
  return { ...after, state: ask ? "stopped" : "unwinding", why: entry.why };
}

/** Two keys for a decision: as many distinct people as the plan itself needed. */
function voted(run: RunState, entry: Extract<RunEntry, { kind: "vote" }>): RunState {
  const same = (vote: Vote) => vote.decision === entry.decision && vote.step === entry.step;
  const votes = [...run.votes, { by: entry.by, decision: entry.decision, step: entry.step }];
  const people = new Set(votes.filter(same).map((vote) => vote.by));
  if (people.size < run.plan.keysRequired) return { ...run, votes };
  const who = [...people].join(" and ");
  if (entry.decision === "unwind") return { ...run, state: "unwinding", why: `unwound by ${who}`, votes: [] };
  const change = { state: "skipped", says: `skipped by ${who}`, sinceMs: entry.atMs, endedAtMs: entry.atMs } as const;
  // A stuck run goes on unwinding without the undo that failed; a stopped one goes on running without the step.
  const goesOn = run.state === "stuck" ? "unwinding" : "running";
  return { ...withStep(run, entry.step, change), state: goesOn, why: "", votes: [] };
}

function closed(run: RunState, atMs: number, why: string): RunState {
  return { ...run, state: "closed", endedAtMs: atMs, why };
}

function withStep(run: RunState, step: string, change: Partial<StepState>): RunState {
  return { ...run, steps: { ...run.steps, [step]: { ...stateOf(run, step), ...change } } };
}
