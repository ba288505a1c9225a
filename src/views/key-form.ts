import type { Card, CardPart, Form } from "../domain/card/card.ts";
import { type Plan, type PlannedStep, phasesOf } from "../domain/plan-run/plan.ts";
import type { RunState } from "../domain/plan-run/run.ts";
import type { Inventory } from "../domain/service/inventory.ts";
import { dangers, digestNote, finality, inOthersWords, lossLine, planDetails } from "./plan.ts";
import { ledgerEnd } from "./plan-grounds.ts";
import { inRoom } from "./room.ts";

/** The form behind the button: everything that a key signs, then each acceptance with a box of its own. */
export function keyForm(run: RunState, inventory: Inventory): Form {
  const { plan } = run;
  return {
    title: "Turn my key",
    intent: "approve",
    context: `${plan.id}:${run.digest}`,
    intro: [
      { kind: "text", text: [{ bold: `${plan.title}?` }] },
      { kind: "lines", plain: true, lines: [lossLine(plan), ...finality(plan), ...dangers(plan)] },
      digestNote(run),
      ...inOthersWords(plan, {}),
      ...planDetails(run, inventory),
      ledgerEnd(plan),
    ],
    fields: plan.acceptances.map(({ id, words }) => ({ id, label: words, kind: "agreement" as const })),
    submit: "Turn my key",
  };
}

export function byHandCard(plan: Plan): Card {
  const numbered = phasesOf(plan).flatMap((phase, index) => phase.map((step) => ({ step, number: index + 1 })));
  return {
    text: `How to do plan ${plan.id} by hand: ${plan.steps.length} steps with their commands.`,
    parts: [
      { kind: "heading", text: `By hand: ${inRoom(plan.title, "headline")}` },
      {
        kind: "text",
        text: "In this order. Steps with the same number may run side by side. Every line pastes into bash and zsh, on Linux and macOS.",
      },
      { kind: "code", text: 'export AWS_PAGER=""' },
      ...numbered.flatMap(({ step, number }) => (step.silent === undefined ? commands(step, number) : [])),
      ...numbered.flatMap(({ step, number }) => (step.silent === undefined ? [] : later(step, number))),
    ],
  };
}

const commands = (step: PlannedStep, number: number): CardPart[] => [
  { kind: "text", text: [{ bold: `${number}. ${step.title}` }] },
  ...(step.leadsBack ? [{ kind: "text" as const, text: "Make this call once: a second one leads back." }] : []),
  { kind: "code", text: step.byHand.join("\n") },
];

/** What cannot work now stands last, so that people begin with what does. */
const later = (step: PlannedStep, number: number): CardPart[] => [
  {
    kind: "text",
    text: `Skip step ${number} for now: ${step.silent} gave no answer when the plan was made. Do it as soon as it answers.`,
  },
  ...commands(step, number),
];
