import type { ZodType } from "zod";
import { Bug } from "../domain/errors.ts";
import { stepOf } from "../domain/plan-run/plan.ts";
import { type RunState, stateOf } from "../domain/plan-run/run.ts";
import type { HandOnAlike, HandsOn } from "./step.ts";

/**
 * What one step of a run has handed on; undefined while it has not, or where people went on without it. Throws RangeError
 * where the plan has no such step; Bug where it is another one than is meant, and where a done step has handed on something else.
 */
export function handedOnBy<Output>(
  run: RunState,
  id: string,
  step: HandsOn<Output> | HandOnAlike<Output>,
): Output | undefined {
  const { does, role } = stepOf(run.plan, id);
  const isMeant = "roles" in step ? step.roles.includes(role) : step.name === does;
  if (!isMeant)
    throw new Bug("output-of-another", `Step ${id} of ${run.plan.id} is ${does} (${role}), not what is asked`);
  const { state, output } = stateOf(run, id);
  return state === "done" ? read(step.output, output, `${id} of ${run.plan.id}`) : undefined;
}

/** Throws Bug where something else was handed on. */
export function read<Output>(shape: ZodType<Output>, output: unknown, what: string): Output {
  const parsed = shape.safeParse(output);
  if (parsed.success) return parsed.data;
  throw new Bug("output-unreadable", `What step ${what} has handed on cannot be read: ${parsed.error.message}`);
}

/** What each step of this kind has handed on in this run, as `handedOnBy` says it. */
export const outputsOf = <Output>(run: RunState, step: HandsOn<Output>): (Output | undefined)[] =>
  run.plan.steps.filter(({ does }) => does === step.name).map(({ id }) => handedOnBy(run, id, step));

/** What the newest of them has handed on; undefined where no step measured it. */
export function outputOf<Output>(run: RunState, step: HandsOn<Output>): Output | undefined {
  return outputsOf(run, step).findLast((output) => output !== undefined);
}
