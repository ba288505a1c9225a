import { UserError } from "../domain/errors.ts";
import { nameOfAlarm } from "../domain/incident/alert.ts";
import { type Incident, isOpen } from "../domain/incident/incident.ts";
import { LATER_PARTS, ResolutionFields, stillToWrite } from "../domain/incident/resolution.ts";
import type { AgainstClosing } from "../flows/incident/life/against-closing.ts";
import { addToResolution, resolveIncident } from "../flows/incident/life/changes.ts";
import type { MeasuredOf } from "../flows/incident/life/incident-runs.ts";
import { sayAgainst } from "../views/alarm-reads.ts";
import { addForm, resolveForm } from "../views/resolution.ts";
import { RESOLVE_WORDS } from "../views/store-answers.ts";
import {
  actorOf,
  changeIncident,
  closedAnswer,
  type IncidentCommandDeps,
  incidentMeant,
  type Meant,
} from "./incident-deps.ts";
import { type Answer, type Ask, whisper } from "./intent.ts";
import { missingFields } from "./missing-fields.ts";
import { toldOf } from "./told.ts";

const LABELS = { details: "Say what resolved it" };
const FIELDS = ["details", ...LATER_PARTS] as const;

/**
 * `/dr resolve`: what resolved it is required, in the form or in quotes; impact, follow-ups and lessons may come later, by the same
 * verb. And why, where alarms of it are in ALARM or nobody knows whether they are, where users get no good answer, or a plan waits
 * for keys.
 */
export function resolve(ask: Ask, deps: IncidentCommandDeps): Promise<Answer> {
  return toldOf(RESOLVE_WORDS, () => resolved(ask, deps));
}

/** Without quotes all of it says what resolved it. */
const wordsOf = ({ text }: Ask, args: readonly string[]): readonly string[] =>
  /["“”]/.test(text) ? args : [args.join(" ")];

/** By the form's fields or the place of the words; what is empty is not given. */
function givenIn(ask: Ask, args: readonly string[], places: readonly string[]): Readonly<Record<string, string>> {
  const given = ask.fields ?? Object.fromEntries(places.map((field, at) => [field, wordsOf(ask, args)[at] ?? ""]));
  return Object.fromEntries(Object.entries(given).filter(([, text]) => text.trim() !== ""));
}

async function resolved(ask: Ask, deps: IncidentCommandDeps): Promise<Answer> {
  const { incident, args } = await incidentMeant(ask, deps);
  if (!isOpen(incident)) return added(ask, deps, { incident, args });
  refuseElsewhere(ask, { incident, args });
  await refuseDuringRun(incident, deps);
  const speaking = await deps.againstClosing(incident);
  const against = sayAgainst(speaking);
  if (ask.fields === undefined && args.length === 0) return { kind: "form", form: resolveForm(incident, against) };
  const given = givenIn(ask, args, [...FIELDS, "despite"]);
  const labels = against === undefined ? LABELS : { ...LABELS, despite: `${against} Say why it is resolved` };
  const missing = missingFields(labels, given);
  if (Object.keys(missing).length > 0) {
    if (ask.fields) return { kind: "field-errors", errors: missing };
    throw incomplete(Object.keys(missing), against);
  }
  const fields = ResolutionFields.parse(partsOf(given, FIELDS));
  const actor = actorOf(ask, deps.inventory());
  const actuals = actualsOf(incident, await deps.measured(incident));
  const despite = against === undefined ? undefined : { ...namesOf(speaking), why: given["despite"] ?? "" };
  const hasChanged = await changeIncident(incident.id, deps, (current, nowMs) =>
    resolveIncident(current, { fields, by: actor.name, despite, ...actuals }, { actor, nowMs }),
  );
  return whisper(hasChanged ? `Resolved: ${incident.title}.` : "It was closed meanwhile: nothing was changed.");
}

const partsOf = (given: Readonly<Record<string, string>>, parts: readonly string[]) =>
  Object.fromEntries(parts.flatMap((part) => (given[part] === undefined ? [] : [[part, given[part]]])));

/** The only incident that is open may be another one than that of this room, whose words these are. */
function refuseElsewhere({ channel, value, args: typed }: Ask, { incident, args }: Meant): void {
  const isNamed = value !== undefined || typed.length > args.length;
  if (isNamed || channel === undefined || incident.channel === undefined || channel === incident.channel.id) return;
  throw new UserError(
    "resolve-elsewhere",
    `The incident that is open is ${incident.id} (${incident.title}), and this is not its channel. Nothing was changed. Say it there, or name it: /dr resolve ${incident.id}`,
  );
}

/** What was not known when it was resolved. */
async function added(ask: Ask, deps: IncidentCommandDeps, { incident, args }: Meant): Promise<Answer> {
  const { resolution } = incident;
  const left = resolution === undefined ? [] : stillToWrite(resolution.fields);
  if (resolution === undefined || left.length === 0) return closedAnswer(incident);
  if (ask.fields === undefined && args.length === 0) return { kind: "form", form: addForm(incident, resolution) };
  // Words for an incident that somebody else has resolved meanwhile: nobody knows which part they were meant for.
  if (ask.fields === undefined || "details" in ask.fields) return closedAnswer(incident);
  const later = ResolutionFields.partial().parse(partsOf(givenIn(ask, args, left), left));
  const actor = actorOf(ask, deps.inventory());
  const hasChanged = await changeIncident(incident.id, deps, (current, nowMs) =>
    addToResolution(current, later, { actor, nowMs }),
  );
  return whisper(
    hasChanged ? `Added to the resolution: ${incident.title}.` : "Nothing was written: nothing was changed.",
  );
}

function incomplete(missing: readonly string[], against: string | undefined): UserError {
  if (missing.join() === "despite")
    return new UserError(
      "resolution-despite",
      `${against} Nothing was changed. Say why it is resolved as a fifth part, and "" for what is not known yet: /dr resolve "details" "impact" "follow-ups" "lessons" "why"`,
    );
  return new UserError(
    "resolution-incomplete",
    'Say in quotes what resolved it, and what is known besides: /dr resolve "details" "impact" "follow-ups" "lessons"',
  );
}

/** Alarms that are kept by name; a storm has thousands. */
const MOST_KEPT = 50;

const namesOf = ({ alarms, unknownIn, down, plans }: AgainstClosing) => ({
  alarms: alarms.slice(0, MOST_KEPT).map(nameOfAlarm),
  unknownIn: [...unknownIn],
  down: down.map((each) => ({ ...each })),
  plans: [...plans],
});

async function refuseDuringRun(incident: Incident, deps: IncidentCommandDeps): Promise<void> {
  const run = await deps.runInProgress(incident);
  if (run !== undefined)
    throw new UserError(
      "resolve-during-run",
      `Not while a run is still under way: ${run}. Resolve the incident when it has ended. Nothing was changed.`,
    );
}

/** Actual RTO counts from when the trouble was first seen; without a run nothing was measured and nothing is claimed. */
export function actualsOf(incident: Incident, { restoredAtMs, lost }: MeasuredOf) {
  const rtoMs = restoredAtMs === undefined ? undefined : Math.max(0, restoredAtMs - incident.firstSeenAtMs);
  return { rtoMs, lost };
}
