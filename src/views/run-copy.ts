import { type Card, type Span, sentenceCard, timeOfDay } from "../domain/card/card.ts";
import { sayTime } from "../domain/duration.ts";
import { openedSince } from "../domain/plan-run/before-promotion.ts";
import { heldUpSteps } from "../domain/plan-run/held-up.ts";
import { type RunState, stateOf } from "../domain/plan-run/run.ts";
import { sayState } from "../domain/plan-run/state-words.ts";
import type { Inventory } from "../domain/service/inventory.ts";
import { type PlanContext, planInFull } from "./plan.ts";
import { inRoom } from "./room.ts";
import { progressCard } from "./run-progress.ts";

interface Calling extends PlanContext {
  /** Why its reader is called, as a pager says it as well. */
  readonly why: string;
}

/** What somebody who is called gets as a direct message: why, and the whole card to decide by. */
export function calledCard(run: RunState, inventory: Inventory, { why, ...context }: Calling): Card {
  const shown = run.state === "waiting-for-keys" ? planInFull : progressCard;
  const said = withMoments(why, momentsOf(run), context.nowMs);
  return { text: why, parts: [{ kind: "text", text: said }, ...shown(run, inventory, context).parts] };
}

/** What the reasons to be called for a run tell the time of. */
const momentsOf = (run: RunState): readonly number[] =>
  [
    ...[run.untilMs, run.watch.seenClosedMs, run.watch.blind?.sinceMs],
    ...[openedSince(run)?.newest.fromMs, run.cutOff?.sinceMs, run.cutOff?.stillMs],
    ...heldUpSteps(run).map(({ id }) => stateOf(run, id).heldUp?.sinceMs),
  ].filter((moment) => moment !== undefined);

/** A pager says a time in UTC; a reader's client says it in the reader's zone. */
function withMoments(why: string, moments: readonly number[], nowMs: number): readonly Span[] {
  const said = new Map(moments.flatMap((ms) => [sayTime(ms, nowMs), sayTime(ms)].map((words) => [words, ms] as const)));
  const next = [...said].find(([words]) => why.includes(words));
  if (!next) return why === "" ? [] : [{ bold: why }];
  const [words, ms] = next;
  const isOfDay = words === sayTime(ms);
  const [before = "", ...rest] = why.split(words);
  return [
    ...withMoments(before, moments, nowMs),
    isOfDay ? timeOfDay(ms) : { timeMs: ms },
    ...withMoments(rest.join(words), moments, nowMs),
  ];
}

/** A copy in a direct message that asked for something, and asks for nothing now: it has no buttons any more. */
export const copyOfBefore = ({ plan: { id, title }, state }: RunState): Card =>
  sentenceCard(`${id} (${inRoom(title, "title")}) is ${sayState(state)}. Nothing is asked of you here any more.`);

/** One that a newer copy has taken the place of. */
export const replacedCopy = (run: string): Card => sentenceCard(`A newer message about ${run} stands below.`);
