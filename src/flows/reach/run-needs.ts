import { sayTime } from "../../domain/duration.ts";

import type { Person } from "../../domain/people/person.ts";
import { isKeptInSight, isOpenBefore, mayLoseOpened, openedSince } from "../../domain/plan-run/before-promotion.ts";
import { isLetGo, isPassedOn } from "../../domain/plan-run/cut-off.ts";
import { askForRest, failedStep, fits } from "../../domain/plan-run/decision.ts";
import { endsSoon } from "../../domain/plan-run/extension.ts";
import { isGuarded, isWatched } from "../../domain/plan-run/fence.ts";
import { heldUpSteps } from "../../domain/plan-run/held-up.ts";
import { whoIsLeft } from "../../domain/plan-run/key.ts";
import { onlyAdds } from "../../domain/plan-run/plan.ts";
import { isOver, type RunState, stateOf } from "../../domain/plan-run/run.ts";
import { takenThere } from "../../domain/plan-run/taken-there.ts";
import { whyOf } from "../../domain/plan-run/why.ts";
import { approversOf } from "../../domain/service/access.ts";
import { findPerson, type Inventory } from "../../domain/service/inventory.ts";

import { type Group, OCCASIONS, type Occasion, type OccasionName } from "./occasions.ts";

export interface Needed {
  readonly occasion: OccasionName;
  /** Another reason is news also to people who were called already. */
  readonly reason: string;
  readonly why: string;
  readonly people: readonly Person[];
}

/** Whom this run waits for, and why. Undefined: nobody. */
// oxlint-disable-next-line max-lines-per-function -- one switch over the states of a run
export function whoIsNeeded(run: RunState, inventory: Inventory, nowMs: number): Needed | undefined {
  const { plan } = run;
  const of = (occasion: OccasionName) => ({ occasion, reason: occasion, people: peopleOf(occasion, run, inventory) });
  switch (run.state) {
    case "waiting-for-keys":
      // It was kept and not started: no key would start it.
      if (plan.keysRequired === 0) return undefined;
      return {
        ...of("keys"),
        why: `Plan ${plan.id} (${plan.title}) waits for ${moreKeys(run)}. Read the plan card before you turn yours.`,
      };
    case "paused":
      // A person who paused a run knows it; facts that changed under the keys are news to everybody.
      if (run.halted && !run.voided) return withNews(run, { inventory, nowMs }, halted(run, of("stopped")));
      if (!run.voided) return openOldSide(run, { inventory, nowMs }) ?? ending(run, inventory, nowMs);
      return withNews(
        run,
        { inventory, nowMs },
        {
          ...of("voided"),
          why: `Run ${plan.id} (${plan.title}) is paused, and its keys are void: ${whyOf(run, inventory)}. A new plan: ${askForRest(plan)}${run.pastNoReturn ? "" : `. Or give back what it did: /dr abort ${plan.id}`}`,
        },
      );
    case "stopped":
    case "stuck":
      return withNews(
        run,
        { inventory, nowMs },
        {
          ...of(run.state),
          reason: reasonOf(run),
          why: `Run ${plan.id} (${plan.title}) is ${run.state} and needs a decision: ${whyOf(run, inventory)}`,
        },
      );
    case "running": {
      const waits = undriven(run, inventory, nowMs) ?? refusedStep(run, inventory, nowMs);
      if (waits) return withNews(run, { inventory, nowMs }, waits);
      return openOldSide(run, { inventory, nowMs }) ?? ending(run, inventory, nowMs);
    }
    case "verified":
      return openOldSide(run, { inventory, nowMs }) ?? ending(run, inventory, nowMs);
    case "unwound":
      if (nowMs >= (run.endedAtMs ?? nowMs) + OCCASIONS.unwound.lastsMs) return undefined;
      return {
        ...of("unwound"),
        why: `Run ${plan.id} (${plan.title}) ${onlyAdds(plan) ? "ended early" : "was rolled back"} and needs no decision: ${whyOf(run, inventory)}`,
      };
    case "unwinding": {
      const waits = undriven(run, inventory, nowMs);
      return waits ? withNews(run, { inventory, nowMs }, waits) : ending(run, inventory, nowMs);
    }
    case "closed":
    case "superseded":
      return undefined;
  }
}

