import type { CardPart, Text } from "../domain/card/card.ts";
import { sayDuration } from "../domain/duration.ts";
import { stepInQuestion } from "../domain/plan-run/decision.ts";
import { fenceSeen } from "../domain/plan-run/fence.ts";
import { isHeldUp } from "../domain/plan-run/held-up.ts";
import { leftOf } from "../domain/plan-run/left-to-people.ts";
import type { PlannedStep } from "../domain/plan-run/plan.ts";
import { isOver, isSettled, type RunState, type StepState, stateOf } from "../domain/plan-run/run.ts";
import { withNames } from "../domain/plan-run/why.ts";
import type { Inventory } from "../domain/service/inventory.ts";
import { marked } from "./plan-steps.ts";
import { inRoom } from "./room.ts";
import { withMoments } from "./times-in-words.ts";

/** Words, not only signs: colour and emoji alone say nothing to a screen reader. */
const STEP_WORD: Readonly<Record<StepState["state"], string>> = {
  waiting: "○ waiting",
  intended: "▶ asking",
  asked: "▶ under way",
  done: "✓ done",
  failed: "✗ failed",
  undoing: "↩ undoing",
  undone: "↩ undone",
  "undo-failed": "✗ undo failed",
  skipped: "– skipped",
  "by-hand": "▶ looking at what was done by hand",
};

interface StepLook {
  readonly nowMs: number;
  readonly inventory: Inventory;
  readonly latest: Readonly<Record<string, string>>;
}

/** Each step of a run: how it stands, by the number that its plan gives it, for how long, and what it says. */
export function stepLines(run: RunState, { nowMs, inventory, latest }: StepLook): CardPart {
  const lines = marked(run.plan).map(({ step, mark }) =>
    stepLine(run, { step, mark }, { nowMs, inventory, latest: latest[step.id] ?? "" }),
  );
  return { kind: "lines", plain: true, lines };
}

/** What did not become true counts as done for nobody who reads no further: it is counted by the word on its own line. */
export function settledOf(run: RunState): string {
  const counts = new Map([[STEP_WORD.done, 0]]);
  for (const step of run.plan.steps.filter(({ id }) => isSettled(stateOf(run, id)))) {
    const word = stepWord(run, step);
    counts.set(word, (counts.get(word) ?? 0) + 1);
  }
  const [[, done] = ["", 0], ...others] = counts;
  const rest = others.map(([word, count]) => `, ${count} ${word.replace(/^\W+/, "")}`).join("");
  return `${done} of ${run.plan.steps.length} steps done${rest}`;
}

function stepLine(
  run: RunState,
  { step, mark }: ReturnType<typeof marked>[number],
  { nowMs, inventory, latest }: { readonly nowMs: number; readonly inventory: Inventory; readonly latest: string },
): Text {
  const state = stateOf(run, step.id);
  const untilMs = state.endedAtMs ?? run.endedAtMs ?? nowMs;
  const took = state.startedAtMs === undefined ? "" : ` · ${sayDuration(untilMs - state.startedAtMs)}`;
  const isAbove = step.id === stepInQuestion(run);
  const words = isAbove ? "" : isLookedFor(state) ? latest : withNames(state.says, inventory);
  const says = words === "" ? [] : [" – ", ...withMoments(inRoom(words, "error"), untilMs)];
  return [{ bold: stepWord(run, step) }, ` · ${mark}. ${step.title}${took}`, ...says];
}

function stepWord(run: RunState, step: PlannedStep): string {
  const state = stateOf(run, step.id);
  // A run that unwound waited for nothing more: what it had asked for may still be going on.
  if (isOver(run) && isLookedFor(state)) return "– not waited for";
  if (isHeldUp(state)) return "▶ refused, TwoKey keeps trying";
  if (leftOf(run, step.id) !== undefined) return "– left to people";
  // Whoever reads no further than this word must not take a side that may still write for a fenced one.
  if (step.role === "protects" && state.state === "done" && !isEverFenced(run)) return "– not proven";
  return STEP_WORD[state.state];
}

const isEverFenced = (run: RunState): boolean => fenceSeen(run) === "fenced" || run.watch.state === "fenced";

/** The world is looked at until it is there. */
const isLookedFor = ({ state }: StepState): boolean => state === "asked" || state === "by-hand";
