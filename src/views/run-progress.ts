import { ago, type Card, type CardPart, type Moment, spans, type Text, timeOfDay } from "../domain/card/card.ts";
import { isLetGo } from "../domain/plan-run/cut-off.ts";
import { askForRest, failedStep, fits } from "../domain/plan-run/decision.ts";
import { endsSoon } from "../domain/plan-run/extension.ts";
import { fenceOf, isKeptShut } from "../domain/plan-run/fence.ts";
import { heldUpSteps } from "../domain/plan-run/held-up.ts";
import { leftToPeople, unmeasuredSteps } from "../domain/plan-run/left-to-people.ts";
import { leftBehind } from "../domain/plan-run/outcome.ts";
import { askFresh, onlyAdds, type PlannedStep } from "../domain/plan-run/plan.ts";
import {
  isOver,
  type RunState,
  type RunStateName,
  type StepState,
  stateOf,
  WAITS_FOR_PEOPLE,
} from "../domain/plan-run/run.ts";
import { sayState } from "../domain/plan-run/state-words.ts";
import { whyOf } from "../domain/plan-run/why.ts";
import type { Inventory } from "../domain/service/inventory.ts";
import { plainText } from "./card-text.ts";
import { nameOf } from "./names.ts";
import { oldSideLine, unseenAtEnd } from "./old-side.ts";
import type { PlanContext } from "./plan.ts";
import { inRoom, withEnd } from "./room.ts";
import { canUnwind, decisions, irreversibleIn } from "./run-decisions.ts";
import { endOfMove } from "./run-loss.ts";
import { settledOf, stepLines } from "./run-steps.ts";
import { timeLine } from "./run-time.ts";

/** What people have to see at once on the card; every other state in its ordinary words. */
const LOUD: Partial<Readonly<Record<RunStateName, string>>> = {
  paused: "paused",
  stopped: "stopped – people decide",
  stuck: "stuck – people have to look",
  superseded: "ended – the rest goes on in a new plan",
};

function runWord(run: RunState): string {
  if (run.state === "paused" && run.voided) return "paused – the keys are void";
  // Verified means measured; what people vouch for is no measurement.
  if (run.state === "verified" && unmeasuredSteps(run).length > 0) return "ended, not fully verified";
  // Where nothing is taken back there is no rollback.
  if (run.state === "unwound" && onlyAdds(run.plan)) return "ended early";
  return LOUD[run.state] ?? sayState(run.state);
}

interface ProgressContext extends PlanContext {
  /** What each step that is under way said last. */
  readonly latest?: Readonly<Record<string, string>> | undefined;
}

/** One message, edited as the run goes: how it stands and what people can decide first, its steps below. */
export function progressCard(
  run: RunState,
  inventory: Inventory,
  { nowMs, latest = {}, downSinceMs, before }: ProgressContext,
): Card {
  const { plan } = run;
  const why = run.why === "" ? [] : [`Why: ${withEnd(inRoom(whyOf(run, inventory), "reason"))}`];
  const said = saidOf(run, nowMs, before);
  const left = run.state === "verified" ? leftToPeople(run) : [];
  return {
    text: [`${plan.title}: ${runWord(run)}, ${settledOf(run)}.`, ...why, ...said, ...left, ...voidedNext(run)]
      .map((line) => plainText(line, { nowMs }))
      .join(" "),
    parts: [
      { kind: "heading", text: `${inRoom(plan.title, "headline")}: ${runWord(run)}` },
      {
        kind: "lines",
        plain: true,
        lines: [
          ...(failedStep(run) === undefined ? why : []),
          ...said,
          timeLine(run, { nowMs, downSinceMs, before }),
          ...stillLines(run),
          ...noReturnLines(run),
          ...otherWayLines(run),
          ...endLines(run, nowMs),
        ],
      },
      ...leftParts(run),
      ...decisions(run),
      { kind: "divider" },
      stepLines(run, { nowMs, inventory, latest }),
      { kind: "text", text: ["Run ", { code: plan.id }, ...holdersOf(run, inventory)] },
      ...footOf(run, nowMs),
    ],
  };
}

