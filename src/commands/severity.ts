import { UserError } from "../domain/errors.ts";
import { type Incident, isOpen } from "../domain/incident/incident.ts";
import { readSeverity, withSeverityJoined } from "../domain/incident/severity.ts";
import { setSeverity } from "../flows/incident/life/changes.ts";
import { severityForm } from "../views/forms.ts";
import { SEVERITY_WORDS } from "../views/store-answers.ts";
import { actorOf, changeIncident, closedAnswer, type IncidentCommandDeps, incidentMeant } from "./incident-deps.ts";
import { type Answer, type Ask, whisper } from "./intent.ts";
import { toldOf } from "./told.ts";

/** `/dr severity <sev1…sev4>`, or a form that asks which: from now on its matrix counts. */
export function severity(ask: Ask, deps: IncidentCommandDeps): Promise<Answer> {
  return toldOf(SEVERITY_WORDS, () => changed(ask, deps));
}

async function changed(ask: Ask, deps: IncidentCommandDeps): Promise<Answer> {
  const [id, shown] = ask.value?.split(" ") ?? [];
  const { incident, args } = await incidentMeant({ ...ask, ...(id !== undefined && { value: id }) }, deps);
  if (!isOpen(incident)) return closedAnswer(incident);
  const named = ask.fields?.["severity"] ?? withSeverityJoined(args)[0];
  if (named === undefined) return { kind: "form", form: severityForm(incident) };
  const wanted = readSeverity(named);
  if (wanted === undefined) throw new UserError("severity-unknown", "Name a severity: sev1, sev2, sev3 or sev4.");
  const actor = actorOf(ask, deps.inventory());
  const hasChanged = await changeIncident(incident.id, deps, (current, nowMs) => {
    if (current.severity !== wanted) refuseUnlessShown(current, shown);
    return setSeverity(current, wanted, { actor, nowMs });
  });
  return whisper(hasChanged ? `Now ${wanted.toUpperCase()}.` : `It is ${wanted.toUpperCase()} already.`);
}

/** Two people may change it at once: who chose beside another severity chose something else. */
function refuseUnlessShown({ severity: present }: Incident, shown: string | undefined): void {
  if (shown === undefined || shown === present) return;
  throw new UserError(
    "severity-moved",
    `It is ${present.toUpperCase()} since, and your form showed ${shown.toUpperCase()}. Nothing was changed. Change it again if you still mean to.`,
  );
}
