import type { Card, CardPart, Text } from "../domain/card/card.ts";
import type { Plan, PlannedStep } from "../domain/plan-run/plan.ts";
import { lossLine } from "./loss.ts";
import { dangers } from "./plan.ts";
import { marked } from "./plan-steps.ts";
import { inRoom } from "./room.ts";

type Marked = ReturnType<typeof marked>[number];

/** The plan as commands, for people who have nothing but this message: what they risk, what they skip, then step by step. */
export function byHandCard(plan: Plan): Card {
  const all = marked(plan);
  const silent = all.filter(({ step }) => step.silent !== undefined);
  return {
    text: `How to do plan ${plan.id} by hand: ${plan.steps.length} steps with their commands.`,
    parts: [
      { kind: "heading", text: `By hand: ${inRoom(plan.title, "headline")}` },
      { kind: "lines", plain: true, lines: [lossLine(plan), ...dangers(plan), ...silent.map(skipLine), HOW] },
      { kind: "code", text: 'export AWS_PAGER=""' },
      ...all.filter(({ step }) => step.silent === undefined).flatMap((each) => commands(each)),
      // What cannot work now stands last, so that people begin with what does.
      ...silent.flatMap((each) => commands(each, ` – as soon as ${each.step.silent} answers`)),
    ],
  };
}

const HOW =
  "In this order; steps of one number may run side by side. Paste one step at a time, into bash or zsh. Where it says “Go on when”, repeat only the look before it until that is so.";

const skipLine = ({ step, mark }: Marked): string =>
  `Skip step ${mark} (${step.title}) for now: ${step.silent} gave no answer when the plan was made. It stands at the end; do it as soon as ${step.silent} answers.`;

const commands = ({ step, mark }: Marked, when = ""): CardPart[] => [
  { kind: "text", text: [{ bold: `${mark}. ${step.title}` }, when, ...caution(step)] },
  { kind: "code", text: step.byHand.join("\n") },
];

/** Beside the command that it is about, where people read it last. */
function caution({ wayBack, leadsBack }: PlannedStep): Text {
  if (leadsBack) return ["\nMake this call once: a second one leads back."];
  return wayBack === "irreversible" ? [" – ", { bold: "point of no return" }, ". Nothing after it leads back."] : [];
}
