import type { Card, CardButton, CardPart, Form, Text } from "../domain/card/card.ts";
import { sayDuration, sayTime } from "../domain/duration.ts";
import { sayLoss } from "../domain/plan-run/data-position.ts";
import { whoIsLeft } from "../domain/plan-run/key.ts";
import { askAgain, askFresh, budgetMs, type Plan, type PlannedStep, phasesOf } from "../domain/plan-run/plan.ts";
import type { RunState } from "../domain/plan-run/run.ts";
import { findPerson, type Inventory } from "../domain/service/inventory.ts";

/** Characters of the digest that people compare by eye. */
export const DIGEST_SHOWN = 12;

/** What an approver must understand in ten seconds: what happens, what cannot be undone, what may be lost, what is asked of them. */
export function planCard(run: RunState, inventory: Inventory, nowMs: number): Card {
  const { plan } = run;
  return {
    text: `Plan ${plan.id}: ${whatItIs(plan)} of ${plan.service} from ${plan.from} to ${plan.to}. ${
      isWaiting(run) ? `${keysLine(run, nowMs)} Data loss: ${lossLine(plan)}. ${finality(plan)}` : afterKeys(run)
    }`,
    parts: [
      {
        kind: "heading",
        text: isWaiting(run) ? question(plan) : `${plan.service} → ${plan.to}: ${headState(run)}`,
      },
      {
        kind: "facts",
        facts: [
          ["Move", `${plan.from} → ${plan.to} (${plan.mode})`],
          ...rest(plan),
          ["Why", plan.reason],
          ["Asked by", nameOf(inventory, plan.requester)],
          ["Data loss", lossLine(plan)],
          ["Budget", `about ${sayDuration(budgetMs(plan))}; objective ${sayDuration(plan.rtoMs)}`],
          ["Keys", keysLine(run, nowMs)],
        ],
      },
      ...steps(plan),
      ...acceptances(plan),
      ...unchecked(plan),
      ...waiting(run, inventory, nowMs),
      ...buttons(run),
      {
        kind: "note",
        text: [
          `Plan digest `,
          { code: run.digest.slice(0, DIGEST_SHOWN) },
          `. The same as commands to paste, for the day this bot is gone too: in the thread, and `,
          { code: `/dr by-hand ${plan.id}` },
        ],
      },
    ],
  };
}

export function whatItIs({ mode, restOf, runbook }: Plan): string {
  return restOf ? `the rest of run ${restOf.run}, the ${mode} ${runbook}` : `${mode} ${runbook}`;
}

function rest({ restOf, pastNoReturn }: Plan): readonly (readonly [string, Text])[] {
  if (!restOf) return [];
  const gone = pastNoReturn ? "; it is past its point of no return" : "";
  return [["Takes over", `run ${restOf.run}, which ends when the last key is turned${gone}`]];
}

const question = ({ title }: Plan): string => `${title}?`;

/** What a key cannot take back. A plan for the rest may find the promotion done. */
const finality = (plan: Plan): string =>
  plan.steps.some((step) => step.wayBack === "irreversible")
    ? "The promotion cannot be undone."
    : "The promotion is done already: nothing is rolled back any more.";

function steps(plan: Plan): CardPart[] {
  const lines = phasesOf(plan).flatMap((phase, index) =>
    phase.map((step, place) => stepLine(step, place === 0 ? `${index + 1}.` : "   ‖")),
  );
  return [
    { kind: "lines", lines },
    {
      kind: "note",
      text: "In brackets: the region whose control plane has to answer. ‖ runs beside the line above it.",
    },
  ];
}

function stepLine(step: PlannedStep, mark: string): Text {
  const region = step.controlPlane === undefined ? "" : `  [${step.controlPlane}]`;
  if (step.wayBack === "irreversible") return [`${mark} `, { bold: `${step.title} — POINT OF NO RETURN` }, region];
  const isKept = step.role === "prepares" && step.wayBack === "nothing-to-undo";
  const back = isKept ? " (kept if the run unwinds)" : "";
  return `${mark} ${step.title}${back}${region}`;
}

function acceptances(plan: Plan): CardPart[] {
  if (plan.acceptances.length === 0) return [];
  return [
    { kind: "text", text: [{ bold: "Every key holder agrees in words:" }] },
    { kind: "lines", lines: plan.acceptances.map((acceptance) => `“${acceptance.words}”`) },
  ];
}

function unchecked(plan: Plan): CardPart[] {
  return [{ kind: "text", text: [{ bold: "Could not be checked: " }, plan.unchecked.join("; ")] }, ...ages(plan)];
}