/** For a reader of the notification alone: the buttons stand on the card. */
const voidedNext = ({ state, voided, plan }: RunState): string[] =>
  state === "paused" && voided ? [`A new plan: ${askForRest(plan)}.`] : [];

/** How the old side stands, and what the end means. */
function saidOf(run: RunState, nowMs: number, before: readonly RunState[] | undefined): Text[] {
  const oldSide = oldSideLine(run, nowMs);
  const unseen = unseenAtEnd(run);
  return [
    ...undrivenLine(run),
    ...endOfMove(run, before),
    ...(unseen === undefined ? [] : [unseen]),
    ...(oldSide === undefined ? [] : [spans`${oldSide}.`]),
    ...outcomeOf(run),
  ];
}

/** Where something should go on: the process that performed it let go of it, and no other one has taken it. */
export function undrivenLine(run: RunState | undefined): Text[] {
  if (!run?.cutOff || !isLetGo(run) || !["running", "unwinding"].includes(run.state)) return [];
  return [
    spans`Nobody has performed run ${run.plan.id} since ${timeOfDay(run.cutOff.sinceMs)}: TwoKey's process reaches no region and no vendor. Another one goes on with it as soon as it is answered.`,
  ];
}

const holdersOf = ({ keys, voided }: RunState, inventory: Inventory): string[] =>
  keys.length === 0
    ? []
    : [` · ${voided ? "void: " : ""}keys of ${keys.map(({ by }) => nameOf(inventory, by)).join(" and ")}`];

/** While there is time to move it. */
function endLines(run: RunState, nowMs: number): Text[] {
  if (!endsSoon(run, nowMs) || !fits("extend", run)) return [];
  const until = timeOfDay(run.untilMs);
  return [spans`TwoKey acts on this plan until ${until}. Two approvers can extend it: /dr extend ${run.plan.id}`];
}

/** While a vendor refuses a step: the way that needs nothing of it. */
function otherWayLines(run: RunState): Text[] {
  const [step, ...others] = heldUpSteps(run);
  if (step === undefined) return [];
  const { id } = run.plan;
  const refusedToo = others.length === 0 ? [] : [`Refused as well: ${others.map(({ title }) => title).join("; ")}.`];
  if (!fits("take-over", run))
    return [
      ...refusedToo,
      spans`No other way: TwoKey sees this step only where it is refused. Write it there if you can: ${{ code: `/dr by-hand ${id}` }}. The run then goes on by itself.`,
    ];
  return [
    ...refusedToo,
    spans`Another way: the commands are in the thread of plan ${id}, and in ${{ code: `/dr by-hand ${id}` }}. Then say what you did: ${{ code: `/dr take-over ${id} …` }}`,
  ];
}

/** What a run that waits for people does meanwhile. An intent that AWS has not taken yet is not asked again. */
function stillLines(run: RunState): string[] {
  if (!WAITS_FOR_PEOPLE.some((state) => state === run.state)) return [];
  const goesOn = run.state !== "stuck" && run.plan.steps.some(({ id }) => isTaken(stateOf(run, id)));
  return [
    goesOn ? "What AWS has accepted goes on. No other step starts." : "No step starts until people decide.",
    ...(isKeptShut(run) ? [`If somebody opens ${run.plan.from} again, TwoKey still tries to fence it.`] : []),
  ];
}

const isTaken = ({ state, requestIds }: StepState): boolean => state === "asked" && requestIds.length > 0;

/** What can still be undone; of a run that has ended its outcome says it. */
function noReturnLines(run: RunState): string[] {
  if (isOver(run)) return [];
  if (run.pastNoReturn) return [pastIt(run)];
  if (!run.plan.steps.some(({ wayBack }) => wayBack === "irreversible")) return [];
  const gives = fenceOf(run)
    ? `gives back what this run stopped and closed in ${run.plan.from}`
    : "undoes what this run has done";
  const abort = `: abort ${gives}`;
  return [`The point of no return is not passed${fits("abort", run) ? abort : ""}.`];
}

