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
  /** Why it is closed, paused, stopped, stuck, unwinding or unwound; empty otherwise. */
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
