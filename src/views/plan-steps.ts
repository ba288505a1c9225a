import type { CardPart, Text } from "../domain/card/card.ts";
import { type Plan, type PlannedStep, phasesOf } from "../domain/plan-run/plan.ts";
import { stepTime, timesNote } from "./expected-time.ts";

/** Every step of a plan in its order, with the region that must answer and the time that it takes. */
export function steps(plan: Plan): CardPart[] {
  const lines = phasesOf(plan).flatMap((phase, index) =>
    phase.map((step, place) => stepLine(step, `${index + 1}${phase.length > 1 ? letterOf(place) : ""}.`)),
  );
  return [
    { kind: "text", text: [{ bold: "Steps" }] },
    { kind: "lines", lines, plain: true },
    {
      kind: "note",
      text: `AWS must answer in the region that a step names, or that stands in brackets.${isBeside(plan) ? " Steps of one number run at the same time." : ""}`,
    },
    { kind: "note", text: timesNote(plan) },
  ];
}

const isBeside = (plan: Plan): boolean => phasesOf(plan).some((phase) => phase.length > 1);
/** `1a`, `1b`: steps of one number, so that people can speak of one of them. */
const letterOf = (place: number): string => String.fromCodePoint("a".charCodeAt(0) + place);

function stepLine(step: PlannedStep, mark: string): Text {
  const isNamed = step.controlPlane === undefined || step.title.includes(step.controlPlane);
  const time = stepTime(step);
  const rest = `${isNamed ? "" : ` [${step.controlPlane}]`}${time === undefined ? "" : ` · ${time}`}`;
  if (step.wayBack === "irreversible") return [`${mark} `, { bold: `${step.title} – point of no return` }, rest];
  return `${mark} ${step.title}${rest}`;
}
