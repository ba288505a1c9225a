import { sayTime } from "../../domain/duration.ts";
import type { Person } from "../../domain/people/person.ts";
import { outbreakOf } from "../../domain/plan-run/comes-and-goes.ts";
import { isLetGo, isPassedOn } from "../../domain/plan-run/cut-off.ts";
import { askForRest, fits, stopOf } from "../../domain/plan-run/decision.ts";
import { endsSoon } from "../../domain/plan-run/extension.ts";
import { isWatched } from "../../domain/plan-run/fence.ts";
import { heldUpSteps } from "../../domain/plan-run/held-up.ts";
import { whoIsLeft } from "../../domain/plan-run/key.ts";
import { onlyAdds } from "../../domain/plan-run/plan.ts";
import { isOver, type RunState, stateOf } from "../../domain/plan-run/run.ts";
import { whyOf } from "../../domain/plan-run/why.ts";
import { approversOf } from "../../domain/service/access.ts";
import { findPerson, type Inventory } from "../../domain/service/inventory.ts";
import { oneReason } from "./first-calls.ts";
import { type Group, OCCASIONS, type Occasion, type OccasionName } from "./occasions.ts";
import { oldSideReasons } from "./old-side-needs.ts";

export interface Needed {
  readonly occasion: OccasionName;
  /** Another reason is news also to people who were called already. */
  readonly reason: string;
  readonly why: string;
  readonly people: readonly Person[];
}

/** Whom this run waits for, and why. Undefined: nobody. */
export function whoIsNeeded(run: RunState, inventory: Inventory, nowMs: number): Needed | undefined {
  const moment = { inventory, nowMs };
  return together(
    run,
    waitsFor(run, moment),
    [openOldSide(run, moment), ending(run, moment)].flatMap((each) => each ?? []),
  );
}

/** By what it stands: a state that people or an end came to is told apart from the next one by where in the journal it began. */
function waitsFor(run: RunState, moment: Moment): readonly Needed[] {
  const { plan, state, stateAt } = run;
  const { inventory, nowMs } = moment;
  const of = (occasion: OccasionName, why: string, reason = `${occasion}:${stateAt}`): readonly Needed[] => [
    { occasion, reason, why, people: peopleOf(occasion, run, inventory) },
  ];
  const named = `${plan.id} (${plan.title})`;
  switch (state) {
    case "waiting-for-keys":
      return [missingKeys(run, inventory)];
    case "paused":
      // A person who paused a run knows it. Facts that changed under the keys, and what TwoKey cannot go on with, are news to everybody.
      if (run.halted && !run.voided)
        return of(
          "stopped",
          `Run ${named} is paused: ${run.why}. When that is mended: /dr resume ${plan.id}`,
          `halted:${stateAt}`,
        );
      return run.voided
        ? of("voided", `Run ${named} is paused, and its keys are void: ${sayVoided(run, inventory)}`)
        : [];
    case "stopped":
    case "stuck":
      return of(state, `Run ${named} is ${state} and needs a decision: ${whyOf(run, inventory)}`, stopOf(run));
    case "running":
      return inOrder(run, undriven(run, moment), refusedStep(run, moment));
    case "unwound": {
      if (nowMs >= (run.endedAtMs ?? nowMs) + OCCASIONS.unwound.lastsMs) return [];
      const how = onlyAdds(plan) ? "ended early" : "was rolled back";
      return of("unwound", `Run ${named} ${how} and needs no decision: ${whyOf(run, inventory)}`);
    }
    case "unwinding":
      return [undriven(run, moment)].flatMap((each) => each ?? []);
    case "verified":
    case "closed":
    case "superseded":
      return [];
  }
}

