import type { Form, FormField } from "../domain/card/card.ts";
import type { Incident } from "../domain/incident/incident.ts";
import { Severity } from "../domain/incident/severity.ts";
import type { RunState } from "../domain/plan-run/run.ts";
import { headlineOf } from "./incident.ts";

/** What a verb needs and was not given, asked for in a form. Its fields count as if they had been typed. */

/** A choice cannot be empty in Slack. */
export const NO_SERVICE = "unnamed";

const severityField = (initial: Severity): FormField => ({
  id: "severity",
  label: "Severity",
  kind: "choice",
  initial,
  choices: Severity.options.map((each) => [each, each.toUpperCase()]),
});

export interface Declared {
  /** What somebody who knows the verb would type. */
  readonly example: string;
  readonly severity: Severity;
  readonly service: string | undefined;
}

/** `said`: what was typed already. */
export const declareForm = (services: readonly string[], said: Declared): Form => ({
  title: "Declare an incident",
  intent: "declare",
  context: "",
  intro: [
    { kind: "note", text: "A channel is opened, and people are paged as the severity says." },
    { kind: "note", text: ["Or type it: ", { code: `/dr ${said.example}` }] },
  ],
  fields: [
    { id: "what", label: "What is wrong", kind: "line" },
    severityField(said.severity),
    {
      ...{ id: "service", label: "Service", kind: "choice", initial: said.service ?? NO_SERVICE },
      choices: [[NO_SERVICE, "no service, or not known yet"], ...services.map((name) => [name, name] as const)],
    },
  ],
  submit: "Declare",
});

export const severityForm = (incident: Incident): Form => ({
  title: "Change the severity",
  intent: "severity",
  context: `${incident.id} ${incident.severity}`,
  intro: [
    { kind: "note", text: headlineOf(incident) },
    { kind: "note", text: "A higher one pages by its own levels, from the first one on." },
  ],
  fields: [severityField(incident.severity)],
  submit: "Change",
});

export const freezeForm = (): Form => ({
  title: "Freeze TwoKey",
  intent: "freeze",
  context: "",
  intro: [
    {
      kind: "text",
      text: "No call that changes the cloud leaves any more, for any run. What AWS has accepted goes on. Two approvers lift it.",
    },
  ],
  fields: [{ id: "why", label: "Why", kind: "paragraph", hint: "Everybody who is stopped by it reads this." }],
  submit: "Freeze",
});

/** `context`: the run, and the failure that was shown. */
export const takeOverForm = ({ plan }: RunState, context: string, step: string): Form => ({
  title: "Done by hand",
  intent: "take-over",
  context,
  intro: [
    { kind: "note", text: `${plan.id}: ${plan.title}` },
    { kind: "text", text: `TwoKey looks whether “${step}” is done, and goes on only if it is.` },
  ],
  fields: [{ id: "words", label: "What was done by hand", kind: "paragraph" }],
  submit: "Look",
});

/** The form is the confirmation, too: nobody refuses by one wrong press. */
export const rejectForm = ({ plan }: RunState): Form => ({
  title: "Refuse a plan",
  intent: "reject",
  context: plan.id,
  intro: [
    { kind: "text", text: [{ bold: plan.title }, ` (${plan.id})`] },
    { kind: "text", text: "The plan is closed for everybody, and nothing is changed. People can ask for a new one." },
  ],
  fields: [{ id: "words", label: "Why", kind: "paragraph", hint: "Everybody reads this." }],
  submit: "Refuse",
});
