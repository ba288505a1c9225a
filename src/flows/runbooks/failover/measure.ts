import { lostWrites } from "../../../domain/plan-run/lost-writes.ts";
import type { RunState } from "../../../domain/plan-run/run.ts";
import { runsBefore } from "../../../domain/plan-run/runs-before.ts";
import { handedOnBy, outputOf } from "../../../ports/handed-on.ts";
import type { KindSeen } from "../../resources/places.ts";
import { checkPublic } from "../../steps/check-public.ts";
import type { Measured, Measuring } from "../runbook.ts";

/** When users were served again, and what is known of lost writes, from the recorded measurements of the run and of those whose rest it did. */
export async function measure(run: RunState, { read }: Measuring): Promise<Measured> {
  return {
    restoredAtMs: outputOf(run, checkPublic)?.verifiedAtMs,
    lost: lostWrites(run, await runsBefore(run, read)),
  };
}

/** World time before which every commit of a store is on the new side, as this run has measured it; undefined: it has not, or nobody knows. */
export function positionMeasured(run: RunState, { kind, id }: KindSeen): number | undefined {
  const measuredBy = kind.store?.move?.measuredBy;
  const step = run.plan.steps.find(({ does, resource }) => does === measuredBy?.name && resource === id);
  return (step && measuredBy && handedOnBy(run, step.id, measuredBy)?.lastCommitMs) ?? undefined;
}