function sayVoided(run: RunState, inventory: Inventory): string {
  const back = run.pastNoReturn ? "" : `. Or give back what it did: /dr abort ${run.plan.id}`;
  return `${whyOf(run, inventory)}. A new plan: ${askForRest(run.plan)}${back}`;
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

function openOldSide(run: RunState, { inventory, nowMs }: Moment): Needed | undefined {
  const { reasons, why } = oldSideReasons(run, nowMs) ?? {};
  if (reasons === undefined || why === undefined) return undefined;
  return { occasion: "old-side", reason: oneReason(reasons), people: peopleOf("old-side", run, inventory), why };
}

/** A pager keeps the title of a call, and the answer of somebody who then turns their key: each key that comes or goes makes it another call. */
function missingKeys(run: RunState, inventory: Inventory): Needed {
  const { plan, keys, keyChanges } = run;
  const left = plan.keysRequired - keys.length;
  const why = `Plan ${plan.id} (${plan.title}) waits for ${left} more ${left === 1 ? "key" : "keys"}. Read the plan card before you turn yours.`;
  return { occasion: "keys", reason: `keys:${keyChanges}`, why, people: peopleOf("keys", run, inventory) };
}

/** While somebody has it, that it was passed on comes last. */
const inOrder = (run: RunState, left: Needed | undefined, other: Needed | undefined): readonly Needed[] =>
  (isLetGo(run) ? [left, other] : [other, left]).flatMap((each) => each ?? []);

/** Nobody performs it: each process that looked is cut off. Or one after the other takes it, and is. */
function undriven(run: RunState, { inventory, nowMs }: Moment): Needed | undefined {
  const { cutOff, plan } = run;
  const isLeft = isLetGo(run) && cutOff !== undefined && nowMs >= cutOff.callsAtMs;
  const isPassed = isPassedOn(run, nowMs);
  if (!cutOff || !(isLeft || isPassed)) return undefined;
  const since = sayTime(isPassed ? cutOff.stillMs : cutOff.sinceMs, nowMs);
  const what = isPassed
    ? `gets no further since ${since}: ${cutOff.times} times in a row the TwoKey process that performed it reached no region and no vendor, and let go of it. See to their way out`
    : `stands still: TwoKey's process reaches no region and no vendor since ${since}, and no other process has taken it over. See to its way out`;
  const why = `Run ${plan.id} (${plan.title}) ${what}: the run then goes on by itself. /dr by-hand ${plan.id} has the commands`;
  return { occasion: "cut-off", reason: outbreakOf(run, "cut-off"), people: peopleOf("cut-off", run, inventory), why };
}

/** A vendor refuses what the run waits for, perhaps for hours: people may know another way. */
function refusedStep(run: RunState, { inventory, nowMs }: Moment): Needed | undefined {
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
  const reason = oneReason(heldUpSteps(run).map((each) => outbreakOf(run, `held-up:${each.id}`)));
  return { occasion: "held-up", reason, people: peopleOf("held-up", run, inventory), why };
}

interface Moment {
  readonly inventory: Inventory;
  readonly nowMs: number;
}

/**
 * All that people are needed for now, as one call to all whom it concerns, of which each part is news by itself. Why both sides may
 * take writes, or that time runs out, is said first. Nobody is woken for what is only a warning.
 */
function together(run: RunState, waits: readonly Needed[], news: readonly Needed[]): Needed | undefined {
  const isUrgent = ({ occasion }: Needed) => OCCASIONS[occasion].urgent !== "never";
  const all = [...waits, ...news];
  const urgent = all.some(isUrgent) ? all.filter(isUrgent) : all;
  const [first, ...others] = urgent;
  if (!first || others.length === 0) return first;
  const people = [...new Set(urgent.flatMap((each) => each.people))];
  const said = [...news, ...waits].filter((each) => urgent.includes(each)).map(({ why }) => withoutStop(why));
  const why = said.map((each, at) => (at === 0 ? each : withoutRun(each, run))).join(". ");
  return { ...first, reason: oneReason(urgent.map(({ reason }) => reason)), people, why };
}

/** Which run it is the first sentence has said. */
function withoutRun(why: string, { plan: { id, title } }: RunState): string {
  const named = `Run ${id} (${title})`;
  return why.startsWith(`${named}: `) ? why.slice(named.length + 2) : why.replace(named, "The run");
}

const withoutStop = (sentence: string): string => sentence.replace(/\.$/, "");

/** After its end date TwoKey does nothing more for a run, so people are asked while they can still move it. */
function ending(run: RunState, { inventory, nowMs }: Moment): Needed | undefined {
  if (!endsSoon(run, nowMs) || !fits("extend", run)) return undefined;
  const { id, title, from } = run.plan;
  const occasion = isOver(run) && !isWatched(run) ? "guard-ending" : "ending";
  const people = peopleOf(occasion, run, inventory);
  const until = sayTime(run.untilMs, nowMs);
  const what = isOver(run) ? `TwoKey looks after ${from}` : "TwoKey acts on it";
  const why = `Run ${id} (${title}): ${what} until ${until}. For as long again two approvers say /dr extend ${id}.`;
  return { occasion, reason: `${occasion}:${run.untilMs}`, people, why };
}