/** The groups of the occasion in its order; a commander may hold a key as well. */
function peopleOf(occasion: OccasionName, run: RunState, inventory: Inventory): readonly Person[] {
  const groups: Readonly<Record<Group, () => readonly Person[]>> = {
    matrix: () => [],
    approvers: () => approversOf(inventory, run.plan.service).filter(({ id }) => id !== run.plan.requester),
    "approvers-left": () => whoIsLeft(run, inventory),
    holders: () => run.keys.flatMap((key) => findPerson(inventory, key.by) ?? []),
    commanders: () => commandersOf(inventory),
    // A pipeline is nobody who could be called: it asks for itself how its run stands.
    requester: () => [findPerson(inventory, run.plan.requester)].flatMap((person) => person ?? []),
  };
  const { who, otherwise }: Occasion = OCCASIONS[occasion];
  const called = new Set(who.flatMap((group) => groups[group]()));
  return called.size === 0 && otherwise ? groups[otherwise]() : [...called];
}

export function commandersOf({ people }: Inventory): readonly Person[] {
  return people.filter(({ roles }) => roles.includes("commander"));
}

/** Nobody paused it, so nobody knows: TwoKey itself cannot go on. */
function halted({ plan: { id, title }, intents, why }: RunState, needed: Omit<Needed, "why">): Needed {
  const next = `When that is mended: /dr resume ${id}`;
  return { ...needed, reason: `halted:${intents}`, why: `Run ${id} (${title}) is paused: ${why}. ${next}` };
}

/** The old side was fenced and stands open, or could not be fenced: both sides may take writes until it is closed. */
function openOldSide(run: RunState, { inventory, nowMs }: Moment): Needed | undefined {
  // After the end date people undo by hand, which opens it on purpose.
  if (!run.pastNoReturn && nowMs >= run.untilMs) return undefined;
  const blind = unwatched(run);
  if (blind !== undefined) {
    const people = peopleOf("old-side", run, inventory);
    return { occasion: "old-side", reason: "old-side-blind", people, why: blind };
  }
  const says = isWatched(run) ? openAfterwards(run) : openBefore(run);
  if (says === undefined) return undefined;
  const why = `Run ${run.plan.id} (${run.plan.title}): ${says}`;
  const reason = ["old-side", openingOf(run) ?? []].flat().join(":");
  return { occasion: "old-side", reason, people: peopleOf("old-side", run, inventory), why };
}

/** Before the promotion another opening is news, however soon it comes. */
const openingOf = (run: RunState): number | undefined => (run.pastNoReturn ? undefined : openedSince(run)?.atMs);

/** Nobody guards against two writers meanwhile. What was known of it before is said as well. */
function unwatched(run: RunState): string | undefined {
  const { plan, watch } = run;
  if (!watch.blind || !(isWatched(run) || isGuarded(run) || isKeptInSight(run))) return undefined;
  const open = isWatched(run) ? openAfterwards(run) : openBefore(run);
  const known = open === undefined ? "" : `. ${open}`;
  const end = isKeptInSight(run) ? "" : `. Two approvers can end this watch: /dr stop-watch ${plan.id}`;
  const next = `See to it by hand that ${plan.from} takes no writes: TwoKey keeps trying to look${end}`;
  return `Run ${plan.id} (${plan.title}): TwoKey cannot watch ${plan.from} since ${sayTime(watch.blind.sinceMs)}: ${watch.blind.why}. ${next}${known}`;
}

function openAfterwards(run: RunState): string | undefined {
  const { plan, watch } = run;
  const { id, from } = plan;
  if (watch.says === "") return undefined;
  const writes = takenThere(run);
  if (watch.lostAtMs === undefined || watch.tries > 0)
    return `${from} answers and could not be fenced: ${watch.says}. ${writes}. TwoKey tries again. Close it by hand now: /dr by-hand ${id} has the commands`;
  const since = watch.seenClosedMs === undefined ? "" : `. It was last seen closed at ${sayTime(watch.seenClosedMs)}`;
  return `${from} was fenced and is not any more: ${watch.says}. ${writes}${since}`;
}

/** Between its fence and the promotion. */
function openBefore(run: RunState): string | undefined {
  const opened = isOpenBefore(run) ? openedSince(run) : undefined;
  if (!opened) return undefined;
  const { id, from, to } = run.plan;
  const what = `${from} was fenced and was seen open before the promotion (${opened.resources.join(", ")})`;
  const lost = mayLoseOpened(run) ? `, and what it takes until it is closed may not be in ${to}` : "";
  const since = `It was last seen closed at ${sayTime(opened.fromMs)}${lost}`;
  const byHand = `Close it by hand now: /dr by-hand ${id} has the commands`;
  const next =
    run.state === "running" ? "TwoKey fences it again first" : `${byHand}. Nothing fences it again while the run waits`;
  return `${what}. ${since}. ${next}`;
}

