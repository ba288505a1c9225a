import { ALARM_READS_ID, type AlarmReads, isUnread } from "../../../domain/incident/alarm-reads.ts";
import { ALERT_LABEL, type AlertDocument, regionOfAlarm } from "../../../domain/incident/alert.ts";
import type { Incident } from "../../../domain/incident/incident.ts";
import type { Documents } from "../../../ports/documents.ts";

/** What speaks against closing an incident. */
export interface StillRinging {
  /** ARNs, or what else identifies an alert. */
  readonly alarms: readonly string[];
  /** Regions of its alarms whose states are not known now. */
  readonly unknownIn: readonly string[];
}

export interface RingingSources {
  readonly alerts: Pick<Documents<AlertDocument>, "openIds">;
  readonly alarmReads: Pick<Documents<AlarmReads>, "get">;
  readonly nowMs: () => number;
}

/** By what was heard and read of its alarms, and of those of the incidents that were merged into it. Nobody asks AWS. */
export async function stillRinging(incident: Incident, sources: RingingSources): Promise<StillRinging> {
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
  return { alarms: [...new Set(found.flat())].toSorted(), unknownIn };
}
