import { isOpen, UpdateFields } from "../domain/incident/incident.ts";
import { editUpdate } from "../flows/incident/comms/update.ts";
import { UPDATE_WORDS } from "../views/store-answers.ts";
import { updateForm } from "../views/update.ts";
import { actorOf, changeIncident, closedAnswer, type IncidentCommandDeps, incidentMeant } from "./incident-deps.ts";
import { type Answer, type Ask, whisper } from "./intent.ts";
import { missingFields } from "./missing-fields.ts";
import { toldOf } from "./told.ts";

const LABELS = {
  status: "Say the current status",
  progress: "Say what was done",
  challenges: "Say what is in the way, or “none”",
  eta: "Say when, or “not known yet”",
};

/** `/dr update` opens a form that is filled in already; `/dr update <text>` posts the text as the status, now. */
export function update(ask: Ask, deps: IncidentCommandDeps): Promise<Answer> {
  return toldOf(UPDATE_WORDS, () => written(ask, deps));
}

async function written(ask: Ask, deps: IncidentCommandDeps): Promise<Answer> {
  const { incident, args } = await incidentMeant(ask, deps);
  if (!isOpen(incident)) return closedAnswer(incident);
  const text = args.join(" ").trim();
  if (ask.fields === undefined && text === "") {
    return { kind: "form", form: updateForm(incident, incident.update.draft ?? (await deps.facts(incident))) };
  }
  const given = ask.fields ?? { ...(await deps.facts(incident)), status: text, when: "now" };
  const fields = UpdateFields.safeParse({
    status: given["status"],
    progress: given["progress"],
    challenges: given["challenges"],
    eta: given["eta"],
  });
  if (!fields.success) return { kind: "field-errors", errors: missingFields(LABELS, given) };
  const now = given["when"] === "now";
  const actor = actorOf(ask, deps.inventory());
  const edit = { fields: fields.data, now };
  const hasChanged = await changeIncident(incident.id, deps, (current, nowMs) =>
    editUpdate(current, edit, { actor, nowMs }),
  );
  if (!hasChanged)
    return whisper(
      "Too late: the update is going out at this moment. Yours was not saved; please write it as the next one.",
    );
  return whisper(now ? "Your update is going out now." : "Saved. It goes out when the update is due.");
}
