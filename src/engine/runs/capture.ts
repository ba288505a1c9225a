import { firstToCapture } from "../../domain/plan-run/fence.ts";
import type { PlannedStep } from "../../domain/plan-run/plan.ts";
import type { RunState } from "../../domain/plan-run/run.ts";
import type { StepContext } from "../../ports/step.ts";
import type { ExecutorDeps } from "./executor-deps.ts";
import { lookedInTime } from "./fence-guard.ts";
import type { RunHold } from "./journal.ts";

interface Capturing {
  readonly hold: RunHold;
  readonly step: PlannedStep;
  readonly deps: ExecutorDeps;
  readonly context: Pick<StepContext, "signal">;
}

export interface Seen {
  readonly input: PlannedStep["input"] | undefined;
  readonly captured: RunState["captured"];
  /** What stayed closed since an earlier fence; absent: nobody looked. */
  readonly closed?: readonly string[];
}

/**
 * Before the first call of a fence: what stands there now, which may not be what the plan saw. Users wait for it, so what gives
 * no answer shortly counts as it was planned.
 */
export async function standingNow({ hold: { run }, step, deps, context }: Capturing): Promise<RunState["captured"]> {
  const planned = firstToCapture(run, step);
  if (!planned) return undefined;
  const looked = await lookedInTime(run, deps, context.signal);
  return { ...planned, ...(looked.kind === "back" ? looked.captured : undefined) };
}

/**
 * The old side was dark when the plan was made, and answers now: the next intent says what stands there. Past the point of
 * no return a side that answers and may not be read is closed all the same, since it may take writes.
 */
export async function capture({ hold, step, deps, context }: Capturing, opened: readonly string[]): Promise<Seen> {
  const looked = await deps.oldSide(hold.run, { signal: context.signal });
  const captured = looked.kind === "back" ? looked.captured : undefined;
  const isUnreadable = looked.kind === "moved-back" || (looked.kind === "back" && looked.refused.length > 0);
  const closed = looked.kind === "back" ? looked.closed.filter((resource) => !opened.includes(resource)) : [];
  return { captured, closed, input: isUnreadable && hold.run.pastNoReturn ? step.input : undefined };
}
