import { z } from "zod";
import type { PlannedStep } from "./plan.ts";
import { type RunState, stateOf } from "./run.ts";

/** Output of a step that failed and that nothing waits for: what people do in its place, as a sentence with the command. */
export const LeftOutput = z.object({ left: z.string() });

/** What the step leaves to people; undefined: it did its work, or has not ended. */
export function leftOf(run: RunState, step: string): string | undefined {
  const { state, output } = stateOf(run, step);
  return state === "done" ? LeftOutput.safeParse(output).data?.left : undefined;
}

/** What people have to see to after the run, each as a sentence or two: what the plan says, and what steps could not do. */
export const leftToPeople = (run: RunState): readonly string[] => [
  ...(run.plan.leftForPeople ?? []),
  ...run.plan.steps.flatMap(({ id }) => leftOf(run, id) ?? []),
];

/** Steps that nobody measured: people went on without them. */
export function unmeasuredSteps(run: RunState): PlannedStep[] {
  return run.plan.steps.filter(({ id }) => stateOf(run, id).state === "skipped");
}
