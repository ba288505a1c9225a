import type { Card, CardButton, CardPart, Text } from "../domain/card/card.ts";
import { sayDuration, sayTime } from "../domain/duration.ts";
import { ABOUT_A_FAILURE, DECISIONS, type Decision, failedStep, fits } from "../domain/plan-run/decision.ts";
import { askFresh, type PlannedStep, phasesOf, stepOf } from "../domain/plan-run/plan.ts";
import {
  isOver,
  isSettled,
  type RunState,
  type RunStateName,
  type StepState,
  stateOf,
  unmeasuredSteps,
  votesNeeded,
} from "../domain/plan-run/run.ts";
import type { Inventory } from "../domain/service/inventory.ts";
import { oldSideLine } from "./old-side.ts";
import { nameOf } from "./plan.ts";

/** Words, not only signs: colour and emoji alone say nothing to a screen reader. */
const STEP_WORD: Readonly<Record<StepState["state"], string>> = {
  waiting: "○ waiting",
  intended: "▶ asking",
  asked: "▶ under way",
  done: "✓ done",
  failed: "✗ FAILED",
  undoing: "↩ undoing",
  undone: "↩ undone",
  "undo-failed": "✗ UNDO FAILED",
  skipped: "– skipped",
  "taken-over": "✓ done by hand",
};

/** What a confirmation asks, and who may say yes. */
const QUESTION: Partial<Record<Decision, string>> = {
  skip: "Go on without the failed step?",
  retry: "Try the failed step again?",
  unwind: "Give the old side back?",
  replan: "Plan the rest anew?",
};

const RUN_WORD: Readonly<Record<RunStateName, string>> = {
  "waiting-for-keys": "waiting for keys",
  running: "running",
  paused: "PAUSED",
  unwinding: "unwinding",
  stopped: "STOPPED – people decide",
  stuck: "STUCK – people have to look",
  verified: "verified",
  unwound: "unwound",
  closed: "closed",
  superseded: "ENDED – the rest goes on in a new plan",
};

/** Verified means measured; what people vouch for is no measurement. */
const runWord = (run: RunState): string =>
  run.state === "verified" && unmeasuredSteps(run).length > 0 ? "ended, NOT fully verified" : RUN_WORD[run.state];

/** One message, edited as the run goes. */
export function progressCard(
  run: RunState,
  inventory: Inventory,
  nowMs: number,
  latest: Readonly<Record<string, string>> = {},
): Card {
  const { plan } = run;
  const settled = plan.steps.filter((step) => isSettled(stateOf(run, step.id))).length;
  const oldSide = oldSideLine(run, nowMs);
  return {
    text: [
      `${plan.title}: ${runWord(run)}, ${settled} of ${plan.steps.length} steps done.`,
      ...(run.why ? [`Why: ${run.why}.`] : []),
      ...(oldSide === undefined ? [] : [`${oldSide}.`]),
      outcomeOf(run),
    ]
      .join(" ")
      .trim(),
    parts: [
      { kind: "heading", text: `${plan.service} → ${plan.to}: ${runWord(run)}` },
      { kind: "facts", facts: facts(run, inventory, nowMs) },
      {
        kind: "lines",
        lines: phasesOf(plan).flatMap((phase) =>
          phase.map((step) => stepLine(run, step, nowMs, latest[step.id] ?? "")),
        ),
      },
      ...ending(run),
      ...decisions(run),
    ],
  };
}

function facts(run: RunState, inventory: Inventory, nowMs: number): readonly (readonly [string, Text])[] {
  const { plan, startedAtMs, endedAtMs } = run;
  const began = startedAtMs ?? nowMs;
  const oldSide = oldSideLine(run, nowMs);
  return [
    ["Run", plan.id],
    ["Keys", run.keys.map((key) => nameOf(inventory, key.by)).join(" and ")],
    ["Time", `${sayDuration((endedAtMs ?? nowMs) - began)} of ${sayDuration(plan.rtoMs)} objective`],
    ["Point of no return", noReturnLine(run)],
    ...(oldSide === undefined ? [] : [["Old side", oldSide] as const]),
  ];
}

function noReturnLine(run: RunState): string {
  if (run.pastNoReturn) return "passed: nothing is rolled back any more";
  return fits("abort", run) ? "not passed: abort gives back what users lost" : "not passed";
}