function moreKeys({ plan, keys }: RunState): string {
  const left = plan.keysRequired - keys.length;
  return `${left} more ${left === 1 ? "key" : "keys"}`;
}

/** Nobody performs it: each process that looked is cut off. Or one after the other takes it, and is. */
function undriven(run: RunState, inventory: Inventory, nowMs: number): Needed | undefined {
  const { cutOff, plan } = run;
  const isLeft = isLetGo(run) && cutOff !== undefined && nowMs >= cutOff.callsAtMs;
  if (!cutOff || !(isLeft || isPassedOn(run))) return undefined;
  const since = sayTime(cutOff.sinceMs, nowMs);
  const what = isPassedOn(run)
    ? `gets no further since ${since}: ${cutOff.times} times in a row the TwoKey process that performed it reached no region and no vendor, and let go of it. See to their way out`
    : `stands still: TwoKey's process reaches no region and no vendor since ${since}, and no other process has taken it over. See to its way out`;
  const why = `Run ${plan.id} (${plan.title}) ${what}: the run then goes on by itself. /dr by-hand ${plan.id} has the commands`;
  return { occasion: "cut-off", reason: `cut-off:${cutOff.sinceMs}`, people: peopleOf("cut-off", run, inventory), why };
}

/** A vendor refuses what the run waits for, perhaps for hours: people may know another way. */
function refusedStep(run: RunState, inventory: Inventory, nowMs: number): Needed | undefined {
  const [step, ...others] = heldUpSteps(run);
  const heldUp = step && stateOf(run, step.id).heldUp;
  if (!step || !heldUp) return undefined;
  const { id, title } = run.plan;
  const since = `has been refused since ${sayTime(heldUp.sinceMs, nowMs)}`;
  const help = fits("take-over", run)
    ? `Do it another way if you can: /dr by-hand ${id} has the commands`
    : `Write it where it is refused if you can: /dr by-hand ${id} has the commands, and the run then goes on by itself`;
  const also = others.length === 0 ? "" : ` Refused as well: ${others.map((other) => `“${other.title}”`).join(", ")}.`;
  const why = `Run ${id} (${title}) goes on waiting: “${step.title}” ${since}. TwoKey keeps trying.${also} ${help}. First answer: ${heldUp.why}`;
  return { occasion: "held-up", reason: `held-up:${step.id}`, people: peopleOf("held-up", run, inventory), why };
}

interface Moment {
  readonly inventory: Inventory;
  readonly nowMs: number;
}

/** Both sides may take writes, or time runs out: news also to people who know already that the run waits for them. */
function withNews(run: RunState, { inventory, nowMs }: Moment, needed: Needed): Needed {
  const news = [openOldSide(run, { inventory, nowMs }), ending(run, inventory, nowMs)].flatMap((each) => each ?? []);
  const reason = reasonWith([needed, ...news].map((each) => each.reason));
  return { ...needed, reason, why: [...news, needed].map((each) => withoutStop(each.why)).join(". ") };
}

const AND = "+";
const reasonWith = (parts: readonly string[]): string => parts.join(AND);

/** The reason for which people were called stands while all that is left was among it: what is over is no news, and rings nobody. */
export function reasonStill(before: string | undefined, reason: string): string {
  const known = before?.split(AND) ?? [];
  return before !== undefined && reason.split(AND).every((part) => known.includes(part)) ? before : reason;
}

const withoutStop = (sentence: string): string => sentence.replace(/\.$/, "");

/** After its end date TwoKey does nothing more for a run, so people are asked while they can still move it. */
function ending(run: RunState, inventory: Inventory, nowMs: number): Needed | undefined {
  if (!endsSoon(run, nowMs) || !fits("extend", run)) return undefined;
  const { id, title, from } = run.plan;
  const occasion = isOver(run) && !isWatched(run) ? "guard-ending" : "ending";
  const people = peopleOf(occasion, run, inventory);
  const until = sayTime(run.untilMs, nowMs);
  const what = isOver(run) ? `TwoKey looks after ${from}` : "TwoKey acts on it";
  const why = `Run ${id} (${title}): ${what} until ${until}. For as long again two approvers say /dr extend ${id}.`;
  return { occasion, reason: `${occasion}:${run.untilMs}`, people, why };
}

/** The step that failed and its attempt: votes and late reports about it are no news. */
function reasonOf(run: RunState): string {
  const step = failedStep(run) ?? "";
  return `${run.state}:${step}:${stateOf(run, step).attempt}`;
}
