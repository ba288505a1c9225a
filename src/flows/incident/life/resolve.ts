import type { DutySpec, OwedDuty, Perform } from "../../../domain/incident/duty.ts";
import { homeChannel, type Incident } from "../../../domain/incident/incident.ts";
import { postOnce } from "../comms/post-once.ts";
import type { IncidentDeps } from "../deps.ts";

/** What is still owed to people after an incident was resolved. */

function afterResolution(key: string, waitsFor?: string) {
  return (incident: Incident): OwedDuty[] => {
    const { closedAtMs } = incident;
    if (incident.state !== "resolved" || closedAtMs === undefined || homeChannel(incident) === undefined) return [];
    return [{ key, dueAtMs: closedAtMs, ...(waitsFor === undefined ? {} : { waitsFor }), subject: {} }];
  };
}

export const RESOLVE_DUTIES: readonly DutySpec<Incident>[] = [
  {
    kind: "resolution",
    says: "Post the resolution: details, impact, follow-ups, lessons, actual RTO and RPO",
    queue: "chat",
    duties: afterResolution("resolution"),
  },
  { kind: "timeline", says: "Post the timeline", queue: "chat", duties: afterResolution("timeline", "resolution") },
];

export function resolveCalls(deps: IncidentDeps): Readonly<Record<string, Perform<Incident>>> {
  return {
    resolution: async (incident, duty, attempt) => {
      const to = { channel: homeChannel(incident) ?? "" };
      const card = deps.voice.resolution(incident);
      return {
        kind: (await postOnce(deps.chat, { to, card, key: `${incident.id}:${duty.key}` }, attempt))
          ? "done"
          : "withdrawn",
      };
    },
    timeline: async (incident, duty, attempt) => {
      const to = { channel: homeChannel(incident) ?? "" };
      const card = deps.voice.timeline(incident, await deps.timeline(incident.id));
      return {
        kind: (await postOnce(deps.chat, { to, card, key: `${incident.id}:${duty.key}` }, attempt))
          ? "done"
          : "withdrawn",
      };
    },
  };
}
