import { type PlannedStep, stepOf } from "./plan.ts";
import { type RunState, type StepState, stateOf } from "./run.ts";

/** The step that a vendor holds up while the run goes on waiting for it: of several the first, since people decide about one at a time. */
export const heldUpStep = (run: RunState): string | undefined => heldUpSteps(run)[0]?.id;

export function heldUpSteps(run: RunState): readonly PlannedStep[] {
  return run.state === "running" ? run.plan.steps.filter(({ id }) => isHeldUp(stateOf(run, id))) : [];
}

/** Of a step that is held up: whether its own look can ever see that people did it in another way meanwhile. */
export const canBeTakenOver = (run: RunState, step: string): boolean =>
  !isHeldUp(stateOf(run, step)) || stepOf(run.plan, step).otherWay === true;

export const isHeldUp = (step: StepState): boolean => isVendors(step) && step.heldUp !== undefined;

/** A vendor is asked for it, or how far it has come. */
export const isVendors = ({ state }: StepState): boolean => state === "intended" || state === "asked";
