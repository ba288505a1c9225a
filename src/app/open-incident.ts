import { openIncidents } from "../commands/incident-deps.ts";
import { INCIDENT_LABEL, type Incident } from "../domain/incident/incident.ts";
import type { Stores } from "./stores.ts";

type Incidents = Pick<Stores, "incidents">;

export async function openIncidentOf(service: string, stores: Incidents): Promise<Incident | undefined> {
  return (await openIncidents(stores, INCIDENT_LABEL.service(service)))[0];
}

/** What the board says about the open incident of a service. */
export async function incidentShown(service: string, stores: Incidents) {
  const incident = await openIncidentOf(service, stores);
  return incident && { id: incident.id, title: incident.title, channel: incident.channel?.id };
}
