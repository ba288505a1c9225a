import type { CardPart, Text } from "../domain/card/card.ts";
import { type Plan, type PlannedStep, phasesOf } from "../domain/plan-run/plan.ts";
import { stepTime, timesNote } from "./expected-time.ts";

/** Every step of a plan in its order, with the region that must answer and the time that it takes. */
export function steps(plan: Plan): CardPart[] {
  const lines = marked(plan).map(({ step, mark }) => stepLine(step, `${mark}.`));
  return [
    { kind: "text", text: [{ bold: "Steps" }] },
    { kind: "lines", lines, plain: true },
    ...(plan.steps.some(({ role, title }) => role === "protects" && /fence/i.test(title))
      ? [{ kind: "note" as const, text: "To fence a region is to stop it taking writes." }]
      : []),
    {
      kind: "note",
      text: `AWS must answer in the region that a step names, or that stands in brackets.${isBeside(plan) ? " Steps of one number run side by side, and a later one may begin before the slowest of them is done." : ""}`,
    },
    { kind: "note", text: timesNote(plan) },
  ];
}

/** Every step in its order, with what people call it by: `3`, or `1a` and `1b` where they run at the same time. */
export const marked = (plan: Plan): { readonly step: PlannedStep; readonly mark: string }[] =>
  phasesOf(plan).flatMap((phase, index) =>
    phase.map((step, place) => ({ step, mark: `${index + 1}${phase.length > 1 ? letterOf(place) : ""}` })),
  );

const isBeside = (plan: Plan): boolean => phasesOf(plan).some((phase) => phase.length > 1);
const letterOf = (place: number): string => String.fromCodePoint("a".charCodeAt(0) + place);

function stepLine(step: PlannedStep, mark: string): Text {
  const isNamed = step.controlPlane === undefined || step.title.includes(step.controlPlane);
  const time = stepTime(step);
  const rest = `${isNamed ? "" : ` [${step.controlPlane}]`}${time === undefined ? "" : ` · ${time}`}`;
  if (step.wayBack === "irreversible") return [`${mark} `, { bold: `${step.title} – point of no return` }, rest];
  return `${mark} ${step.title}${rest}`;
}
