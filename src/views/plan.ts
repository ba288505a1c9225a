import { ago, type Card, type CardPart, type Text, timeOfDay } from "../domain/card/card.ts";
import type { CalledNow } from "../domain/plan-run/called-now.ts";
import { askAgain, askFresh, isMove, type Plan, phasesOf } from "../domain/plan-run/plan.ts";
import type { RunState } from "../domain/plan-run/run.ts";
import type { Wait } from "../domain/plan-run/wait.ts";
import { whyOf } from "../domain/plan-run/why.ts";
import type { Inventory } from "../domain/service/inventory.ts";
import { plainText } from "./card-text.ts";
import { expectedTime, objective } from "./expected-time.ts";
import { lossLine } from "./loss.ts";
import { nameOf } from "./names.ts";
import { about, ledgerEnd, leftForPeople, staying, unchecked } from "./plan-grounds.ts";
import { agreements, buttons, canTurn, closing, isWaiting, keysLine, mustAgree, NEEDS_NO_KEYS } from "./plan-keys.ts";
import { steps } from "./plan-steps.ts";
import { inRoom, quoted } from "./room.ts";
import { downSinceMs, type TimeContext } from "./run-time.ts";
import { waitOnPlan, waitReason } from "./wait.ts";

/** Characters of the digest that people compare by eye. */
export const DIGEST_SHOWN = 12;

/** What the card needs beside the run and the file. */
export interface PlanContext extends TimeContext {
  /** Somebody decided to wait; absent: nobody did, or the time has come. */
  readonly wait?: Wait | undefined;
  /** Absent: no pager that rings has taken a call for it. */
  readonly called?: CalledNow | undefined;
}

/**
 * What an approver must understand in ten seconds, with the buttons: what happens, what may be lost, what cannot be undone.
 * The steps and everything that they rest on are a reply in its thread, and stand in the form in which a key is turned.
 */
export function planCard(run: RunState, inventory: Inventory, context: PlanContext): Card {
  const { plan } = run;
  const isOpen = isWaiting(run);
  const gist = [
    // A notification stands as it was sent: nobody counts on in it.
    plainText(keysLine(run, timeOfDay), context),
    plainText(lossLine(plan), context),
    ...finality(plan),
    ...dangers(plan),
  ];
  return {
    text: `Plan ${plan.id}: ${whatIsAsked(plan)}. ${isOpen ? gist.join(" ") : afterKeys(run, inventory)}${saidWhy(run)}`,
    parts: [
      { kind: "heading", text: isOpen ? question(plan) : `${inRoom(plan.title, "headline")}: ${headState(run)}` },
      ...(isOpen ? ask(run, inventory, context) : [{ kind: "text" as const, text: afterKeys(run, inventory) }]),
      digestNote(run),
      ...buttons(run),
      ...(isOpen ? [closing(run)] : []),
      ...(isOpen ? inOthersWords(plan, context.wait && waitReason(context.wait, inventory)) : refusedWhy(run)),
      IN_THREAD,
      ...ledgerEnd(plan),
    ],
  };
}

const IN_THREAD: CardPart = {
  kind: "note",
  text: "In the thread: the steps, what was not checked, and the commands by hand.",
};

/** The reply in the thread of the card. A plan never changes, so it is posted once. */
export function planDetailsCard(run: RunState, inventory: Inventory): Card {
  const { plan } = run;
  return {
    text: `Plan ${plan.id} in full: ${plan.steps.length} steps, and what they rest on.`,
    parts: [
      { kind: "heading", text: `In full: ${inRoom(plan.title, "headline")}` },
      ...acceptances(plan),
      ...planDetails(run, inventory),
    ],
  };
}

/** Card and details in one, for a reader who has no thread. */
export function planInFull(run: RunState, inventory: Inventory, context: PlanContext): Card {
  const { parts, ...card } = planCard(run, inventory, context);
  const details = [...acceptances(run.plan), ...agreements(run, inventory), ...planDetails(run, inventory)];
  return { ...card, parts: [...parts.filter((part) => part !== IN_THREAD), { kind: "divider" }, ...details] };
}

/** Everything that the keys sign beside the gist. */
export function planDetails(run: RunState, inventory: Inventory): CardPart[] {
  const { plan } = run;
  return [...steps(plan), ...unchecked(plan), ...staying(plan), ...leftForPeople(plan), ...about(run, inventory)];
}

/** What is asked, and of a move how it is made: only a move is planned or unplanned. */
export function whatIsAsked(plan: Plan): string {
  const rest = plan.restOf ? [`the rest of run ${plan.restOf.run}`] : [];
  const how = [...rest, ...(isMove(plan) ? [plan.mode] : [])].join(", ");
  return how === "" ? plan.title : `${plan.title} (${how})`;
}

