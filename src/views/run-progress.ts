import type { Card, CardButton, CardPart, Text } from "../domain/card.ts";
import { DECISIONS, type Decision, failedStep } from "../domain/decision.ts";
import { sayDuration, sayTime } from "../domain/duration.ts";
import type { Inventory } from "../domain/inventory.ts";
import { type PlannedStep, phasesOf, stepOf } from "../domain/plan.ts";
import { type RunState, type RunStateName, type StepState, stateOf } from "../domain/run.ts";
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

/** One message, edited as the run goes. */
export function progressCard(
  run: RunState,
  inventory: Inventory,
  nowMs: number,
  latest: Readonly<Record<string, string>> = {},
): Card {
  const { plan } = run;
  const settled = plan.steps.filter((step) =>
    ["done", "skipped", "taken-over"].includes(stateOf(run, step.id).state),
  ).length;
  const oldSide = oldSideLine(run, nowMs);
  return {
    text: `Failover of ${plan.service} to ${plan.to}: ${RUN_WORD[run.state]}, ${settled} of ${plan.steps.length} steps done.${run.why ? ` ${run.why}` : ""}${oldSide === undefined ? "" : ` ${oldSide}.`}`,
    parts: [
      { kind: "heading", text: `${plan.service} → ${plan.to}: ${RUN_WORD[run.state]}` },
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
    [
      "Point of no return",
      run.pastNoReturn ? "passed: nothing is rolled back any more" : "not passed: abort gives back what users lost",
    ],
    ...(oldSide === undefined ? [] : [["Old side", oldSide] as const]),
  ];
}

function stepLine(run: RunState, step: PlannedStep, nowMs: number, latest: string): Text {
  const state = stateOf(run, step.id);
  const took =
    state.startedAtMs === undefined ? "" : ` · ${sayDuration((state.endedAtMs ?? nowMs) - state.startedAtMs)}`;
  const words = state.state === "asked" ? latest : state.says;
  const says = words === "" ? "" : ` – ${words}`;
  return `${STEP_WORD[state.state]} · ${step.title}${took}${says}`;
}

function ending(run: RunState): CardPart[] {
  if (run.why === "") return [];
  return [{ kind: "text", text: [{ bold: "Why: " }, run.why] }];
}

const LABEL = {
  abort: "Abort",
  pause: "Pause",
  resume: "Resume",
  retry: "Retry",
  skip: "Skip",
  unwind: "Unwind",
  "plan-rest": "Plan the rest",
} as const satisfies Partial<Record<Decision, string>>;
const OFFERED = Object.keys(LABEL) as readonly (keyof typeof LABEL)[]; // the table's own keys
const ABOUT_A_FAILURE: readonly Decision[] = ["retry", "skip", "unwind"];

/** The buttons that make sense now; what may be done in which state stands in the table of decisions. */
function decisions(run: RunState): CardPart[] {
  const failed = failedStep(run);
  const offered = OFFERED.filter((decision) => {
    const rule = DECISIONS[decision];
    return (
      rule.states.includes(run.state) &&
      !(rule.side === "before" && run.pastNoReturn) &&
      !(decision === "resume" && run.voided) &&
      !(ABOUT_A_FAILURE.includes(decision) && failed === undefined)
    );
  });
  if (offered.length === 0) return [];
  const button = (decision: keyof typeof LABEL): CardButton => ({
    label: LABEL[decision],
    intent: decision,
    value: run.plan.id,
    confirm: {
      title: decision === "plan-rest" ? "Plan the rest anew?" : `${LABEL[decision]} this run?`,
      text: `${DECISIONS[decision].effect}. Needs ${DECISIONS[decision].needs}.`,
      yes: "Yes",
    },
  });
  const about: CardPart[] =
    failed === undefined
      ? []
      : [{ kind: "text", text: `${stepOf(run.plan, failed).title}: ${stateOf(run, failed).says}` }];
  return [...about, { kind: "buttons", buttons: offered.map(button) }];
}

/** What the first line of a status update says about a run. */
export function runLine(run: RunState, nowMs: number): string {
  const active = run.plan.steps
    .filter((step) => ["intended", "asked"].includes(stateOf(run, step.id).state))
    .map((step) => step.title);
  const since = run.startedAtMs === undefined ? "" : ` since ${sayTime(run.startedAtMs, nowMs)}`;
  return `Failover ${run.plan.id} to ${run.plan.to} is ${RUN_WORD[run.state]}${since}${active.length > 0 ? `: ${active.join("; ")}` : ""}`;
}