function pastIt(run: RunState): string {
  const asked = irreversibleIn(run)
    .map(({ title }) => `“${title}”`)
    .join(", ");
  if (run.state === "unwinding")
    return `The point of no return is passed, so TwoKey looks first: it undoes the rest only if this did not happen: ${asked}.`;
  if (run.state === "stuck") return `This was seen not to have happened, so the rest is being undone: ${asked}.`;
  return run.state === "stopped" && canUnwind(run)
    ? `The point of no return is passed, and whether this happened is not proven: ${asked}.`
    : "The point of no return is passed. Nothing is rolled back any more.";
}

/** An undo that failed: what users and the old side have of it. */
function stoppedUndoing(run: RunState): string {
  const what = fenceOf(run) ? `What it stopped or closed in ${run.plan.from}` : "What it had changed";
  return `The rollback stopped: a step could not be undone. ${what} may still be so.`;
}

/** What is left to people, with a command in a block of its own, so that it can be copied. */
function leftParts(run: RunState): CardPart[] {
  if (run.state !== "verified") return [];
  const left = leftToPeople(run);
  const head: CardPart[] = left.length === 0 ? [] : [{ kind: "text", text: [{ bold: "Left to do by people" }] }];
  const parts = left.flatMap((sentence): CardPart[] => {
    const [, says, command] = /^(.*?): (aws [^“”]*)$/.exec(sentence) ?? [];
    if (says === undefined || command === undefined) return [{ kind: "text", text: sentence }];
    return [
      { kind: "text", text: `${says}:` },
      { kind: "code", text: command },
    ];
  });
  return [...head, ...parts];
}

/** For a reader who doubts that TwoKey still runs. Said as of a moment: the card is edited when something changes, and not for this. */
function footOf(run: RunState, nowMs: number): CardPart[] {
  const { plan } = run;
  if (isOver(run)) return [];
  const byHand =
    plan.keysRequired === 0
      ? spans`By hand: ${{ code: `/dr by-hand ${plan.id}` }}.`
      : spans`By hand, also when TwoKey is down: the commands are in the thread of plan ${plan.id}.`;
  return [{ kind: "text", text: [...spans`This card last changed at ${timeOfDay(nowMs)}. `, ...byHand] }];
}

/** What it means for somebody who reads no further. */
function outcomeOf(run: RunState): string[] {
  const { state, plan, undoSkipped } = run;
  const titles = (steps: readonly PlannedStep[]) => steps.map(({ title }) => title).join("; ");
  const again = `A new plan: ${askFresh(plan)}`;
  if (state === "verified") {
    const unmeasured = unmeasuredSteps(run);
    return unmeasured.length === 0 ? [] : [`Not measured, because people went on without it: ${titles(unmeasured)}.`];
  }
  if (state === "stuck") return [stoppedUndoing(run), `How to give it back by hand: /dr by-hand ${plan.id}`];
  if (state === "unwound" && undoSkipped.length > 0)
    return [
      `Nothing irreversible happened, but this was not undone: ${titles(plan.steps.filter(({ id }) => undoSkipped.includes(id)))}.`,
      `Look at ${plan.from} before anything else.`,
    ];
  if (state === "unwound") return [...leftBehind(run), again];
  if (state === "closed")
    return ["What this run had done stays as it is.", `A plan for what is left: ${askFresh(plan)}`];
  return [];
}

/** A run in one line. Text that is kept says when it started, not how long ago that is. */
export function runLine(run: RunState, when: (timeMs: number) => Moment = ago): Text {
  const active = run.plan.steps
    .filter((step) => ["intended", "asked", "by-hand"].includes(stateOf(run, step.id).state))
    .map((step) => step.title);
  const started = run.startedAtMs === undefined ? "" : spans`, started at ${when(run.startedAtMs)}`;
  return spans`Run ${run.plan.id} (${run.plan.title}) is ${runWord(run)}${started}${active.length > 0 ? `: ${active.join("; ")}` : ""}`;
}
