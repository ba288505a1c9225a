import { ALARM_READS_ID, type AlarmReads, isUnread } from "../../../domain/incident/alarm-reads.ts";
import { ALERT_LABEL, type AlertDocument, regionOfAlarm } from "../../../domain/incident/alert.ts";
import type { Incident } from "../../../domain/incident/incident.ts";
import { readable } from "../../../domain/readable.ts";
import { sayFailure } from "../../../domain/service/health.ts";
import type { Observation } from "../../../domain/service/observation.ts";
import type { Documents } from "../../../ports/documents.ts";
import type { Runs } from "../../../ports/runs.ts";

/** What speaks against closing an incident. */
export interface AgainstClosing {
  /** ARNs, or what else identifies an alert. */
  readonly alarms: readonly string[];
  /** Regions of its alarms whose states are not known now. */
  readonly unknownIn: readonly string[];
  /** Services whose users got no good answer when they were last asked, with what they got. */
  readonly down: readonly { readonly service: string; readonly gives: string }[];
  /** Plans that wait for keys. */
  readonly plans: readonly string[];
}

export interface AgainstSources {
  readonly alerts: Pick<Documents<AlertDocument>, "openIds">;
  readonly alarmReads: Pick<Documents<AlarmReads>, "get">;
  /** The newest look at a service. */
  readonly seen: {
    get(service: string): Promise<{ readonly value: { readonly observation: Observation } } | undefined>;
  };
  readonly runs: Pick<Runs, "openIds" | "read">;
  readonly nowMs: () => number;
}

/** A look that is older says nothing about now. */
const STALE_MS = 10 * 60_000;

/**
 * By what was heard and read of its alarms, and of those of the incidents that were merged into it, by the newest look at its services
 * and by the plans that wait. Nobody asks AWS.
 */
export async function againstClosing(incident: Incident, sources: AgainstSources): Promise<AgainstClosing> {
  const ids = [incident.id, ...incident.absorbs];
  const [reads, ...found] = await Promise.all([
    sources.alarmReads.get(ALARM_READS_ID),
    ...ids.map((id) => sources.alerts.openIds(ALERT_LABEL.incident(id))),
  ]);
  const regions = new Set(incident.alerts.flatMap(({ fingerprint }) => regionOfAlarm(fingerprint) ?? []));
  const unknownIn = [...regions].filter((region) => {
    const read = reads?.value.regions[region];
    return read === undefined || isUnread(read, sources.nowMs());
  });
  const [down, plans] = await Promise.all([
    Promise.all(incident.services.map((service) => downNow(service, sources))),
    plansThatWait(incident, sources),
  ]);
  return { alarms: [...new Set(found.flat())].toSorted(), unknownIn, down: down.flat(), plans };
}

async function downNow(service: string, { seen, nowMs }: AgainstSources): Promise<AgainstClosing["down"]> {
  const look = (await seen.get(service))?.value.observation;
  if (look === undefined || nowMs() - look.atMs > STALE_MS || look.publicHealth.kind === "healthy") return [];
  return [{ service, gives: sayFailure(look.publicHealth) }];
}

async function plansThatWait({ services }: Incident, { runs }: AgainstSources): Promise<string[]> {
  const { read } = await readable((await runs.openIds()).map((id) => runs.read(id)));
  return read.flatMap((run) =>
    run?.state === "waiting-for-keys" && services.includes(run.plan.service) ? [run.plan.id] : [],
  );
}
