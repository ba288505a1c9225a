import type { RunState } from "../../domain/plan-run/run.ts";
import { readable } from "../../domain/readable.ts";
import type { Runs } from "../../ports/runs.ts";

interface Known {
  readonly runs: Pick<Runs, "openIds" | "read" | "ofIncident">;
}

/** Plans and runs of a service that are open, or belong to its open incident, by when they were planned. */
export async function runsOfService(
  service: string,
  incident: string | undefined,
  { runs }: Known,
): Promise<readonly RunState[]> {
  const [open, ofIncident] = await Promise.all([
    runs.openIds(service),
    incident === undefined ? [] : runs.ofIncident(incident),
  ]);
  const { read } = await readable([...new Set([...open, ...ofIncident])].map((id) => runs.read(id)));
  return read
    .filter((run) => run !== undefined)
    .filter(({ plan }) => plan.service === service)
    .toSorted((one, other) => one.plan.madeAtMs - other.plan.madeAtMs);
}