/** How old what the plan rests on is: facts of the same second share a line's part, the newest first. */
function ages({ facts = [], madeAtMs }: Plan): CardPart[] {
  const byTime = new Map<string, string[]>();
  for (const { what, atMs } of [...facts].sort((a, b) => b.atMs - a.atMs)) {
    const time = sayTime(atMs, madeAtMs);
    byTime.set(time, [...(byTime.get(time) ?? []), what]);
  }
  const parts = [...byTime].map(([time, whats]) => `${time}: ${whats.join(", ")}`);
  return parts.length === 0 ? [] : [{ kind: "note", text: `Seen at ${parts.join("; ")}` }];
}

const isWaiting = ({ state }: RunState): boolean => state === "waiting-for-keys";

/** Nobody shall read a question where there is nothing to answer any more. */
const headState = ({ state }: RunState): string => (state === "closed" ? "plan closed" : "keys turned");

function afterKeys({ state, why, plan, startedAtMs }: RunState): string {
  if (state === "closed" && startedAtMs !== undefined)
    return `It is closed: ${why}. What its run had done stays as it is. A plan for what is left: ${askFresh(plan)}`;
  if (state === "closed") return `It is closed: ${why}. Nothing was changed. A new plan: ${askAgain(plan)}`;
  return "Its keys are turned; the progress message tells the rest.";
}

function waiting(run: RunState, inventory: Inventory, nowMs: number): CardPart[] {
  if (!isWaiting(run)) return [{ kind: "text", text: afterKeys(run) }];
  const turned = run.keys.map(
    (key): Text => [`Key turned: ${nameOf(inventory, key.by)} at ${sayTime(key.atMs, nowMs)}`],
  );
  const left = whoIsLeft(run, inventory);
  const asked: Text = [
    "Can still turn a key: ",
    ...left.flatMap((person, index): Text => (index === 0 ? [{ person: person.id }] : [", ", { person: person.id }])),
  ];
  return [{ kind: "lines", lines: [...turned, asked] }];
}

function buttons(run: RunState): CardPart[] {
  if (!isWaiting(run)) return [];
  const value = `${run.plan.id}:${run.digest}`;
  const approve: CardButton = { label: "Turn my key", intent: "approve", value, style: "danger" };
  const reject: CardButton = {
    label: "Refuse",
    intent: "reject",
    value,
    confirm: {
      title: "Refuse this plan?",
      text: "It is closed for everybody. A new one can be asked for.",
      yes: "Refuse",
    },
  };
  return [{ kind: "buttons", buttons: [approve, reject, { label: "Withdraw", intent: "withdraw", value }] }];
}

export function keysLine(run: RunState, nowMs: number): string {
  const { keysRequired, startByMs } = run.plan;
  if (!isWaiting(run)) return `${run.keys.length} of ${keysRequired} keys turned.`;
  return `${run.keys.length} of ${keysRequired} keys turned; the last one counts until ${sayTime(startByMs, nowMs)}.`;
}

export function lossLine(plan: Plan): string {
  switch (plan.dataLoss.kind) {
    case "none":
      return "none: the writers are stopped first and the standby catches up";
    case "after":
      return sayLoss(plan.dataLoss, plan.madeAtMs);
    case "unknown":
      return `unknown (${plan.dataLoss.why})`;
  }
}

/** The form behind "Turn my key": the acceptances in words, each to be chosen deliberately. */
export function keyForm(run: RunState): Form {
  const { plan } = run;
  return {
    title: "Turn my key",
    intent: "approve",
    context: `${plan.id}:${run.digest}`,
    intro: [
      {
        kind: "text",
        text: `${plan.mode} ${plan.runbook} of ${plan.service}, ${plan.from} → ${plan.to}. ${finality(plan)} Data loss: ${lossLine(plan)}.`,
      },
    ],
    fields: plan.acceptances.map((acceptance) => ({
      id: acceptance.id,
      label: acceptance.words.slice(0, 150),
      kind: "choice" as const,
      choices: [
        ["no", "I do not agree"],
        ["yes", "I agree to this sentence"],
      ] as const,
      hint: acceptance.words,
    })),
    submit: "Turn my key",
  };
}

export function byHandCard(plan: Plan): Card {
  return {
    text: `How to do plan ${plan.id} by hand: ${plan.steps.length} steps with their commands.`,
    parts: [
      { kind: "heading", text: `${plan.service} to ${plan.to}, by hand` },
      { kind: "text", text: "In this order. Steps of one number may run side by side." },
      ...phasesOf(plan).flatMap((phase, index) =>
        phase.flatMap((step): CardPart[] => [
          { kind: "text", text: [{ bold: `${index + 1}. ${step.title}` }] },
          { kind: "code", text: step.byHand.join("\n") },
        ]),
      ),
    ],
  };
}

export function nameOf(inventory: Inventory, id: string): string {
  return findPerson(inventory, id)?.name ?? id;
}
