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
 * Before the first call of a fence, and of each part of it: what stands there now, which may not be what was seen before. Users wait
 * for it, so what gives no answer shortly counts as it was seen then.
 */
export async function standingNow(
  { hold: { run }, step, deps, context }: Capturing,
  what: "next-part" | undefined,
): Promise<RunState["captured"]> {
  const planned = firstToCapture(run, step);
  const isDue = planned !== undefined || (what === "next-part" && step.role === "protects");
  const looked = isDue ? await lookedInTime(run, deps, context.signal) : undefined;
  const seen = looked?.kind === "back" ? looked.captured : undefined;
  return planned || seen ? { ...planned, ...seen } : undefined;
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
