import type { Incident } from "../../../domain/incident/incident.ts";
import type { LostIn } from "../../../domain/plan-run/lost-writes.ts";
import { isMove } from "../../../domain/plan-run/plan.ts";
import { isOver, type RunState } from "../../../domain/plan-run/run.ts";
import { readable } from "../../../domain/readable.ts";
import type { Runs } from "../../../ports/runs.ts";
import { runbookOf } from "../../runbooks/index.ts";

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
export async function runsOf(incident: Affected, { runs }: KnownRuns): Promise<RunState[]> {
  const ids = new Set<string>();
  for (const service of incident.services) {
    const holder = await runs.holderOf(service);
    if (holder !== undefined) ids.add(holder);
  }
  for (const id of await runs.openIds()) ids.add(id);
  for (const id of await runs.ofIncident(incident.id)) ids.add(id);
  const { read } = await readable([...ids].map((id) => runs.read(id)));
  return read
    .filter((run) => run !== undefined)
    .filter((run) => run.plan.incident === incident.id || incident.services.includes(run.plan.service))
    .filter((run) => run.plan.madeAtMs >= incident.openedAtMs || run.plan.incident === incident.id)
    .sort((a, b) => a.plan.madeAtMs - b.plan.madeAtMs);
}

/** The run that is changing something for it now. */
export async function runUnderWay(incident: Affected, known: KnownRuns): Promise<RunState | undefined> {
  return (await runsOf(incident, known)).find((run) => !isOver(run) && run.startedAtMs !== undefined);
}

/** When users were served again after the move that ended last, and what is known of the lost writes of each that has ended. */
export async function measuredOf(incident: Affected, known: KnownRuns): Promise<MeasuredOf> {
  const moves = (await runsOf(incident, known)).filter(({ plan, state }) => state === "verified" && isMove(plan));
  const measured = await Promise.all(moves.map((run) => measuredBy(run, known)));
  const lost = measured.flatMap(({ lost: writes }, at): LostIn[] => {
    const plan = moves[at]?.plan;
    return writes && plan ? [{ service: plan.service, to: plan.to, writes }] : [];
  });
  return { restoredAtMs: measured.at(-1)?.restoredAtMs, lost };
}

/** The newest plan or run, with what it measured where it has ended as verified. */
export async function newestRunOf(incident: Affected, known: KnownRuns) {
  const run = (await runsOf(incident, known)).at(-1);
  return run && { run, measured: run.state === "verified" ? await measuredBy(run, known) : {} };
}

const measuredBy = (run: RunState, { runs }: KnownRuns) =>
  runbookOf(run.plan).measure(run, { read: (id) => runs.read(id) });
