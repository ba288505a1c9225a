import { isMove, onlyAdds, type PlannedStep, type StepRole } from "./plan.ts";
import { type RunState, stateOf } from "./run.ts";

/** What a run that unwound leaves behind, as sentences: by what its steps are for, whatever runbook it followed. */
export function leftBehind(run: RunState): string[] {
  const { plan } = run;
  const begun = (role: StepRole): PlannedStep[] =>
    plan.steps.filter((step) => step.role === role && stateOf(run, step.id).state !== "waiting");
  // Capacity of the new side has no undo on purpose (G7).
  const tasks = begun("prepares").filter(({ wayBack }) => wayBack === "nothing-to-undo");
  const added = begun("adds").map(({ title }) => title);
  return [
    howItStands(run),
    ...(tasks.length > 0 ? [`Extra tasks in ${plan.to} keep running.`] : []),
    ...(added.length > 0 ? [`What it had begun to add stays: ${added.join("; ")}.`] : []),
  ];
}

function howItStands({ plan }: RunState): string {
  if (onlyAdds(plan)) return "It ended early. Nothing that was there before has changed.";
  return isMove(plan) ? `Rolled back. ${plan.from} is as before.` : "Rolled back. Everything is as before.";
}
