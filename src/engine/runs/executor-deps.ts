import { ZodError } from "zod";
import { Bug, chainOf, StepFailed } from "../../domain/errors.ts";
import { inputOf } from "../../domain/plan-run/fence.ts";
import type { StepTime } from "../../domain/plan-run/learned-times.ts";
import { addsAtMost, type PlannedStep, stepOf } from "../../domain/plan-run/plan.ts";
import { type RunState, stateOf } from "../../domain/plan-run/run.ts";
import type { SecondLook } from "../../domain/plan-run/second-look.ts";
import type { Clock } from "../../ports/clock.ts";
import { enteredBy } from "../../ports/elsewhere.ts";
import type { Guard } from "../../ports/guard.ts";
import { handedOnBy } from "../../ports/handed-on.ts";
import type { Logger } from "../../ports/logger.ts";
import type { OldSide, OldSideLooking } from "../../ports/old-side.ts";
import { beyondAdding, type Permission } from "../../ports/permission.ts";
import type { GuardedCloud, StepContext } from "../../ports/step.ts";
import type { StoredStep } from "../../ports/stored-step.ts";
import { type GuardTimes, proofCountsForMs } from "./guard-times.ts";
import { endsTheDrive, type JournalDeps, type RunHold } from "./journal.ts";

export interface ExecutorDeps extends JournalDeps {
  readonly cloud: GuardedCloud;
  readonly steps: Readonly<Record<string, StoredStep>>;
  /** Looks at the world again. */
  readonly drift: (run: RunState, signal: AbortSignal) => Promise<SecondLook>;
  /** Looks at the side that the run leads away from. */
  readonly oldSide: (run: RunState, looking: OldSideLooking) => Promise<OldSide>;
  readonly guard: GuardTimes;
  /** Something that people look at has changed. */
  readonly changed: (run: RunState) => void;
  /** What a step that is under way says right now; for people only, never for a decision. */
  readonly progressed: (run: RunState, step: string, says: string) => void;
  /** A step has ended, and its time says something about the next one like it. */
  readonly took: (run: RunState, step: PlannedStep, time: StepTime) => void;
  /** Whether nobody outside answers this process, no region and no vendor: then it cannot look. */
  readonly reachesNobody: () => Promise<boolean>;
  readonly logger: Logger;
  readonly worker: string;
}

/** What the watch of an old side needs of it. */
export type WatchDeps = Omit<ExecutorDeps, "changed" | "progressed" | "took" | "drift" | "reachesNobody">;

/** What a look outside its own step is given: it has asked for nothing, and rests on no other step. */
export const LOOKS_ONLY = { tries: 1, mayHaveAsked: false, outputOf: () => undefined } as const;

interface Acting extends Pick<ExecutorDeps, "cloud" | "steps" | "guard"> {
  readonly signal: AbortSignal;
  /** By which it sleeps; absent: the world's. */
  readonly clock?: Clock;
}

/** `step` is the one that this context is for. */
export function contextFor(hold: RunHold, step: string, acts: Acting): StepContext {
  const { cloud, steps, signal, clock } = acts;
  const planned = stepOf(hold.run.plan, step);
  // Mutating calls leave only while the hold is ours (J6), and can do no more than this very step (X6).
  const acting = cloud.guardedBy(guardOf(hold, planned, acts), permittedFor({ steps }, hold.run, planned));
  return {
    cloud: { ...enteredBy(planned.roles, acting), ...(clock && { clock }) },
    signal,
    hold: { run: hold.run.plan.id, epoch: hold.epoch },
    get tries() {
      return stateOf(hold.run, step).tries;
    },
    get mayHaveAsked() {
      const { tries, requestIds } = stateOf(hold.run, step);
      return tries > 0 || requestIds.length > 0;
    },
    outputOf: (id, step) => handedOnBy(hold.run, id, step),
  };
}

/** X5: between the proof of the fence and the promotion lie a look and several tries of the call. */
function guardOf(hold: RunHold, { wayBack }: PlannedStep, { cloud, guard }: Acting): Guard {
  if (wayBack !== "irreversible") return hold;
  const { id } = hold.run.plan;
  return hold.forCommit(() => ({ atMs: guard.provedMs(id), countsForMs: proofCountsForMs(cloud.clock) }));
}

/** X6: what one step of a plan may do, each part by the role that enters it. */
export function permittedFor(
  deps: Pick<ExecutorDeps, "steps">,
  run: RunState,
  step: PlannedStep,
): readonly Permission[] {
  const { roles } = step;
  const permitted = permissionsOf(definitionOf(deps, run.plan, step.id), inputOf(run, step));
  if (addsAtMost(step.role)) refuseBeyondAdding(step, permitted);
  return permitted.map((permission) => (permission.roles || !roles ? permission : { ...permission, roles }));
}

/** G1: a step does not say by itself that it changes nothing. */
function refuseBeyondAdding({ does, role }: PlannedStep, permitted: readonly Permission[]): void {
  const beyond = beyondAdding(permitted);
  if (beyond.length === 0) return;
  throw new Bug("step-beyond-adding", `Step ${does} is planned as ${role}, and asks for ${beyond.join(", ")}`);
}

/** A step that cannot read its own input may do nothing; it says so itself when it is asked. */
function permissionsOf(step: StoredStep, input: PlannedStep["input"]): readonly Permission[] {
  try {
    return step.permissions(input);
  } catch (error) {
    if (error instanceof ZodError) return [];
    throw error;
  }
}

export function definitionOf(deps: Pick<ExecutorDeps, "steps">, plan: RunState["plan"], stepId: string): StoredStep {
  const { does, role } = stepOf(plan, stepId);
  const step = deps.steps[does];
  if (!step) throw new Bug("step-unknown", `This version of TwoKey has no step called ${does}`);
  // What a plan may do with how many keys depends on the roles of its steps, so a plan cannot say them by itself.
  if (step.role !== role) throw new Bug("step-role", `Step ${does} is planned as ${role}, and it is ${step.role}`);
  return {
    ...step,
    run: (input, context) => step.run(input, context).catch(askPeople),
    verify: (input, data, context) => step.verify(input, data, context).catch(askPeople),
  };
}

/** What only a mistake in our own code throws. */
const FAULTS = [Bug, TypeError, RangeError, ReferenceError, ZodError];
export const isFault = (error: unknown): boolean => FAULTS.some((fault) => error instanceof fault);

/** A step that is broken breaks at every try, and may have asked for something: people have to look, and are called. */
function askPeople(error: unknown): never {
  if (endsTheDrive(error) || !isFault(error)) throw error;
  const why = `TwoKey itself failed here, and nobody knows what it had asked for: ${chainOf(error)}`;
  throw new StepFailed("step-broken", why, { facts: { mustAsk: true }, cause: error });
}
