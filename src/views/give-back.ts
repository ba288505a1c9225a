import type { Card, CardPart } from "../domain/card/card.ts";
import { spans } from "../domain/card/card.ts";
import { inParts } from "../domain/plan-run/by-hand-parts.ts";
import type { PlannedStep } from "../domain/plan-run/plan.ts";
import type { RunState } from "../domain/plan-run/run.ts";
import { blockParts, FIRST_BLOCK, HOW_TO_PASTE, IN_ORDER, ifItGoesOn } from "./by-hand.ts";
import { inRoom } from "./room.ts";

interface Back {
  readonly run: RunState;
  /** In the order in which they are given back, each with its commands for that. */
  readonly steps: readonly PlannedStep[];
  /** ARNs of the roles by which the run acts. */
  readonly roles: readonly string[];
}

/** What a run has taken, given back by commands, for people who have nothing but this message. `part` counts from 1. */
export function giveBackCard({ run, steps, roles }: Back, part = 1): Card {
  const { plan } = run;
  const parts = inParts(steps);
  const which = parts.length === 1 ? "" : ` – part ${part} of ${parts.length}`;
  const marks = new Map(steps.map(({ id }, index) => [id, `back ${index + 1}`]));
  return {
    text: `How to give back by hand what run ${plan.id} took${which}.`,
    parts: [
      { kind: "heading", text: `Give back by hand${which}: ${inRoom(plan.title, "headline")}` },
      ...(part === 1 ? headOf({ run, steps, roles }) : [goesOnFrom(part - 1)]),
      ...(parts[part - 1] ?? []).flatMap((item) => blockParts(item, marks.get(item.step.id) ?? "")),
      ...(part < parts.length ? [goesOnIn(plan.id, part + 1)] : []),
    ],
  };
}

const goesOnFrom = (part: number): CardPart => ({
  kind: "text",
  text: `Goes on from part ${part}, in the same shell.`,
});

const goesOnIn = (id: string, part: number): CardPart => ({
  kind: "text",
  text: spans`Goes on in part ${String(part)}: ${{ code: `/dr by-hand ${id} back ${String(part)}` }}.`,
});

function headOf({ run, steps, roles }: Back): CardPart[] {
  const { plan } = run;
  const unseen = steps.filter(({ byHand }) => byHand.length === 0).map(({ title }) => title);
  return [
    {
      kind: "lines",
      plain: true,
      lines: [
        whyByHand(run),
        "Two approvers agree in the channel first. Nothing here may run beside TwoKey or beside the plan's own commands.",
        ...ifItGoesOn(roles),
        `Stop if ${plan.to} takes writes of ${plan.service} by now, however that came: opening ${plan.from} again would make two writers.`,
      ],
    },
    {
      kind: "lines",
      plain: true,
      lines: [
        ...(unseen.length === 0
          ? []
          : [`Nothing is known to give back for: ${unseen.join("; ")}. Look at ${plan.from} yourself.`]),
        IN_ORDER,
        ...HOW_TO_PASTE,
        spans`To go on to ${plan.to} instead: ${{ code: `/dr by-hand ${plan.id} forward` }}.`,
      ],
    },
    FIRST_BLOCK,
  ];
}

/** What TwoKey itself does meanwhile. */
function whyByHand({ plan, state }: RunState): string {
  if (state === "unwinding")
    return `TwoKey itself gives back what run ${plan.id} took. Use this only when it does not get there: stop every process of TwoKey first.`;
  if (state === "stuck")
    return `Run ${plan.id} is stuck: TwoKey gives nothing back by itself. Do not say /dr unwind meanwhile.`;
  if (state === "unwound")
    return `Run ${plan.id} was rolled back without the steps below: people went on without them.`;
  return `The end date of plan ${plan.id} is over: TwoKey changes nothing for it any more.`;
}
