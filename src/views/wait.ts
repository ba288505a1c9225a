import { type Card, type Form, type Moment, type Span, spans, type Text, timeOfDay } from "../domain/card/card.ts";
import { sayDuration } from "../domain/duration.ts";
import { whoIsLeft } from "../domain/plan-run/key.ts";
import { askAgain, type Plan } from "../domain/plan-run/plan.ts";
import type { RunState } from "../domain/plan-run/run.ts";
import { LONGEST_WAIT_MS, needsDate, type Wait } from "../domain/plan-run/wait.ts";
import { findPerson, type Inventory } from "../domain/service/inventory.ts";
import { plainText } from "./card-text.ts";
import { nameOf, peopleLeft } from "./names.ts";
import { inRoom, quoted } from "./room.ts";

/** What is known beside a wait when it is shown. */
export interface WaitSeen {
  readonly wait: Wait;
  /** The plan of its service that waits for keys now. */
  readonly run: RunState | undefined;
  /** A move of its service that is under way: nobody can ask for a plan. */
  readonly moving?: RunState | undefined;
  readonly inventory: Inventory;
  /** What asks for a plan, as it is typed. */
  readonly asks: string;
}

/** On the plan card, above its buttons. Who and why stand below them: a long name takes lines, and a reason is somebody's own words. */
export function waitOnPlan({ atMs, untilMs }: Wait, { startByMs }: Plan): Text {
  const next: Text =
    untilMs < startByMs
      ? [" (why: below). Keys still count."]
      : spans`, but agree or refuse by ${timeOfDay(startByMs)}: this plan closes then.`;
  return [...spans`Waiting until ${at(untilMs, atMs)}`, ...next];
}

export const waitReason = ({ by, reason }: Wait, inventory: Inventory): Text =>
  `${nameOf(inventory, by)} decided to wait: ${quoted(reason, "reason")}`;

/** On the board and on the card of its incident: all of it in one line, the foreign words last. */
export const waitLine = ({ wait, inventory }: Omit<WaitSeen, "run" | "asks">): Text =>
  spans`Waiting until ${at(wait.untilMs, wait.atMs)} with ${wait.service}, then decide. ${nameOf(inventory, wait.by)} says why: ${quoted(wait.reason, "reason")}`;

/** Told in the room when somebody has decided it. It mentions nobody: deciding again and again must not call people again and again. */
export function waitCard({ wait, run, inventory }: WaitSeen, nowMs: number): Card {
  const { service, atMs, untilMs, by, reason } = wait;
  const what = spans`${nameOf(inventory, by)} decided to wait until ${at(untilMs, atMs)} with ${service}.`;
  const means = run
    ? spans` You can turn your key now, too${forWhom(run, inventory)}.${tooLate(run, wait)}`
    : [` A plan can be asked for before that too.`];
  return asCard([...what, ...means, ` Why: ${quoted(reason, "reason")}`], { inventory, nowMs });
}

/** Told when the time has come: whom it concerns, and what they can do now. */
export function waitOverCard(seen: WaitSeen, nowMs: number): Card {
  const { wait, run, moving, inventory } = seen;
  const { service, atMs, untilMs, by, reason } = wait;
  const commanders = inventory.people.filter(({ roles }) => roles.includes("commander"));
  const others = run ? whoIsLeft(run, inventory) : moving ? [] : commanders;
  const people = [by, ...others.map(({ id }) => id).filter((id) => id !== by)];
  const text = spans`${listed(people, inventory)}: the wait until ${at(untilMs, atMs)} with ${service} is over. ${nextOf(seen, nowMs)} It was for: ${quoted(reason, "reason")}`;
  return asCard(text, { inventory, nowMs });
}

/** What can be done now. */
function nextOf({ wait: { service }, run, moving, asks }: WaitSeen, nowMs: number): readonly Span[] {
  if (!run && moving)
    return spans`Run ${{ bold: moving.plan.id }} is under way. Its progress message shows how far it is.`;
  const next = run
    ? spans`${peopleLeft(run.plan.keysRequired, run.keys.length)} must agree to plan ${{ bold: run.plan.id }} by ${at(run.plan.startByMs, nowMs)}, or an approver refuses it.`
    : [`No plan waits for keys. A plan is made by ${asks}.`];
  const isTooLong = run !== undefined && nowMs + 20 * 60_000 >= run.plan.startByMs;
  const but = isTooLong ? ` Plan ${run.plan.id} closes before that, and a new one has to be made then.` : "";
  return spans`${next} To wait on: ${{ code: `/dr wait ${service} 20m because …` }}.${but}`;
}

/** What the person who decided it is answered. */
export function waitAnswer(
  { wait, run }: Omit<WaitSeen, "inventory" | "asks">,
  nowMs: number,
  unwritten?: string,
): Card {
  const { service, atMs, untilMs } = wait;
  const how = sayDuration(untilMs - nowMs);
  const kept = unwritten === undefined ? "" : ` The ledger does not have it: ${inRoom(unwritten, "error")}.`;
  const text = spans`You wait with ${service} until ${at(untilMs, atMs)}, ${how} from now. The room is told now, and reminded then.${run ? tooLate(run, wait) : ""}${kept}`;
  return { text: plainText(text, { nowMs }), parts: [{ kind: "text", text }] };
}

export const UNTIL_HINT = "03:40 is in UTC; 20m or 1h begin now";

export const waitForm = (service: string, context: string): Form => ({
  title: "Wait with a move",
  intent: "wait",
  context,
  submit: "Wait",
  intro: [
    {
      kind: "text",
      text: `The room of ${service} is told, and reminded when the time has come. Waiting blocks nothing: the last key starts the run also before that.`,
    },
  ],
  fields: [
    { id: "until", label: "Until when, or how long", kind: "line", hint: UNTIL_HINT },
    { id: "reason", label: "Why", kind: "paragraph", hint: "Everybody in the room reads this." },
  ],
});

export const MOST_HOURS = LONGEST_WAIT_MS / 3_600_000;

/** A plan lives for minutes: after that it takes no keys, however long somebody waits. */
function tooLate({ plan }: RunState, { atMs, untilMs }: Wait): readonly Span[] {
  if (untilMs < plan.startByMs) return [];
  return spans` Plan ${{ bold: plan.id }} takes keys only until ${at(plan.startByMs, atMs)}. For a new one then: ${{ code: askAgain(plan) }}.`;
}

/** With its date where the time alone could be meant for another day. */
const at = (ms: number, nowMs: number): Moment => (needsDate(ms, nowMs) ? { timeMs: ms } : timeOfDay(ms));

const forWhom = (run: RunState, inventory: Inventory): string => {
  const left = whoIsLeft(run, inventory).map(({ id }) => nameOf(inventory, id));
  return left.length === 0 ? "" : `. Approvers who are left: ${left.join(", ")}`;
};

const person = (id: string, inventory: Inventory): Span =>
  findPerson(inventory, id) ? { person: id } : nameOf(inventory, id);

const listed = (ids: readonly string[], inventory: Inventory): readonly Span[] =>
  ids.flatMap((id, index) => (index === 0 ? [person(id, inventory)] : [", ", person(id, inventory)]));

function asCard(text: Text, { inventory, nowMs }: { readonly inventory: Inventory; readonly nowMs: number }): Card {
  const names = { nowMs, nameOf: (id: string) => nameOf(inventory, id) };
  return { text: plainText(text, names), parts: [{ kind: "text", text }] };
}