/** The first screen, one fact a line. */
function ask(run: RunState, inventory: Inventory, context: PlanContext): CardPart[] {
  const { plan } = run;
  const { wait, downSinceMs: beganMs } = context;
  const sinceMs = downSinceMs(run, context);
  const back = expectedTime(plan);
  const users: Text =
    beganMs === undefined
      ? `It takes ${[back, ...objective(plan)].join("; the objective is ")}.`
      : sinceMs === undefined
        ? ["The incident began at ", ago(beganMs), `; this takes ${back}.`]
        : ["Users have been down since ", ago(sinceMs), `; back in ${back}.`];
  const holders = run.keys.map(({ by }) => nameOf(inventory, by)).join(" and ");
  const agree: Text = [...mustAgree(run), ...(holders === "" ? [] : [` ${holders} agreed.`])];
  return [
    {
      kind: "lines",
      plain: true,
      lines: [
        ...(plan.keysRequired === 0 ? [NEEDS_NO_KEYS] : [agree]),
        ...(wait ? [waitOnPlan(wait, plan)] : []),
        users,
        ...passedOver(plan).map(({ fact }) => `${inRoom(fact, "title")}.`),
        lossLine(plan),
        ...finality(plan),
        ...dangers(plan),
        ...(plan.keysRequired === 0 ? [] : [canTurn(run, inventory, context.called)]),
      ],
    },
  ];
}

/** “eu-west-2 comes earlier in twokey.yaml: <why>”: the fact is ours, and why may be an answer of AWS. */
const passedOver = ({ passedOver: all = [] }: Plan): readonly { readonly fact: string; readonly why: string }[] =>
  all.map((said) => {
    const [fact = "", ...why] = said.split(": ");
    return { fact, why: why.join(": ") };
  });

/** Below the buttons and all that is asked: what people, AWS and pagers say, each as a quotation in its room (G23). */
export function inOthersWords(plan: Plan, why?: Text): CardPart[] {
  const { dataLoss } = plan;
  const lines: Text[] = [
    ...(why ? [why] : []),
    ...(dataLoss.kind === "unknown" ? [`Why the loss is unknown: ${quoted(dataLoss.why, "error")}`] : []),
    ...passedOver(plan).map(({ fact, why }) => `${inRoom(fact, "title")}: ${quoted(why, "error")}`),
  ];
  return lines.length === 0 ? [] : [{ kind: "lines", plain: true, lines }];
}

const question = ({ title }: Plan): string => `${title}?`;

/** What a key cannot take back. A plan for the rest may find it done. */
export function finality(plan: Plan): string[] {
  const at = phasesOf(plan).findIndex((phase) => phase.some(({ wayBack }) => wayBack === "irreversible"));
  if (at >= 0) return [`Step ${at + 1} cannot be undone.`];
  return plan.pastNoReturn ? ["The point of no return is passed already. Nothing is rolled back any more."] : [];
}

/** What each acceptance is about, in short; the sentence itself is agreed to in the form. */
export const dangers = ({ acceptances: all }: Plan): string[] =>
  [...all.filter(({ speaksAgainst }) => speaksAgainst), ...all.filter(({ speaksAgainst }) => !speaksAgainst)].flatMap(
    ({ danger }) => (danger === undefined ? [] : inRoom(danger, "reason")),
  );

export function digestNote({ digest, plan }: RunState): CardPart {
  const id = ["Plan ", { code: plan.id }] as const;
  if (plan.keysRequired === 0) return { kind: "text", text: id };
  return { kind: "text", text: [...id, " · all see digest ", { code: digest.slice(0, DIGEST_SHOWN) }] };
}

function acceptances(plan: Plan): CardPart[] {
  if (plan.acceptances.length === 0) return [];
  return [
    { kind: "text", text: [{ bold: "Each key holder agrees to this in words" }] },
    { kind: "lines", lines: plan.acceptances.map(({ words, advice }) => `“${words}”${advice ? `. ${advice}` : ""}`) },
  ];
}

/** A person's own words, below all that TwoKey says (G23). */
const refusedWhy = (run: RunState): CardPart[] =>
  saidWhy(run) === "" ? [] : [{ kind: "text", text: saidWhy(run).trim() }];

export const saidWhy = ({ refusal }: RunState): string =>
  refusal?.why === undefined ? "" : ` Why: ${quoted(refusal.why, "reason")}`;

/** A closed plan asks nothing any more. */
function headState({ state, plan }: RunState): string {
  if (state === "closed") return "plan closed";
  return plan.keysRequired === 0 ? "started" : "keys turned";
}

function afterKeys(run: RunState, inventory: Inventory): string {
  const { state, plan, startedAtMs, refusal } = run;
  const because = inRoom(whyOf(run, inventory), "reason");
  if (state === "closed" && startedAtMs !== undefined)
    return `What its run had done stays as it is. A plan for what is left: ${askFresh(plan)} · It is closed: ${because}`;
  if (refusal)
    return `Refused by ${nameOf(inventory, refusal.by)}. Nothing was changed. To ask again: ${askAgain(plan)} because …`;
  if (state === "closed") return `Nothing was changed. A new plan: ${askAgain(plan)} · It is closed: ${because}`;
  const agreed = plan.keysRequired === 0 ? NEEDS_NO_KEYS : "The keys are turned.";
  return `${agreed} The progress message shows the run.`;
}