function stepLine(run: RunState, step: PlannedStep, nowMs: number, latest: string): Text {
  const state = stateOf(run, step.id);
  const untilMs = state.endedAtMs ?? run.endedAtMs ?? nowMs;
  const took = state.startedAtMs === undefined ? "" : ` · ${sayDuration(untilMs - state.startedAtMs)}`;
  const words = state.state === "asked" ? latest : state.says;
  const says = words === "" ? "" : ` – ${words}`;
  // A run that unwound waited for nothing more: what it had asked for may still be going on.
  const word = isOver(run) && state.state === "asked" ? "– not waited for" : STEP_WORD[state.state];
  return `${word} · ${step.title}${took}${says}`;
}

function ending(run: RunState): CardPart[] {
  const why: CardPart[] = run.why === "" ? [] : [{ kind: "text", text: [{ bold: "Why: " }, run.why] }];
  const now = outcomeOf(run);
  return now === "" ? why : [...why, { kind: "text", text: now }];
}

/** What it means for whoever reads no further. */
function outcomeOf(run: RunState): string {
  const { state, pastNoReturn, voided, plan, undoSkipped } = run;
  const titles = (steps: readonly PlannedStep[]) => steps.map(({ title }) => title).join("; ");
  if (state === "verified" && unmeasuredSteps(run).length > 0)
    return `Not measured, because people went on without it or vouch for it: ${titles(unmeasuredSteps(run))}.`;
  if (state === "unwound" && undoSkipped.length > 0)
    return `Nothing irreversible happened, but this was NOT undone: ${titles(plan.steps.filter(({ id }) => undoSkipped.includes(id)))}. Look at ${plan.from} before anything else.`;
  if (state === "unwound")
    return `Nothing irreversible happened: ${plan.from} is as it was before, the extra capacity in ${plan.to} is kept. A new plan: ${askFresh(plan)}`;
  if (state === "closed") return `What this run had done stays as it is. A plan for what is left: ${askFresh(plan)}`;
  if (state === "paused" && voided && !pastNoReturn)
    return `The keys are void, and nothing more is started. Plan the rest on the facts of now, or abort this run.`;
  return "";
}

const LABEL = {
  abort: "Abort",
  pause: "Pause",
  resume: "Resume",
  retry: "Retry",
  skip: "Skip",
  unwind: "Unwind",
  replan: "Plan the rest",
} as const satisfies Partial<Record<Decision, string>>;
const OFFERED = Object.keys(LABEL) as readonly (keyof typeof LABEL)[]; // the table's own keys

/** The buttons that make sense now; what may be done in which state stands in the table of decisions. */
function decisions(run: RunState): CardPart[] {
  const failed = failedStep(run);
  const offered = OFFERED.filter((decision) => fits(decision, run));
  if (offered.length === 0) return [];
  const isFence = failed !== undefined && stepOf(run.plan, failed).role === "protects";
  const risk = (decision: Decision) => (decision === "skip" && isFence ? "Both sides may then take writes. " : "");
  const button = (decision: keyof typeof LABEL): CardButton => ({
    label: LABEL[decision],
    intent: decision,
    value: failed !== undefined && ABOUT_A_FAILURE.includes(decision) ? `${run.plan.id}:${failed}` : run.plan.id,
    confirm: {
      title: QUESTION[decision] ?? `${LABEL[decision]} this run?`,
      text: `The run ${DECISIONS[decision].effect}. ${risk(decision)}${whoDecides(decision, run)}`,
      yes: LABEL[decision],
    },
  });
  const about: CardPart[] =
    failed === undefined
      ? []
      : [{ kind: "text", text: `${stepOf(run.plan, failed).title}: ${stateOf(run, failed).says}` }];
  return [...about, { kind: "buttons", buttons: offered.map(button) }];
}

function whoDecides(decision: Decision, run: RunState): string {
  const { needs } = DECISIONS[decision];
  if (needs === "two approvers")
    return `${votesNeeded(run)} approvers must agree. The person who asked for the plan does not count.`;
  return needs === "two keys on the new plan"
    ? `One responder asks for it; that plan then takes ${votesNeeded(run)} keys.`
    : "One responder is enough.";
}

/** What the first line of a status update says about a run. */
export function runLine(run: RunState, nowMs: number): string {
  const active = run.plan.steps
    .filter((step) => ["intended", "asked"].includes(stateOf(run, step.id).state))
    .map((step) => step.title);
  const started = run.startedAtMs === undefined ? "" : `, started at ${sayTime(run.startedAtMs, nowMs)}`;
  return `Run ${run.plan.id} (${run.plan.title}) is ${runWord(run)}${started}${active.length > 0 ? `: ${active.join("; ")}` : ""}`;
}
