import { Bug } from "../../domain/errors.ts";
import {
  type Changed,
  type Duty,
  type DutyRow,
  type DutySpec,
  dutiesFrom,
  nextDueAt,
} from "../../domain/incident/duty.ts";
import type { Incident } from "../../domain/incident/incident.ts";
import type { Change } from "../../ports/documents.ts";
import { ANNOUNCE_DUTIES, announceCalls } from "./comms/announce.ts";
import { INVITE_DUTIES, inviteCalls } from "./comms/invite.ts";
import { RESPONSE_DUTIES, responseCalls } from "./comms/response.ts";
import { UPDATE_DUTIES, updateCalls } from "./comms/update.ts";
import type { IncidentDeps } from "./deps.ts";
import { RESOLVE_DUTIES, resolveCalls } from "./life/resolve.ts";
import { DEADLINE_DUTIES, deadlineCalls } from "./paging/deadlines.ts";
import { PAGE_DUTIES } from "./paging/page.ts";
import { pageCalls } from "./paging/page-calls.ts";
import { COPY_DUTIES, copyCalls } from "./paging/page-copies.ts";
import { SYNC_DUTIES, syncCalls } from "./paging/pager-sync.ts";

/** Every duty of an incident: what should have happened by now, from its state alone. */
export const INCIDENT_DUTIES: readonly DutySpec<Incident>[] = [
  ...PAGE_DUTIES,
  ...COPY_DUTIES,
  ...SYNC_DUTIES,
  ...DEADLINE_DUTIES,
  ...ANNOUNCE_DUTIES,
  ...INVITE_DUTIES,
  ...UPDATE_DUTIES,
  ...RESPONSE_DUTIES,
  ...RESOLVE_DUTIES,
];

export function dutiesOf(incident: Incident, nowMs: number): Duty[] {
  return dutiesFrom(INCIDENT_DUTIES, incident, nowMs);
}

/** A change with the time at which somebody has to look at the incident again. */
export function dueChange({ value, events }: Changed<Incident>, nowMs: number): Change<Incident> {
  return { value, events, dueAtMs: nextDueAt(dutiesOf(value, nowMs), value.duties) };
}

/** The same table with the hands that do it. */
export function incidentRows(deps: IncidentDeps): DutyRow<Incident>[] {
  const calls = {
    ...pageCalls(deps),
    ...copyCalls(deps),
    ...syncCalls(deps),
    ...deadlineCalls(deps),
    ...announceCalls(deps),
    ...inviteCalls(deps),
    ...updateCalls(deps),
    ...responseCalls(deps),
    ...resolveCalls(deps),
  };
  return INCIDENT_DUTIES.map((spec) => {
    const perform = calls[spec.kind];
    if (perform === undefined) throw new Bug("duty-without-hands", `Nothing performs the duty ${spec.kind}`);
    return { ...spec, perform };
  });
}
