import { type CardButton, type CardPart, type Span, spans, type Text, timeOfDay } from "../domain/card/card.ts";
import {
  ABOUT_A_FAILURE,
  DECISIONS,
  type Decision,
  effectOf,
  fits,
  needsOf,
  stepInQuestion,
} from "../domain/plan-run/decision.ts";
import { isHeldUp } from "../domain/plan-run/held-up.ts";
import { onlyAdds, type PlannedStep, stepOf } from "../domain/plan-run/plan.ts";
import { type RunState, type StepState, stateOf, WAITS_FOR_PEOPLE } from "../domain/plan-run/run.ts";
import { votesNeeded } from "../domain/plan-run/votes.ts";
import { inRoom, quoted } from "./room.ts";

const LABEL = {
  pause: "Pause",
  resume: "Resume",
  retry: "Retry",
  skip: "Skip",
  replan: "Plan the remaining steps",
  unwind: "Unwind",
  abort: "Abort",
} as const satisfies Partial<Record<Decision, string>>;
type Offered = keyof typeof LABEL;
const OFFERED = Object.keys(LABEL) as readonly Offered[]; // the table's own keys

/** What a confirmation asks, and who may say yes. */
const QUESTION: Partial<Record<Decision, string>> = {
  skip: "Go on without this step?",
  retry: "Try the failed step again?",
  unwind: "Undo the steps of this run?",
  replan: "Make a new plan for the remaining steps?",
};

/** What each button of a run that waits for people does, in one line; who has to say it stands behind. */
const MEANS: Partial<Readonly<Record<Offered, (run: RunState) => string>>> = {
  resume: () => "go on from here",
  abort: ({ plan }) => (onlyAdds(plan) ? "end it; what it has made stays" : "undo what this run did, and end it"),
  retry: (run) =>
    leadsBackIn(run)
      ? "make the call again. Look first whether it happened: a second one leads back"
      : "look whether it happened, and try it again only if not. Unsure? Begin with this",
  skip: ({ state }) =>
    state === "stuck"
      ? "leave this as it is, and undo the other steps"
      : "go on, and leave undone what this step was to do",
  unwind: ({ state, pastNoReturn }) => {
    if (state === "stuck") return "first remove what stood in its way, then try it again";
    return pastNoReturn ? "look whether it happened, and undo the rest only if it did not" : "undo what this run did";
  },
  replan: () => "make a new plan for the rest",
};

/** A call of the step in question that does its work once, and undoes it the second time. */
const leadsBackIn = (run: RunState): boolean => {
  const step = stepInQuestion(run);
  return step !== undefined && stepOf(run.plan, step).leadsBack === true;
};

/** Steps without a way back. */
export const irreversibleIn = ({ plan }: RunState): readonly PlannedStep[] =>
  plan.steps.filter(({ wayBack }) => wayBack === "irreversible");

/** Whether it can do anything: once what has no way back was seen to be done, nothing is undone. */
export function canUnwind(run: RunState): boolean {
  if (!fits("unwind", run)) return false;
  if (!run.pastNoReturn || run.state === "stuck") return true;
  const steps = irreversibleIn(run);
  return steps.length > 0 && steps.every(({ id }) => stateOf(run, id).state !== "done");
}

/** Where an undo has failed, the way back is to try it again. */
const isUndoAgain = (decision: Offered, { state }: RunState): boolean => decision === "unwind" && state === "stuck";
const labelOf = (decision: Offered, run: RunState): string =>
  isUndoAgain(decision, run) ? "Retry the undo" : LABEL[decision];

/** Of two that do the same the one that needs fewer people. */
const isOffered = (decision: Offered, run: RunState): boolean =>
  decision === "unwind" ? canUnwind(run) && !fits("abort", run) : fits(decision, run);

