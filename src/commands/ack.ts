import { UserError } from "../domain/errors.ts";
import { isOpen } from "../domain/incident/incident.ts";
import { mayAcknowledge } from "../domain/incident/page.ts";
import { readPageValue } from "../domain/incident/page-copy.ts";
import { acknowledge, isAnswered } from "../flows/incident/paging/acknowledge.ts";
import { ACK_WORDS } from "../views/store-answers.ts";
import { changeIncident, closedAnswer, type IncidentCommandDeps, incidentMeant } from "./incident-deps.ts";
import { type Answer, type Ask, whisper } from "./intent.ts";
import { personOf } from "./run-deps.ts";
import { toldOf } from "./told.ts";

/** `/dr ack`: stops every page that has not started. Only a listed responder's counts; it is no key for a failover. */
export async function ack(
  ask: Ask,
  deps: Pick<IncidentCommandDeps, "incidents" | "inventory" | "clock" | "wake">,
): Promise<Answer> {
  const person = personOf(ask, deps.inventory());
  if (person === undefined || !mayAcknowledge(person)) {
    throw new UserError("ack-not-responder", "Only listed responders can acknowledge. Paging goes on.");
  }
  const { incident: value, ladder } = ask.value === undefined ? {} : readPageValue(ask.value);
  const meant = value === undefined ? ask : { ...ask, value };
  const { incident } = await toldOf(ACK_WORDS, () => incidentMeant(meant, deps));
  if (!isOpen(incident)) return closedAnswer(incident);
  const { id: by, name } = person;
  let isAll = true;
  const hasChanged = await toldOf(ACK_WORDS, () =>
    changeIncident(incident.id, deps, (current, nowMs) => {
      const changed = acknowledge(current, { by, name, door: ask.who.proof.door, pagedBy: ladder }, nowMs);
      isAll = isAnswered(changed?.value ?? current);
      return changed;
    }),
  );
  const rest = isAll
    ? "Paging about it stops; a plan that waits goes on calling for keys."
    : "Paging stops for this page; who was asked for since is still paged.";
  return whisper(
    hasChanged
      ? `You acknowledged ${incident.title}. ${rest}`
      : "Nothing was changed: you had answered already, or it was closed meanwhile.",
  );
}
