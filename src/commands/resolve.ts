import { UserError } from "../domain/errors.ts";
import { type Incident, isOpen, ResolutionFields } from "../domain/incident/incident.ts";
import { resolveIncident } from "../flows/incident/life/changes.ts";
import type { Measured } from "../flows/runbooks/runbook.ts";
import { resolveForm } from "../views/update.ts";
import { actorOf, changeIncident, closedAnswer, type IncidentCommandDeps, incidentMeant } from "./incident-deps.ts";
import { type Answer, type Ask, whisper } from "./intent.ts";
import { missingFields } from "./missing-fields.ts";

const LABELS = {
  details: "Say what resolved it",
  impact: "Say who was affected, and how long",
  followUps: "Say what has to be done, or “none”",
  lessons: "Say what was learned, or “none yet”",
};
const FIELDS = ["details", "impact", "followUps", "lessons"] as const;

/** `/dr resolve`: the four parts of the resolution are required, in the form or as four quoted arguments. */
export async function resolve(ask: Ask, deps: IncidentCommandDeps): Promise<Answer> {
  const { incident, args } = await incidentMeant(ask, deps);
  if (!isOpen(incident)) return closedAnswer(incident);
  await refuseDuringRun(incident, deps);
  if (ask.fields === undefined && args.length === 0) return { kind: "form", form: resolveForm(incident) };
  const given: Readonly<Record<string, string>> =
    ask.fields ??
    Object.fromEntries(FIELDS.flatMap((field, index) => (args[index] === undefined ? [] : [[field, args[index]]])));
  const missing = missingFields(LABELS, given);
  if (Object.keys(missing).length > 0) {
    if (ask.fields) return { kind: "field-errors", errors: missing };
    throw new UserError(
      "resolution-incomplete",
      'Give four parts: /dr resolve "details" "impact" "follow-ups" "lessons"',
    );
  }
  const fields = ResolutionFields.parse(Object.fromEntries(FIELDS.map((field) => [field, given[field]])));
  const actor = actorOf(ask, deps.inventory());
  const actuals = actualsOf(incident, await deps.measured(incident));
  const hasChanged = await changeIncident(incident.id, deps, (current, nowMs) =>
    resolveIncident(current, { fields, by: actor.name, ...actuals }, { actor, nowMs }),
  );
  return whisper(hasChanged ? `Resolved: ${incident.title}.` : "It was closed meanwhile: nothing was changed.");
}

async function refuseDuringRun(incident: Incident, deps: IncidentCommandDeps): Promise<void> {
  const run = await deps.runInProgress(incident);
  if (run !== undefined)
    throw new UserError(
      "resolve-during-run",
      `Not while a run is still under way: ${run}. Resolve the incident when it has ended. Nothing was changed.`,
    );
}

/** Actual RTO counts from when the trouble was first seen; without a run nothing was measured and nothing is claimed. */
export function actualsOf(incident: Incident, { restoredAtMs, dataLossMs }: Measured) {
  const rtoMs = restoredAtMs === undefined ? undefined : Math.max(0, restoredAtMs - incident.firstSeenAtMs);
  return { rtoMs, rpoMs: dataLossMs };
}
