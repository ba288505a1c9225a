import { lostWrites, withOpened } from "../../../domain/plan-run/lost-writes.ts";
import type { RunState } from "../../../domain/plan-run/run.ts";
import { handedOnBy, outputOf } from "../../../ports/handed-on.ts";
import type { KindSeen } from "../../resources/places.ts";
import { checkPublic } from "../../steps/check-public.ts";
import type { Measured, Measuring } from "../runbook.ts";

/** When users were served again, and what is known of lost writes, from the run's own recorded measurements. */
export async function measure(run: RunState, { read }: Measuring): Promise<Measured> {
  const committed = await committedIn(run, read);
  return {
    restoredAtMs: outputOf(run, checkPublic)?.verifiedAtMs,
    lost: withOpened(lostWrites(committed), run),
  };
}

/** World time before which every commit of a store is on the new side, as this run has measured it; undefined: it has not, or nobody knows. */
export function positionMeasured(run: RunState, { kind, id }: KindSeen): number | undefined {
  const measuredBy = kind.store?.move?.measuredBy;
  const step = run.plan.steps.find(({ does, resource }) => does === measuredBy?.name && resource === id);
  return (step && measuredBy && handedOnBy(run, step.id, measuredBy)?.lastCommitMs) ?? undefined;
}

const commitOf = ({ plan }: RunState) => plan.steps.find(({ role }) => role === "commits");

/** The run that promoted: a plan for the rest leaves the promotion out, and leaves its measurement to the run before it. */
async function committedIn(run: RunState, read: Measuring["read"]): Promise<RunState> {
  const before = run.plan.restOf && !commitOf(run) ? await read(run.plan.restOf.run) : undefined;
  return before ? committedIn(before, read) : run;
}
