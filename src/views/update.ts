import type { Card, Form, FormField } from "../domain/card/card.ts";
import type { Incident, InitialFields, UpdateFields } from "../domain/incident/incident.ts";
import { headlineOf } from "./incident.ts";
import { withEnd } from "./room.ts";
import { sections } from "./sections.ts";

/** Labels of the templates of the communication plan, in the order in which people read them. */
const UPDATE_LABELS: readonly (readonly [keyof UpdateFields, string])[] = [
  ["status", "Current status"],
  ["progress", "Progress"],
  ["challenges", "Challenges"],
  ["eta", "ETA"],
];
export function updateCard(
  incident: Incident,
  { number, fields, late }: { readonly number: number; readonly fields: UpdateFields; readonly late: boolean },
): Card {
  const title = `Status update ${number}${late ? " (late)" : ""}`;
  return {
    text: `${title}, ${headlineOf(incident)}: ${fields.status}`,
    severity: incident.severity,
    parts: [
      { kind: "heading", text: title },
      { kind: "note", text: headlineOf(incident) },
      ...sections(UPDATE_LABELS, fields),
    ],
  };
}

/** The draft while it can be edited, and what became of it afterwards. */
export function updateDraftCard(incident: Incident, number: number): Card | undefined {
  const { update } = incident;
  if (update.number > number || incident.state !== "open") {
    const text = `Draft of status update ${number}: ${update.number > number ? "it went out" : "no longer needed"}`;
    return { text, parts: [{ kind: "note", text }] };
  }
  if (update.draft === undefined || update.dueAtMs === undefined) return undefined;
  const edited = update.editedBy === undefined ? "Filled in from facts" : "Edited";
  return {
    text: `Draft of status update ${number}: ${update.draft.status}`,
    parts: [
      { kind: "heading", text: `Draft of status update ${number}` },
      { kind: "text", text: [`${edited}. It goes out at `, { timeMs: update.dueAtMs }, " as it stands."] },
      ...sections(UPDATE_LABELS, update.draft),
      { kind: "buttons", buttons: [{ label: "Edit", intent: "update", value: incident.id, style: "primary" }] },
    ],
  };
}

export function updateForm(incident: Incident, initial: UpdateFields): Form {
  return {
    title: `Status update ${incident.update.number}`,
    intent: "update",
    context: incident.id,
    intro: [{ kind: "note", text: headlineOf(incident) }],
    fields: [
      ...UPDATE_LABELS.map(([id, label]): FormField => ({ id, label, kind: "paragraph", initial: initial[id] })),
      {
        id: "when",
        label: "When",
        kind: "choice",
        initial: "due",
        choices: [
          ["due", "When the next update is due"],
          ["now", "Now"],
        ],
      },
    ],
    submit: "Save",
  };
}

/** What the first message says; every part is filled in from what is known, and says so where nothing is. */
export function initialFields(incident: Incident): InitialFields {
  const [alert] = incident.alerts;
  // Who is not listed has no id here.
  const who = alert ? "an alarm" : "a person";
  const steps = incident.escalation.severities[incident.severity]?.steps.length ?? 0;
  return {
    description: incident.description || incident.title,
    assessment: alert
      ? `${incident.severity.toUpperCase()}, from the rule for ${alert.name}: ${withEnd(alert.reason || "no reason given")} Nobody has confirmed it yet.`
      : `${incident.severity.toUpperCase()}, as declared. Nobody has confirmed it yet.`,
    actions: `Opened by ${who}; responders invited; ${steps} escalation steps started for ${incident.severity.toUpperCase()}.`,
    nextSteps:
      "Acknowledge, say what is affected, and decide whether to move the service (/dr help). Status updates follow here.",
  };
}

export function initialCard(incident: Incident): Card {
  const { description, assessment, actions, nextSteps } = initialFields(incident);
  return {
    text: [headlineOf(incident), ...(description === incident.title ? [] : [description])].join(". "),
    severity: incident.severity,
    parts: [
      { kind: "heading", text: "First notification" },
      { kind: "note", text: headlineOf(incident) },
      { kind: "text", text: [{ bold: "What happened" }, `\n${description}`] },
      { kind: "text", text: [{ bold: "Initial assessment" }, `\n${assessment}`] },
      { kind: "text", text: [{ bold: "Actions taken" }, `\n${actions}`] },
      { kind: "text", text: [{ bold: "Next steps" }, `\n${nextSteps}`] },
    ],
  };
}
