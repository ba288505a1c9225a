import { inputOf } from "../domain/plan-run/fence.ts";
import type { GiveBack } from "../domain/plan-run/give-back.ts";
import type { PlannedStep } from "../domain/plan-run/plan.ts";
import type { RunState } from "../domain/plan-run/run.ts";
import { STEPS } from "./index.ts";

/** The steps of a way back, each with what people paste for it; without blocks where nobody saw how that stood which it took. */
export function backByHand(run: RunState, { mayHaveHappened, steps }: GiveBack): readonly PlannedStep[] {
  const back = (step: PlannedStep, title: string): PlannedStep => {
    const { silent: _silent, leadsBack: _leadsBack, ...others } = step;
    const byHand = [...(STEPS[step.does]?.backByHand(inputOf(run, step)) ?? [])];
    return { ...others, title, wayBack: "nothing-to-undo", byHand };
  };
  return [
    ...mayHaveHappened.map((step) => back(step, `See that this has not happened: ${step.title}`)),
    ...steps.map((step) => back(step, `Give back: ${step.title}`)),
  ];
}
