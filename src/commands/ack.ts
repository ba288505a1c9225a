import { UserError } from "../domain/errors.ts";
import { isOpen } from "../domain/incident/incident.ts";
import { mayAcknowledge } from "../domain/incident/page.ts";
import { acknowledge } from "../flows/incident/paging/acknowledge.ts";
import { ACK_WORDS } from "../views/store-answers.ts";
import { changeIncident, closedAnswer, type IncidentCommandDeps, incidentMeant } from "./incident-deps.ts";
import { type Answer, type Ask, whisper } from "./intent.ts";
import { personOf } from "./run-deps.ts";
import { toldOf } from "./told.ts";

/** `/dr ack`: stops every page that has not started. Only a listed responder's counts; it is no key for a failover. */
export async function ack(ask: Ask, deps: IncidentCommandDeps): Promise<Answer> {
  const person = personOf(ask, deps.inventory());
  if (person === undefined || !mayAcknowledge(person)) {
    throw new UserError("ack-not-responder", "Only listed responders can acknowledge. Paging goes on.");
  }
  const { incident } = await toldOf(ACK_WORDS, () => incidentMeant(ask, deps));
  if (!isOpen(incident)) return closedAnswer(incident);
  const { id: by, name } = person;
  const hasChanged = await toldOf(ACK_WORDS, () =>
    changeIncident(incident.id, deps, (current, nowMs) =>
      acknowledge(current, { by, name, door: ask.who.proof.door }, nowMs),
    ),
  );
  return whisper(
    hasChanged
      ? `You acknowledged ${incident.title}. Paging about it stops; a plan that waits goes on calling for keys.`
      : "Nothing was changed: you had answered already, or it was closed meanwhile.",
  );
}
