import { timelineCard } from "../views/timeline.ts";
import { type IncidentCommandDeps, incidentMeant } from "./incident-deps.ts";
import type { Answer, Ask } from "./intent.ts";

/** `/dr timeline`: what happened so far, for the asker alone. */
export async function timeline(ask: Ask, deps: IncidentCommandDeps): Promise<Answer> {
  const { incident } = await incidentMeant(ask, deps);
  return { kind: "whisper", card: timelineCard(incident, await deps.timeline(incident.id)) };
}
