import type { Card } from "../../../domain/card/card.ts";
import type { Duty, DutySpec, OwedDuty, Perform } from "../../../domain/incident/duty.ts";
import { homeChannel, type Incident } from "../../../domain/incident/incident.ts";
import { stillToWrite } from "../../../domain/incident/resolution.ts";
import { postOnce } from "../comms/post-once.ts";
import type { IncidentDeps } from "../deps.ts";

/** What is still owed to people after an incident was resolved. */

/** World time after which its parts that nobody has written are asked for, once. */
const WRITTEN_WITHIN_MS = 3 * 86_400_000;

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
  { kind: "resolution-added", says: "Post what was added to the resolution", queue: "chat", duties: addedDuties },
  {
    kind: "resolution-left",
    says: "Ask, three days after, for what the resolution still lacks",
    queue: "chat",
    duties: leftDuties,
  },
];

function addedDuties(incident: Incident): OwedDuty[] {
  return (incident.resolution?.added ?? []).map(({ atMs }, index) => ({
    ...{ key: `resolution-added:${index}`, dueAtMs: atMs, waitsFor: "resolution", subject: { index } },
  }));
}

function leftDuties(incident: Incident): OwedDuty[] {
  const { resolution, closedAtMs } = incident;
  if (resolution === undefined || closedAtMs === undefined || stillToWrite(resolution.fields).length === 0) return [];
  const dueAtMs = closedAtMs + WRITTEN_WITHIN_MS;
  return [{ key: "resolution-left", dueAtMs, waitsFor: "resolution", subject: {} }];
}

export function resolveCalls(deps: IncidentDeps): Readonly<Record<string, Perform<Incident>>> {
  const post = (cardOf: (incident: Incident, duty: Duty) => Promise<Card> | Card): Perform<Incident> => {
    return async (incident, duty, attempt) => {
      const to = { channel: homeChannel(incident) ?? "" };
      const posting = { to, card: await cardOf(incident, duty), key: `${incident.id}:${duty.key}` };
      return { kind: (await postOnce(deps.chat, posting, attempt)) ? "done" : "withdrawn" };
    };
  };
  return {
    resolution: post((incident) => deps.voice.resolution(incident)),
    timeline: post(async (incident) => deps.voice.timeline(incident, await deps.timeline(incident.id))),
    "resolution-added": post((incident, { subject }) => deps.voice.resolutionAdded(incident, Number(subject["index"]))),
    "resolution-left": post((incident) => deps.voice.resolutionLeft(incident)),
  };
}
