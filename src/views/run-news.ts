import { type Card, type Span, spans, type Text, timeOfDay } from "../domain/card/card.ts";
import type { PersonId } from "../domain/people/person.ts";
import { mayLoseOpened, openedSince } from "../domain/plan-run/before-promotion.ts";
import { askForRest } from "../domain/plan-run/decision.ts";
import { fenceSeen } from "../domain/plan-run/fence.ts";
import { whoIsLeft } from "../domain/plan-run/key.ts";
import { leftToPeople, unmeasuredSteps } from "../domain/plan-run/left-to-people.ts";
import { onlyAdds } from "../domain/plan-run/plan.ts";
import { type RunState, stateOf } from "../domain/plan-run/run.ts";
import { type NewsKind, newsOf, type RunNews } from "../domain/plan-run/run-news.ts";
import { sayState } from "../domain/plan-run/state-words.ts";
import { takenThere } from "../domain/plan-run/taken-there.ts";
import { whyOf } from "../domain/plan-run/why.ts";
import { findPerson, type Inventory } from "../domain/service/inventory.ts";
import { plainText } from "./card-text.ts";
import { nameOf, peopleLeft } from "./names.ts";
import { closeByHand, openedBefore, unseenAtEnd } from "./old-side.ts";
import { saidWhy } from "./plan.ts";
import { isLastKey } from "./plan-keys.ts";
import { inRoom, quoted, withEnd } from "./room.ts";
import { endOfMove } from "./run-loss.ts";

interface Told {
  readonly run: RunState;
  readonly news: RunNews;
  readonly inventory: Inventory;
  readonly nowMs: number;
  /** The runs whose rest this one does, oldest first. */
  readonly before?: readonly RunState[];
  /** Whom the run waits for now, and why. */
  readonly needed: { readonly why: string; readonly people: readonly { readonly id: PersonId }[] } | undefined;
}

/** One piece of news of a run as a short message with a mention of those concerned; undefined: it has passed meanwhile. */
export function runNewsCard(key: string, told: Omit<Told, "news">): Card | undefined {
  const news = newsOf(told.run, told.nowMs).find((each) => each.key === key);
  if (!news) return undefined;
  const text = SAYS[news.kind]({ ...told, news });
  const names = { nowMs: told.nowMs, nameOf: (id: PersonId) => nameOf(told.inventory, id) };
  return { text: plainText(text, names), parts: [{ kind: "text", text }] };
}

const SAYS: Readonly<Record<NewsKind, (told: Told) => Text>> = {
  key: ({ run, news: { index = 0 }, inventory }) => {
    const { plan, keys, state } = run;
    const said = spans`Key ${`${index + 1} of ${plan.keysRequired}`}: ${by(keys[index]?.by, inventory)} agreed to ${named(run)}.`;
    if (state !== "waiting-for-keys") return said;
    const left = peopleLeft(plan.keysRequired, keys.length);
    return spans`${said} ${left} must agree by ${timeOfDay(plan.startByMs)}: ${mentions(whoIsLeft(run, inventory))}.${isLastKey(run) ? " That key starts the run at once." : ""}`;
  },
  started: ({ run, inventory }) => {
    const all = run.keys.map((key) => by(key.by, inventory));
    return spans`${joined(all)} agreed: ${named(run)} has started. Its card shows each step.`;
  },
  "no-return": ({ run, inventory }) => {
    const passed = run.plan.steps.find(({ id, wayBack }) => wayBack === "irreversible" && isBegun(run, id));
    const what = passed === undefined ? "What has begun" : quoted(passed.title, "title");
    return spans`${named(run)} has passed the point of no return. ${what} cannot be undone. The run can no longer be aborted.${whom(signersOf(run, inventory))}`;
  },
  waits: ({ run, inventory, needed }) => {
    const stands = sayState(run.state);
    return spans`${named(run)} is ${sentence(stands, whyOf(run, inventory))}${wayOn(run)}${whom(needed?.people)}`;
  },
  "seen-open": ({ run, needed }) => {
    const { newest: { fromMs, closedMs } = {}, fromMs: firstMs } = openedSince(run) ?? {};
    const since = fromMs === undefined ? [] : spans` It was last seen closed at ${timeOfDay(fromMs)}.`;
    const mayLose = mayLoseOpened(run);
    if (closedMs !== undefined) {
      const lost =
        mayLose && firstMs !== undefined
          ? spans` What it took from ${timeOfDay(firstMs)} to ${timeOfDay(closedMs)} may not be in ${run.plan.to}.`
          : [];
      return spans`${run.plan.from} was fenced, was seen open again before the promotion, and is closed again since ${timeOfDay(closedMs)}.${since}${lost} TwoKey fences it again before the promotion.${whom(needed?.people)}`;
    }
    const next =
      run.state === "running"
        ? "TwoKey fences it again first."
        : `Nothing fences it again while the run waits. ${closeByHand(run)}${run.state === "paused" && !run.voided ? `, or /dr resume ${run.plan.id}: TwoKey then fences it before the promotion` : ""}.`;
    const lost = mayLose ? ` What it takes until it is closed may not be in ${run.plan.to}.` : "";
    return spans`${run.plan.from} was fenced, and was seen open again before the promotion.${since}${lost} Nothing is promoted until it is fenced again. ${next}${whom(needed?.people)}`;
  },
  opened: ({ run, needed }) => {
    return spans`${run.plan.from} was fenced and is open again. ${takenThere(run)}. TwoKey tries to fence it again, and says here when it has.${whom(needed?.people)}`;
  },
  unfenced: ({ run, needed }) => {
    const { plan, watch } = run;
    const is = watch.lostAtMs === undefined ? "answers again" : "is open again";
    const failed = sentence(`${plan.from} ${is} and could not be fenced`, watch.says);
    return spans`${failed} ${takenThere(run)}. TwoKey tries again. ${closeByHand(run)}.${whom(needed?.people)}`;
  },
  fenced: ({ run, inventory }) => {
    const { plan, watch } = run;
    const people = whom(signersOf(run, inventory));
    if (watch.seenClosedMs === undefined) return spans`${withEnd(inRoom(watch.says, "reason"))}${people}`;
    const taken = spans`What it took since it was last seen closed at ${timeOfDay(watch.seenClosedMs)} is not in ${plan.to}${openedBefore(run)}.`;
    return spans`${plan.from} was opened and is fenced again. ${taken}${people}`;
  },
  unwinding: ({ run, inventory }) =>
    spans`${named(run)} is ${sentence("being rolled back", whyOf(run, inventory))}${whom(requesterOf(run, inventory))}`,
  verified: ({ run, inventory, before }) => {
    const isWhole = unmeasuredSteps(run).length === 0;
    const stands = isWhole ? "is verified." : "has ended, and not every step was measured.";
    const unseen = unseenAtEnd(run);
    const end = endOfMove(run, before).map((line) => spans` ${line}`);
    const open = stillOpen(run);
    const nothing = open === "" && isWhole && unseen === undefined ? " Nothing is asked of you now." : "";
    return spans`${named(run)} ${stands}${end.flat()}${unseen ? spans` ${unseen}` : ""}${open}${nothing}${whom(requesterOf(run, inventory))}`;
  },
  unwound: ({ run, inventory, needed }) => {
    const stands = sentence(onlyAdds(run.plan) ? "ended early" : "was rolled back", whyOf(run, inventory));
    const people = needed?.people ?? requesterOf(run, inventory);
    return spans`${named(run)} ${stands}${notUndone(run)}${whom(people)}`;
  },
  closed: ({ run, inventory }) =>
    spans`${named(run)} is ${sentence("closed", whyOf(run, inventory))}${whom(requesterOf(run, inventory))}${saidWhy(run)}`,
};

