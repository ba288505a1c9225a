import type { Incident } from "../../../domain/incident/incident.ts";
import type { LostIn } from "../../../domain/plan-run/lost-writes.ts";
import { isMove } from "../../../domain/plan-run/plan.ts";
import { isOver, type RunState } from "../../../domain/plan-run/run.ts";
import { readable } from "../../../domain/readable.ts";
import type { Runs } from "../../../ports/runs.ts";
import { runbookOf } from "../../runbooks/index.ts";
import type { Measured } from "../../runbooks/runbook.ts";

/** What of an incident its runs are found and judged by. */
type Affected = Pick<Incident, "id" | "services" | "openedAtMs">;

export interface MeasuredOf {
  readonly restoredAtMs?: number | undefined;
  readonly lost?: readonly LostIn[] | undefined;
}

export interface KnownRuns {
  readonly runs: Pick<Runs, "holderOf" | "openIds" | "ofIncident" | "read">;
}

/** Runs that belong to an incident, or that began since on one of its services; newest last. */
export const runsOf = async (incident: Affected, known: KnownRuns): Promise<readonly RunState[]> =>
  (await foundOf(incident, known)).runs;

async function foundOf(incident: Affected, { runs }: KnownRuns) {
  const own = new Set<string>();
  for (const service of incident.services) {
    const holder = await runs.holderOf(service);
    if (holder !== undefined) own.add(holder);
  }
  for (const id of await runs.ofIncident(incident.id)) own.add(id);
  const others = (await runs.openIds()).filter((id) => !own.has(id));
  const { read, unreadable } = await readable([...own].map((id) => runs.read(id)));
  // Of another open run that cannot be read nobody knows what it is about: the board names it.
  const strangers = await readable(others.map((id) => runs.read(id)));
  const found = [...read, ...strangers.read]
    .filter((run) => run !== undefined)
    .filter((run) => run.plan.incident === incident.id || incident.services.includes(run.plan.service))
    .filter((run) => run.plan.madeAtMs >= incident.openedAtMs || run.plan.incident === incident.id)
    .sort((a, b) => a.plan.madeAtMs - b.plan.madeAtMs);
  return { runs: found, unreadable };
}

/** The run that is changing something for it now. */
export async function runUnderWay(incident: Affected, known: KnownRuns): Promise<RunState | undefined> {
  return (await runsOf(incident, known)).find((run) => !isOver(run) && run.startedAtMs !== undefined);
}

/** When users were served again, and what is known of the lost writes of each move that has promoted something. */
export async function measuredOf(incident: Affected, known: KnownRuns): Promise<MeasuredOf> {
  const { runs, unreadable } = await foundOf(incident, known);
  const moves = runs.filter((run) => isMove(run.plan) && isEnded(run));
  const measured = await Promise.all(moves.map(async (run) => ({ run, ...(await measuredBy(run, known)) })));
  const lost = measured.map(({ run: { plan, state }, lost: writes }): LostIn => {
    const isKnown = state === "verified" && writes !== undefined;
    return { of: `${plan.service} to ${plan.to}`, writes: isKnown ? writes : { kind: "unknown" } };
  });
  const unknown = unreadable.map(({ message }): LostIn => ({ of: message, writes: { kind: "unknown" } }));
  return { restoredAtMs: restoredIn(measured), lost: [...lost, ...unknown] };
}

/** The last of the services that were moved; of each its first move, for the way home restores nothing. */
function restoredIn(measured: readonly ({ readonly run: RunState } & Measured)[]): number | undefined {
  const verified = measured.filter(({ run }) => run.state === "verified");
  const first = new Map(verified.toReversed().map(({ run, restoredAtMs }) => [run.plan.service, restoredAtMs]));
  const restored = [...first.values()].filter((atMs) => atMs !== undefined);
  return restored.length > 0 && restored.length === first.size ? Math.max(...restored) : undefined;
}

/**
 * It is verified, or was given up when it had promoted something: not a plan that never started, nor a run whose promotion never
 * happened. A plan for its rest speaks for one that was superseded.
 */
const isEnded = ({ state, pastNoReturn, startedAtMs }: RunState): boolean =>
  state === "verified" || (pastNoReturn && startedAtMs !== undefined && state !== "superseded" && state !== "unwound");

/** The newest plan or run, with what it measured where it has ended as verified. */
export async function newestRunOf(incident: Affected, known: KnownRuns) {
  const run = (await runsOf(incident, known)).at(-1);
  return run && { run, measured: run.state === "verified" ? await measuredBy(run, known) : {} };
}

const measuredBy = (run: RunState, { runs }: KnownRuns) =>
  runbookOf(run.plan).measure(run, { read: (id) => runs.read(id) });
