import { type Card, type CardPart, type Span, spans, type Text } from "../domain/card/card.ts";
import { type BlockPlace, type ByHandBlock, pastedLines, told } from "../domain/plan-run/by-hand.ts";
import { type ByHandItem, byHandParts } from "../domain/plan-run/by-hand-parts.ts";
import { onlyAdds, type Plan, type PlannedStep } from "../domain/plan-run/plan.ts";
import { lossLine } from "./loss.ts";
import { dangers } from "./plan.ts";
import { marked } from "./plan-steps.ts";
import { inRoom, withEnd } from "./room.ts";

type Marked = ReturnType<typeof marked>[number];

/**
 * The plan as commands, for people who have nothing but this message: when to use it, what they risk, what they skip, then block by
 * block. `part` counts from 1: a long plan takes several messages. `roles`: ARNs of those by which a run acts.
 */
export function byHandCard(plan: Plan, part = 1, roles: readonly string[] = []): Card {
  const parts = byHandParts(plan);
  const which = parts.length === 1 ? "" : ` – part ${part} of ${parts.length}`;
  const marks = new Map(marked(plan).map(({ step, mark }) => [step.id, mark]));
  return {
    text: `How to do plan ${plan.id} by hand: ${plan.steps.length} steps with their commands${which}.`,
    parts: [
      { kind: "heading", text: `By hand${which}: ${inRoom(plan.title, "headline")}` },
      ...(part === 1
        ? headOf(plan, roles)
        : [{ kind: "text" as const, text: `Goes on from part ${part - 1}, in the same shell.` }]),
      ...(parts[part - 1] ?? []).flatMap((item) => blockParts(item, marks.get(item.step.id) ?? "")),
      ...(part < parts.length ? [nextPart(plan, part + 1)] : []),
    ],
  };
}

const nextPart = (plan: Plan, part: number): CardPart => ({
  kind: "text",
  text: spans`Goes on in part ${String(part)}: in the thread of plan ${plan.id}, or ${{ code: `/dr by-hand ${plan.id} forward ${String(part)}` }}.`,
});

function headOf(plan: Plan, roles: readonly string[]): CardPart[] {
  const all = marked(plan);
  const silent = all.filter(({ step }) => step.silent !== undefined);
  return [
    { kind: "lines", plain: true, lines: [...whenToUse(plan, roles), lossLine(plan), ...dangers(plan)] },
    {
      kind: "lines",
      plain: true,
      lines: [
        ...silent.map((each) => skipLine(each, all)),
        ...turningBack(plan, all),
        `${IN_ORDER} Steps of one number may run side by side.`,
        ...HOW_TO_PASTE,
      ],
    },
    FIRST_BLOCK,
  ];
}

/** No answer of the CLI waits in a pager. */
export const FIRST_BLOCK: CardPart = {
  kind: "code",
  text: `export AWS_PAGER="" && ${told("Go on at once, with the first block below.")}`,
};

export const IN_ORDER = "Follow this order, in bash or zsh. Paste one block at a time.";
export const HOW_TO_PASTE: readonly string[] = [
  "Do not paste the next block until this one says “Go on …” and that is true, unless this text says to skip it.",
  "Not true yet, and no FAILED: repeat only its last command. FAILED: do what that line says, or ask in the channel.",
];

/** Two hands on one move are worse than a slow one. */
const whenToUse = ({ keysRequired }: Plan, roles: readonly string[]): string[] => [
  "Use this only when TwoKey is down, or when a run’s card sends you to one step here.",
  "Copy it out of Slack now, with the numbers of /dr oncall. When only Slack is away, a run goes on without it: do nothing beside it, and agree on all else by telephone.",
  `When TwoKey is down: ${keysRequired === 0 ? "s" : "two approvers agree in the channel first, unless they turned their keys. S"}top every process of TwoKey. A quiet card does not prove that it stands still.`,
  ...ifItGoesOn(roles),
  "Then start at the first step without ✓ on the run’s card. A step with ▶ there may be done already: its blocks look first, or do no harm when they are pasted twice.",
];

/** Credentials that were given out count for up to an hour, and what a role is denied counts for them too. */
export const ifItGoesOn = (roles: readonly string[]): string[] =>
  roles.length === 0
    ? ["If you cannot stop one: take the permissions from the AWS credentials that it uses."]
    : [
        `If you cannot stop one: in IAM, put an inline policy that denies everything on ${roles.join(" and on ")}. It also stops credentials that TwoKey has already. IAM is changed in us-east-1, so it may be silent too. Delete that policy before TwoKey starts again.`,
      ];

/** Before the point of no return an old side that answers again is a reason to stop, and after it one to be closed. */
function skipLine({ step, mark }: Marked, all: readonly Marked[]): string {
  const last = all.find((each) => each.step.wayBack === "irreversible");
  const when = last && step.role === "protects" ? `Once step ${last.mark} is done, do it` : "Do it";
  return `Skip step ${mark} (${step.title}) for now: ${step.silent} gave no answer when the plan was made. It stands at the end. ${when} as soon as ${step.silent} answers.`;
}

/** Where people may still change their minds; a plan that only adds something may stop anywhere. */
function turningBack(plan: Plan, all: readonly Marked[]): string[] {
  const last = all.find(({ step }) => step.wayBack === "irreversible");
  if (!last || onlyAdds(plan)) return [];
  const isDark = all.some(({ step }) => step.role === "protects" && step.silent !== undefined);
  const also = isDark ? `, or if ${plan.from} answers again` : "";
  return [
    `Stop before step ${last.mark} if a step before it does not come true${also}, and say so in the channel: up to there everything can be given back. After it, only go forward.`,
  ];
}

export function blockParts(item: ByHandItem, mark: string): CardPart[] {
  const { step, block, index } = item;
  const { number, looks } = placeOf(item, mark);
  const when = step.silent === undefined ? "" : ` – as soon as ${step.silent} answers`;
  const part = block.of === undefined ? "" : `For ${block.of}.`;
  const before = step.byHand.slice(0, index).findLastIndex(({ of }) => of === block.of);
  const waits = before < 0 ? when : ` Only when ${mark}-${before + 1} came true.`;
  const head: Span[] =
    index === 0
      ? [{ bold: `${number}. ${step.title}` }, when, ...noReturn(step), part && `\n${part}`]
      : [{ bold: `${number}. ${part}` }, waits];
  return [
    { kind: "text", text: [...head, ...once(looks), ...said(block)] },
    { kind: "code", text: pastedLines(block, { number, looks }).join("\n") },
  ];
}

/** A call that leads back stands in the last block, and the one before it only looks. */
function placeOf({ step: { leadsBack, byHand }, index }: ByHandItem, mark: string): BlockPlace {
  if (byHand.length === 1) return { number: mark };
  const isOnce = leadsBack === true && index === byHand.length - 1;
  return { number: `${mark}-${index + 1}`, ...(isOnce && { looks: `${mark}-${index}` }) };
}

const said = ({ before }: ByHandBlock): Span[] =>
  before === undefined ? [] : [`\n${withEnd(inRoom(before, "instruction"))}`];

/** Beside the command that it is about, where people read it last. */
const noReturn = ({ wayBack, leadsBack }: PlannedStep): Exclude<Text, string> =>
  wayBack === "irreversible" && !leadsBack
    ? [" – ", { bold: "point of no return" }, ". Nothing after it leads back."]
    : [];

const once = (looks: string | undefined): Span[] =>
  looks === undefined
    ? []
    : [
        `\nMake this call once: a second one leads back. If it says that it failed, it may have been taken all the same: look again as in block ${looks}, and never paste this one again unseen.`,
      ];
