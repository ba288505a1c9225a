import { UserError } from "../domain/errors.ts";
import { timelineCard } from "../views/timeline.ts";
import { refuseUnlessShown } from "./access.ts";
import { type IncidentCommandDeps, incidentMeant } from "./incident-deps.ts";
import type { Answer, Ask } from "./intent.ts";

/** `/dr timeline`: what happened so far, for the asker alone. */
export async function timeline(ask: Ask, deps: IncidentCommandDeps): Promise<Answer> {
  const { incident, args } = await incidentMeant(ask, deps);
  refuseUnlessShown(ask, incident.services, deps.inventory());
  const [unknown] = args;
  if (unknown !== undefined)
    throw new UserError(
      "incident-unknown",
      `There is no incident ${unknown}. ${incident.id} (${incident.title}) is meant without a name: /dr timeline`,
    );
  return { kind: "whisper", card: timelineCard(incident, await deps.timeline(incident.id)) };
}
