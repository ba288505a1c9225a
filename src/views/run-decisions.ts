import { type CardButton, type CardPart, type Span, spans, timeOfDay } from "../domain/card/card.ts";
import {
  ABOUT_A_FAILURE,
  DECISIONS,
  type Decision,
  fits,
  needsOf,
  stepInQuestion,
} from "../domain/plan-run/decision.ts";
import { isHeldUp } from "../domain/plan-run/held-up.ts";
import { stepOf } from "../domain/plan-run/plan.ts";
import { type RunState, type StepState, stateOf } from "../domain/plan-run/run.ts";
import { votesNeeded } from "../domain/plan-run/votes.ts";
import { inRoom, quoted } from "./room.ts";

const LABEL = {
  abort: "Abort",
  pause: "Pause",
  resume: "Resume",
  retry: "Retry",
  skip: "Skip",
  unwind: "Unwind",
  replan: "Plan the remaining steps",
} as const satisfies Partial<Record<Decision, string>>;
const OFFERED = Object.keys(LABEL) as readonly (keyof typeof LABEL)[]; // the table's own keys

/** What a confirmation asks, and who may say yes. */
const QUESTION: Partial<Record<Decision, string>> = {
  skip: "Go on without this step?",
  retry: "Try the failed step again?",
  unwind: "Undo the steps of this run?",
  replan: "Make a new plan for the remaining steps?",
};

/** The buttons that make sense now; what may be done in which state stands in the table of decisions. */
export function decisions(run: RunState): CardPart[] {
  const step = stepInQuestion(run);
  const offered = OFFERED.filter((decision) => fits(decision, run));
  if (offered.length === 0) return [];
  const isFence = step !== undefined && stepOf(run.plan, step).role === "protects";
  const risk = (decision: Decision) => (decision === "skip" && isFence ? "Both sides may then take writes. " : "");
  const button = (decision: keyof typeof LABEL): CardButton => ({
    label: LABEL[decision],
    intent: decision,
    value:
      step !== undefined && ABOUT_A_FAILURE.includes(decision) ? `${run.plan.id}:${step}:${run.intents}` : run.plan.id,
    confirm: {
      title: QUESTION[decision] ?? `${LABEL[decision]} this run?`,
      text: `The run ${DECISIONS[decision].effect}. ${risk(decision)}${whoDecides(decision, run)}`,
      yes: LABEL[decision],
    },
  });
  const about: CardPart[] =
    step === undefined
      ? []
      : [
          {
            kind: "text",
            text: [{ bold: `${stepOf(run.plan, step).title}: ` }, ...wrongWith(stateOf(run, step))],
          },
        ];
  return [...about, { kind: "buttons", buttons: offered.map(button) }, ...waysOn(run, step)];
}

/** What the step knows of ways on, besides the buttons. */
function waysOn(run: RunState, step: string | undefined): CardPart[] {
  const { state, ways } = stateOf(run, step ?? "");
  if (state !== "failed" || ways.length === 0) return [];
  return [{ kind: "lines", lines: ways.map((way) => inRoom(way, "way")) }];
}

/** Why it failed; or since when a vendor refuses it, and that nobody has to do anything for it to be tried again. */
function wrongWith(state: StepState): readonly Span[] {
  const { heldUp, says } = state;
  if (!heldUp || !isHeldUp(state)) return [quoted(says, "reason")];
  return [
    ...spans`refused since ${timeOfDay(heldUp.sinceMs)}. TwoKey keeps trying, and goes on by itself. First answer: `,
    quoted(heldUp.why, "reason"),
  ];
}

function whoDecides(decision: Decision, run: RunState): string {
  const needs = needsOf(decision, run);
  if (needs === "two approvers")
    return `${votesNeeded(run)} approvers must agree. The person who asked for the plan does not count.`;
  return needs === "two keys on the new plan"
    ? `One responder asks for it. The new plan needs ${votesNeeded(run)} keys.`
    : "One responder is enough.";
}
