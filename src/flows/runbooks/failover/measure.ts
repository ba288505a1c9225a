import { lossMs } from "../../../domain/plan-run/data-position.ts";
import { type RunState, stateOf } from "../../../domain/plan-run/run.ts";
import { handedOnBy, outputOf, outputsOf } from "../../../ports/handed-on.ts";
import { KINDS } from "../../resources/index.ts";
import type { KindSeen } from "../../resources/places.ts";
import { checkPublic } from "../../steps/check-public.ts";
import type { Measured, Measuring } from "../runbook.ts";

/** When users were served again, and how much was lost, from the run's own recorded measurements. */
export async function measure(run: RunState, { firstSeenAtMs, read }: Measuring): Promise<Measured> {
  const committed = await committedIn(run, read);
  const lastCommitMs = earliestPosition(committed);
  return {
    restoredAtMs: outputOf(run, checkPublic)?.verifiedAtMs,
    dataLossMs:
      lastCommitMs === undefined
        ? undefined
        : withOpenSessions(
            committed,
            withLateWrites(run, lastCommitMs, lostBy(committed, lastCommitMs, firstSeenAtMs)),
          ),
  };
}

/** Of the store that had followed least far; undefined where nobody knows it of every store. */
function earliestPosition(run: RunState): number | undefined {
  const steps = KINDS.flatMap(({ store }) => store?.move?.measuredBy ?? []);
  const positions = steps.flatMap((step) => outputsOf(run, step)).map((output) => output?.lastCommitMs ?? undefined);
  const known = positions.filter((position) => position !== undefined);
  return known.length > 0 && known.length === positions.length ? Math.min(...known) : undefined;
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

/** An old side that was opened again may have taken writes until it was fenced again; before that nobody knows how many. */
function withLateWrites({ watch }: RunState, lastCommitMs: number, lostMs: number): number | undefined {
  if (watch.lostAtMs === undefined) return lostMs;
  if (watch.state !== "fenced" || watch.endedAtMs === undefined) return undefined;
  return Math.max(lostMs, watch.endedAtMs - lastCommitMs);
}

/** Programs that were connected to the old side may go on writing there: an acceptance of this plan (`acceptances.ts`). */
const leavesSessionsOpen = ({ acceptances }: RunState["plan"]): boolean =>
  acceptances.some(({ id }) => id === "sessions-not-proven");

/** Of sessions that people agreed to in words nobody knows whether they wrote: never a loss of none (G20). */
function withOpenSessions({ plan }: RunState, lostMs: number | undefined): number | undefined {
  return leavesSessionsOpen(plan) && lostMs === 0 ? undefined : lostMs;
}

/** At most so much: up to the outage or, where commits went on after that was first seen, to the promotion. */
function lostBy(run: RunState, lastCommitMs: number, firstSeenAtMs: number): number {
  // The standby had every commit of writers that were stopped.
  if (run.plan.dataLoss.kind === "none") return 0;
  // RDS has taken it by the time at which that is written down; what people promoted, by the time at which it was seen.
  const committed = run.plan.steps.flatMap(({ id, role }) => {
    if (role !== "commits") return [];
    const { state, startedAtMs, askedAtMs, endedAtMs } = stateOf(run, id);
    // Of one that was skipped nobody knows when people did something else, or whether.
    const takenAtMs = state === "skipped" ? undefined : askedAtMs;
    return takenAtMs ?? endedAtMs ?? startedAtMs ?? [];
  });
  return lossMs(lastCommitMs, firstSeenAtMs, Math.max(firstSeenAtMs, ...committed));
}