/** The buttons that make sense now; what may be done in which state stands in the table of decisions. */
export function decisions(run: RunState): CardPart[] {
  const step = stepInQuestion(run);
  const offered = OFFERED.filter((decision) => isOffered(decision, run));
  if (offered.length === 0) return [];
  const isFence = step !== undefined && stepOf(run.plan, step).role === "protects";
  const risk = (decision: Decision) => (decision === "skip" && isFence ? "Both sides may then take writes. " : "");
  const button = (decision: Offered): CardButton => ({
    label: labelOf(decision, run),
    intent: decision,
    value:
      step !== undefined && ABOUT_A_FAILURE.includes(decision) ? `${run.plan.id}:${step}:${run.intents}` : run.plan.id,
    confirm: {
      title: isUndoAgain(decision, run)
        ? "Try this undo again?"
        : (QUESTION[decision] ?? `${LABEL[decision]} this run?`),
      text: `The run ${effectOf(decision, run)}. ${risk(decision)}${whoDecides(decision, run)}`,
      yes: labelOf(decision, run),
    },
  });
  const about: CardPart[] =
    step === undefined
      ? []
      : [
          {
            kind: "text",
            text: [{ bold: `${inQuestion(run, step)}: ` }, ...wrongWith(stateOf(run, step))],
          },
        ];
  return [
    ...about,
    { kind: "buttons", buttons: offered.map(button) },
    ...meanings(run, { offered, step }),
    ...waysOn(run, offered, step),
  ];
}

const inQuestion = (run: RunState, step: string): string => {
  const { title } = stepOf(run.plan, step);
  return stateOf(run, step).state === "undo-failed" ? `Could not be undone: ${title}` : title;
};

/** In the step's own words where it has some: one button is explained once. */
function meanings(
  run: RunState,
  { offered, step }: { readonly offered: readonly Offered[]; readonly step: string | undefined },
): CardPart[] {
  if (!WAITS_FOR_PEOPLE.some((state) => state === run.state)) return [];
  const lines = offered.flatMap((decision): Text[] => {
    const means = wayOf(decision, run, step) ?? MEANS[decision]?.(run);
    return means === undefined
      ? []
      : [[{ bold: labelOf(decision, run) }, `: ${means} (${whoInShort(decision, run)}).`]];
  });
  return lines.length === 0 ? [] : [{ kind: "lines", plain: true, lines }];
}

/** “Look again: /dr retry F-1. A process …” behind the button that does it. */
function wayOf(decision: Offered, run: RunState, step: string | undefined): string | undefined {
  const way = waysOf(run, step).find((each) => isAbout(decision, each));
  return way && inRoom(way.replace(/: \/dr [a-z-]+ [^\s.]+(?=\.)/, "").replace(/\.$/, ""), "way");
}

const isAbout = (decision: Decision, way: string): boolean => way.includes(`: /dr ${decision} `);

function whoInShort(decision: Decision, run: RunState): string {
  const needs = needsOf(decision, run);
  if (needs === "two approvers") return `${votesNeeded(run)} approvers`;
  return needs === "two keys on the new plan" ? `one person asks; it needs ${votesNeeded(run)} keys` : "one person";
}

/** What the step knows of ways on, besides the buttons. */
function waysOn(run: RunState, offered: readonly Offered[], step: string | undefined): CardPart[] {
  const ways = waysOf(run, step).filter((way) => !offered.some((decision) => isAbout(decision, way)));
  if (ways.length === 0) return [];
  return [
    { kind: "text", text: [{ bold: "Or by hand" }] },
    { kind: "lines", lines: ways.map((way) => inRoom(way, "way")) },
  ];
}

const DECIDED = Object.keys(DECISIONS) as readonly Decision[]; // the table's own keys

function waysOf(run: RunState, step: string | undefined): readonly string[] {
  const { state, ways } = stateOf(run, step ?? "");
  const doesFit = (way: string) => DECIDED.every((decision) => fits(decision, run) || !isAbout(decision, way));
  return state === "failed" ? ways.filter(doesFit) : [];
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
