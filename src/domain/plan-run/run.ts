import type { DoorName } from "../event.ts";
import { UNWATCHED, type Watch } from "./old-side-watch.ts";
import type { Outbreaks } from "./outbreak.ts";
import type { Plan, PlannedStep, RestOf } from "./plan.ts";
import type { Captured, Spent, UnseenAtEnd, Vote } from "./run-entry.ts";

/**
 * A run is its journal. Invariants (tests cite them):
 *  J1 the state is a replay of the entries through `transition`, and through nothing else
 *  J2 an intent stands before every call that may change the cloud; its outcome after it
 *  J3 entries of an executor carry its epoch; only the newest epoch may write (G6)
 *  J4 the point of no return is passed by the *intent* of the first irreversible step, and never un-passed, neither by a
 *     plan for the rest (G7)
 *  J5 keys are consumed once: by `started` (G1)
 *  J7 the old side is fenced on its return only past the point of no return, before the plan's end date, and never once
 *     people have chosen the way back (unwinding, stuck, unwound) or have stopped the watch
 *
 *   waiting-for-keys ──started──▶ running ──all done──▶ verified
 *        │ refused/withdrawn/expired    │  ▲ pause/resume
 *        ▼                              ▼  │
 *      closed                  paused   unwinding ──▶ unwound │ stuck
 *                                       stopped ──retry/take-over/skip──▶ running
 *                                       stuck ──unwind (again)/skip, two approvers──▶ unwinding
 *                  paused, stopped, stuck ──the last key of a plan for the rest──▶ superseded
 */
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
  "superseded",
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
    /** Somebody says that they did it by hand: the step's own look has the last word. */
    | "by-hand";
  readonly attempt: number;
  /** Attempts since people last decided about this step. */
  readonly tries: number;
  readonly requestIds: readonly string[];
  readonly data: Readonly<Record<string, unknown>>;
  readonly output: Readonly<Record<string, unknown>>;
  readonly says: string;
  /** What people can do about its failure, in its own words. */
  readonly ways: readonly string[];
  /** Since when a vendor refuses its calls, and in which words it first did; it is tried on and on. */
  readonly heldUp: { readonly sinceMs: number; readonly why: string } | undefined;
  readonly sinceMs: number;
  readonly startedAtMs: number | undefined;
  /** `takeovers` of the run when it began. */
  readonly takeoversBefore: number;
  /** When the newest answer to a call or a look of its attempts was written down; undefined: none was, or people do it by hand. */
  readonly askedAtMs: number | undefined;
  readonly endedAtMs: number | undefined;
  /** Of a step that is done. */
  readonly spent: Spent | undefined;
}

export interface RunKey {
  readonly by: string;
  readonly door: DoorName;
  readonly atMs: number;
  /** Of the plan that it was turned on. */
  readonly digest: string;
  readonly accepted: readonly string[];
}

/** What one person said to let the keys count for longer. */
export interface Extension {
  readonly by: string;
  readonly door: DoorName;
  readonly atMs: number;
  readonly fromMs: number;
  readonly untilMs: number;
}

export interface RunState {
  readonly plan: Plan;
  readonly digest: string;
  readonly state: RunStateName;
  /** Its length when it came into that state: tells one stop from the next. */
  readonly stateAt: number;
  readonly keys: readonly RunKey[];
  /** Times that a key was turned or lapsed: tells one wait for keys from the next, also where as many are missing. */
  readonly keyChanges: number;
  /** World time from which the keys authorise nothing more. */
  readonly untilMs: number;
  /** All that people said to move that time, in their order; `untilMs` is what it comes to. */
  readonly extensions: readonly Extension[];
  readonly epoch: number;
  readonly worker: string | undefined;
  readonly steps: Readonly<Record<string, StepState>>;
  readonly pastNoReturn: boolean;
  /** How often something was asked of the cloud, tries and undos included. */
  readonly intents: number;
  /** Facts changed under the keys: this plan may finish nothing more, only unwind (G3). */
  readonly voided: boolean;
  /** It is paused since TwoKey itself cannot go on: people are called (G22). */
  readonly halted: boolean;
  readonly watch: Watch;
  readonly outbreaks: Outbreaks;
  /** What stood on the old side when it came back and before it was touched: what undoing its fence puts back. */
  readonly captured: Captured | undefined;
  readonly votes: readonly Vote[];
  /** Steps whose undo failed and that people went on without: nobody knows what they left behind. */
  readonly undoSkipped: readonly string[];
  /** Why it is closed, paused, stopped, stuck, unwinding or unwound; empty otherwise. */
  readonly why: string;
  /** An approver refused the plan; why in their own words, if they said it. */
  readonly refusal?: { readonly by: string; readonly why?: string };
  readonly startedAtMs: number | undefined;
  readonly endedAtMs: number | undefined;
  /** Executors that took it over from one that was gone, and had not let go of it. */
  readonly takeovers: number;
  /**
   * Processes that drove it were cut off and let go of it, `times` in a row with no step further since `stillMs`; the newest of them reaches
   * nobody since `sinceMs`. People are called from `callsAtMs` on unless another one has taken it, which is answered if it holds it for
   * longer than `holdsMs`. World times.
   */
  readonly cutOff:
    | (Readonly<Record<"stillMs" | "times" | "sinceMs" | "callsAtMs" | "holdsMs", number>> & {
        readonly takenAtMs: number | undefined;
      })
    | undefined;
  /** World time since which nobody looked: who let go reached nobody, and nobody has taken it. People's decisions change nothing of that. */
  readonly unlookedSinceMs: number | undefined;
  /** World time for which it has stood still for people, up to its newest entry. */
  readonly waitedMs: number;
  /** Verified on an older proof that the old side is fenced: at the end nobody could ask, or not all of it. */
  readonly unseenAtEnd: UnseenAtEnd | undefined;
  /** Entries replayed so far: the position that the next append expects. */
  readonly length: number;
  /** Seal of the newest line that TwoKey has written, from which the next one goes on; empty: there is none yet. */
  readonly seal: string;
  /** Numbers of the lines of its journal that TwoKey has not written there, or THE_PLAN. They count for nothing but their place. */
  readonly foreign: readonly number[];
  /** Lines that TwoKey has written behind another one than stands before them now. They still tell where the run stood. */
  readonly astray: readonly number[];
  /** TwoKey has seen so many lines of its journal, and those do not stand there any more; whether the journal says so itself. */
  readonly lost: { readonly lines: number; readonly isSaid: boolean } | undefined;
  /** World time of the newest of them. */
  readonly lastAtMs: number;
}