/** What happened, and why where anybody has said. */
const sentence = (what: string, why: string): string =>
  withEnd(why === "" ? what : `${what}: ${inRoom(why, "reason")}`);

function wayOn({ state, voided, plan }: RunState): string {
  if (voided) return ` The keys are void: ${askForRest(plan)}.`;
  return state === "paused" ? "" : " Its card says what you can do.";
}

/** What is not over although the run is. */
function stillOpen(run: RunState): string {
  const { plan } = run;
  const fence = fenceSeen(run);
  const isProven = fence === undefined || fence === "fenced" || run.watch.state === "fenced";
  const left = leftToPeople(run).length;
  return [
    isProven ? "" : ` ${plan.from} is not proven to be fenced and may still take writes.`,
    left === 0 ? "" : ` ${left === 1 ? "One thing is" : `${left} things are`} left to people: its card says what.`,
  ].join("");
}

function notUndone({ plan, undoSkipped }: RunState): string {
  const titles = plan.steps.flatMap(({ id, title }) => (undoSkipped.includes(id) ? [quoted(title, "title")] : []));
  return titles.length === 0 ? "" : ` Not undone: ${titles.join(", ")}. Look at ${plan.from} before anything else.`;
}

const named = ({ plan: { id, title } }: RunState): readonly Span[] => [{ bold: id }, ` (${inRoom(title, "title")})`];

const isBegun = (run: RunState, step: string): boolean => stateOf(run, step).state !== "waiting";

/** A pipeline is nobody who could be mentioned. */
const by = (id: string | undefined, inventory: Inventory): Span =>
  id !== undefined && findPerson(inventory, id) ? { person: id } : nameOf(inventory, id ?? "somebody");

const requesterOf = ({ plan: { requester } }: RunState, inventory: Inventory) =>
  [findPerson(inventory, requester)].flatMap((person) => person ?? []);

/** Who asked for it and who agreed to it: what they signed has happened, also where nobody is needed now. */
const signersOf = (run: RunState, inventory: Inventory) =>
  [...new Set([run.plan.requester, ...run.keys.map((key) => key.by)])].flatMap((id) => findPerson(inventory, id) ?? []);

const whom = (people: readonly { readonly id: PersonId }[] = []): readonly Span[] =>
  people.length === 0 ? [] : [" ", ...mentions(people)];

const mentions = (people: readonly { readonly id: PersonId }[]): readonly Span[] =>
  joined(people.map(({ id }) => ({ person: id })));

function joined(all: readonly Span[]): readonly Span[] {
  return all.flatMap((span, index) => (index === 0 ? [span] : [index === all.length - 1 ? " and " : ", ", span]));
}
