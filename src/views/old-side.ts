import { ago, type Moment, type Span, spans, type Text, timeOfDay } from "../domain/card/card.ts";
import { isBlind, isKeptInSight } from "../domain/plan-run/before-promotion.ts";
import { fenceOf, fenceSeen, haveSessionsEnded, isGuarded, isShutOff, isWatched } from "../domain/plan-run/fence.ts";
import { lostBeforeMs } from "../domain/plan-run/old-side-watch.ts";
import { isSettled, type RunState, stateOf } from "../domain/plan-run/run.ts";
import { takenThere } from "../domain/plan-run/taken-there.ts";
import { marked } from "./plan-steps.ts";
import { inRoom } from "./room.ts";

function blindLine(run: RunState): Text | undefined {
  const { from, id } = run.plan;
  const { blind } = run.watch;
  if (!blind || !isBlind(run)) return undefined;
  const end = isKeptInSight(run) ? "" : `. Two approvers can end this watch: /dr stop-watch ${id}`;
  return spans`TwoKey cannot watch ${from} since ${ago(blind.sinceMs)}: ${blind.why}. It keeps trying. See to it by hand that ${from} takes no writes${end}`;
}

/** What is known about the side that the run leads away from, where its fence step alone does not say it; else undefined. */
export function oldSideLine(run: RunState, nowMs: number): Text | undefined {
  const fence = fenceOf(run);
  if (!fence || run.startedAtMs === undefined) return undefined;
  const { from, id } = run.plan;
  const { state } = stateOf(run, fence.id);
  const seen = fenceSeen(run);
  const blind = blindLine(run);
  if (blind !== undefined) return blind;
  const { watch } = run;
  if (watch.lostAtMs !== undefined && watch.state === "waiting")
    return spans`${from} was fenced and is not any more, seen so ${ago(watch.lostAtMs)}: ${watch.says}. It is fenced again. What it takes until then is not in ${run.plan.to}${sinceClosed(run)}`;
  if (watch.state === "fenced") {
    const fenced = ago(watch.endedAtMs ?? nowMs);
    return watch.lostAtMs === undefined
      ? spans`${from} came back and was fenced at ${fenced}${sessionsBefore(run)}${whileGuarded(run)}`
      : spans`${from} was opened, seen so ${ago(watch.lostAtMs)}, and was fenced again at ${fenced}. What it took meanwhile is not in ${run.plan.to}${sinceClosed(run)}${whileGuarded(run)}`;
  }
  const guarded = run.state === "verified" ? whileGuarded(run) : [];
  if (seen === "closed" && state === "done" && watch.lostAtMs === undefined)
    return spans`${from} is closed, and refuses new sessions. That earlier ones are gone two approvers said, and TwoKey has not seen it${guarded}`;
  if ((isShutOff(run) && watch.lostAtMs === undefined) || !isSettled(stateOf(run, fence.id))) {
    if (guarded.length > 0) return spans`${from} is fenced${sessionsBefore(run)}${guarded}`;
    const isLeftOpen = run.pastNoReturn && seen !== "fenced" && state === "undone";
    return isLeftOpen ? `${from} is open again, and TwoKey does not watch it: people chose the way back` : undefined;
  }
  if (watch.state === "ended")
    return `${from} was never proven to be fenced, and TwoKey does not watch it any more: ${watch.says}`;
  if (isWatched(run)) {
    return spans`${from} is not proven to be fenced${whatIsTried(run, nowMs)}. ${takenThere(run)}.${byPeople(run)} TwoKey ${watch.state === "failed" ? "tries again" : "fences it when it answers,"} until ${until(run)}. Two approvers can end that: /dr stop-watch ${id}`;
  }
  if (run.pastNoReturn)
    return `${from} is not proven to be fenced, and TwoKey does not watch it: people chose the way back. Fence it by hand if it must not write`;
  if (!["running", "paused", "stopped"].includes(run.state)) return undefined;
  const next =
    seen === "cannot-know"
      ? "If it answers before the promotion, it is fenced first"
      : "TwoKey looks at it again before the promotion";
  return `${from} is not proven to be fenced and may still take writes; the key holders accepted that. ${next}`;
}

/** While TwoKey closes all of it, nobody else has to. */
function byPeople(run: RunState): string {
  const { state, leftAlone } = run.watch;
  if ((state === "intended" || state === "asked") && leftAlone.length === 0) return "";
  return ` ${state === "failed" ? "" : "If you can reach it: "}${closeByHand(run)}.`;
}

/** What people can do who may reach what TwoKey cannot. */
export function closeByHand({ plan }: RunState): string {
  const fence = marked(plan).find(({ step }) => step.role === "protects");
  const step = fence === undefined ? "" : `step ${fence.mark} of `;
  return `Close ${plan.from} by hand now: ${step}the commands in the thread of its plan`;
}

/** How old the proof is on which a run counts as verified, where the old side could not be asked at its end. */
export function unseenAtEnd({ plan: { from }, unseenAtEnd: unseen }: RunState): Text | undefined {
  if (!unseen) return undefined;
  const seen = spans`It was last seen closed at ${timeOfDay(unseen.seenClosedMs)}.`;
  return unseen.why === undefined
    ? spans`${from} gave no answer at the end. ${seen}`
    : spans`Nobody could prove at the end that ${from} is still fenced: ${inRoom(unseen.why, "reason")}. ${seen}`;
}

/** Who reads “fenced” reads what it says nothing of: where nothing ends sessions, only new ones are proven to be refused (0049). */
function sessionsBefore(run: RunState): string {
  if (haveSessionsEnded(run)) return "";
  const isSigned = run.plan.acceptances.some(({ id }) => id === "sessions-not-proven");
  const accepted = isSigned ? ", as the key holders accepted" : "";
  return ` for new sessions. That earlier ones have ended is not proven: programs that stayed connected may still write${accepted}`;
}

/** Between this look and the one that saw it open others may have written there. */
const sinceClosed = (run: RunState): readonly Span[] =>
  run.watch.seenClosedMs === undefined
    ? []
    : spans`; it was last seen closed ${ago(run.watch.seenClosedMs)}${openedBefore(run)}`;

/** The newest opening is not the only one. */
export function openedBefore({ watch, plan: { to } }: RunState): readonly Span[] {
  const fromMs = lostBeforeMs(watch);
  if (fromMs === undefined) return [];
  return spans`. It was opened before as well: what it took since ${timeOfDay(fromMs)} may not be in ${to}`;
}

/** People who open the old side, once it is built again, have to know it first. */
function whileGuarded(run: RunState): readonly Span[] {
  if (!isGuarded(run)) return [];
  return spans`. Until ${until(run)} TwoKey fences it again if somebody opens it. To open it yourself, two approvers end this watch first: /dr stop-watch ${run.plan.id}`;
}

/** Days ahead, so it is shown with its day. */
const until = ({ untilMs }: RunState): Moment => ({ timeMs: untilMs });

function whatIsTried({ watch }: RunState, nowMs: number): readonly Span[] {
  const since = ago(watch.triedAtMs ?? nowMs);
  switch (watch.state) {
    case "intended":
    case "asked":
      if (watch.leftAlone.length > 0)
        return spans`: what answers again has been closed since ${since}, and ${watch.leftAlone.join(", ")} gave no answer then`;
      return spans`: it answers again, and TwoKey began to close it at ${since}. No test write was refused there yet, so it may still take writes`;
    case "failed":
      return spans`: it answers again, and fencing it failed at ${since} (${watch.says})`;
    case "waiting":
    case "fenced":
    case "ended":
      return [];
  }
}