const WAITING: StepState = {
  state: "waiting",
  attempt: 0,
  tries: 0,
  requestIds: [],
  data: {},
  output: {},
  says: "",
  ways: [],
  heldUp: undefined,
  sinceMs: 0,
  ...{ startedAtMs: undefined, takeoversBefore: 0, askedAtMs: undefined, endedAtMs: undefined, spent: undefined },
};

export function proposedRun(plan: Plan, digest: string): RunState {
  return {
    plan,
    digest,
    ...{ state: "waiting-for-keys", stateAt: 0 },
    ...{ keys: [], keyChanges: 0 },
    untilMs: plan.authorisesUntilMs,
    extensions: [],
    epoch: 0,
    worker: undefined,
    pastNoReturn: plan.pastNoReturn,
    intents: 0,
    voided: false,
    halted: false,
    ...{ watch: UNWATCHED, outbreaks: {} },
    captured: undefined,
    votes: [],
    undoSkipped: [],
    why: "",
    steps: Object.fromEntries(plan.steps.map((step) => [step.id, WAITING])),
    ...{ startedAtMs: undefined, endedAtMs: undefined, unseenAtEnd: undefined, waitedMs: 0 },
    ...{ takeovers: 0, cutOff: undefined, unlookedSinceMs: undefined },
    ...{ length: 0, seal: "", foreign: [], astray: [], lost: undefined, lastAtMs: plan.madeAtMs },
  };
}

export const isSettled = (state: StepState): boolean => ["done", "skipped"].includes(state.state);
export const isOver = (run: RunState): boolean => ["verified", "unwound", "closed", "superseded"].includes(run.state);

/** States in which nothing moves until people decide, so that a new plan can take the rest over. */
export const WAITS_FOR_PEOPLE = ["paused", "stopped", "stuck"] as const satisfies readonly RunStateName[];

/** Whether a plan still continues exactly what its run left: that run waits, and has asked nothing more since. */
export function stillContinues({ run: id, intents }: RestOf, run: RunState | undefined): boolean {
  return run?.plan.id === id && WAITS_FOR_PEOPLE.some((state) => state === run.state) && run.intents === intents;
}

/** Settled steps that rest on this one, directly or not. */
export function settledAfter(run: RunState, step: string): string[] {
  const resting = new Set([step]);
  for (const { id, after } of run.plan.steps) if (after.some((each) => resting.has(each))) resting.add(id);
  return run.plan.steps.flatMap(({ id }) =>
    id !== step && resting.has(id) && isSettled(stateOf(run, id)) ? [id] : [],
  );
}

export const stateOf = (run: RunState, step: string): StepState => run.steps[step] ?? WAITING;

/** Steps whose dependencies are all settled and that have not ended themselves. */
export function readySteps(run: RunState): PlannedStep[] {
  return run.plan.steps.filter(
    (step) =>
      ["waiting", "intended", "asked", "by-hand"].includes(stateOf(run, step.id).state) &&
      step.after.every((id) => isSettled(stateOf(run, id))),
  );
}

/** Steps that may have had an effect and have a way back, newest first, without those whose undo people went on without. */
export const stepsToUndo = (run: RunState): PlannedStep[] =>
  stepsNotUndone(run).filter((step) => !run.undoSkipped.includes(step.id));

/** Steps of which something may be left to give back, newest first. */
export function stepsNotUndone(run: RunState): PlannedStep[] {
  const touched = new Set(["intended", "asked", "done", "failed", "undoing", "undo-failed", "skipped", "by-hand"]);
  // Whoever went on without a step, or did it by hand, did so after an attempt: that may have had an effect as well.
  return run.plan.steps
    .filter((step) => step.wayBack === "undo" && touched.has(stateOf(run, step.id).state))
    .toReversed();
}

export function withStep(run: RunState, step: string, change: Partial<StepState>): RunState {
  const before = stateOf(run, step);
  const after = { ...before, ...change };
  const takeoversBefore = after.startedAtMs === before.startedAtMs ? before.takeoversBefore : run.takeovers;
  return { ...run, steps: { ...run.steps, [step]: { ...after, takeoversBefore } } };
}
