import { describe, expect, test } from "@jest/globals";
import type { CardButton } from "../../src/domain/card/card.ts";
import { isMove, onlyAdds } from "../../src/domain/plan-run/plan.ts";
import { type RunState, stateOf } from "../../src/domain/plan-run/run.ts";
import { cardText } from "../../src/views/card-text.ts";
import { progressCard } from "../../src/views/run-progress.ts";
import { INVENTORY, Journal, MINUTE, runStates } from "../cards/run-states.ts";
import { statesOf } from "../cards/runbook-states.ts";
import { AT } from "../harness/observed.ts";
import { PROPOSED } from "../harness/proposed-plays.ts";

const LOOK = { nowMs: AT + 5 * MINUTE };
const partsOf = (run: RunState) => progressCard(run, INVENTORY, LOOK).parts;
const textOf = (run: RunState) => cardText(progressCard(run, INVENTORY, LOOK));
const buttonsOf = (run: RunState): readonly CardButton[] =>
  partsOf(run).flatMap((part) => (part.kind === "buttons" ? part.buttons : []));
const labelsOf = (run: RunState) => buttonsOf(run).map(({ label }) => label);

function stateNamed(name: string): RunState {
  const found = runStates()[name];
  if (!found) throw new Error(`no run is ${name}`);
  return found;
}

const STOPPED = PROPOSED.map(({ title, run }) => [title, statesOf(run)["stopped"] ?? run] as const);

describe.each(STOPPED)("%s that stopped", (_title, run) => {
  test("explains each of its buttons once, with who has to say it", () => {
    const lines = textOf(run).split("\n");

    expect(labelsOf(run)).toContain("Retry");
    for (const label of labelsOf(run))
      expect(
        lines.filter((line) => line.startsWith(`${label}: `) && /\((?:one person|\d+ approvers)/.test(line)),
      ).toHaveLength(1);
  });

  test("offers a plan for the rest where it is a move, and Unwind only where Abort does not fit", () => {
    const labels = labelsOf(run);

    expect(labels.includes("Plan the remaining steps")).toBe(isMove(run.plan));
    expect(labels.includes("Abort") && labels.includes("Unwind")).toBe(false);
  });

  test("says of Abort the same on its line and when it asks once more", () => {
    const abort = buttonsOf(run).find(({ intent }) => intent === "abort");
    const stays = [
      textOf(run).includes("what it has made stays (one person)"),
      abort?.confirm?.text.includes("what it has made stays"),
    ];

    expect(stays).toEqual(abort && onlyAdds(run.plan) ? [true, true] : [false, abort && false]);
  });
});

test("a step whose second call leads back is not tried again without a look by people", () => {
  const leading = STOPPED.find(([, { plan }]) => plan.steps.some(({ leadsBack }) => leadsBack));
  const [, run] = leading ?? [undefined, undefined];
  if (!run) throw new Error("no runbook has such a step");
  const step = run.plan.steps.find(({ leadsBack }) => leadsBack)?.id ?? "";
  const failed = new Journal().keys(run.digest).failed(step, "nobody can say whether it was taken", true);
  const fresh = PROPOSED.find(({ run: each }) => each.digest === run.digest)?.run ?? run;

  expect(textOf(failed.on(fresh))).toContain(
    "Retry: make the call again. Look first whether it happened: a second one leads back (one person).",
  );
  expect(textOf(stateNamed("stopped"))).toContain("Retry: look whether it happened, and try it again only if not.");
});

test("an undo that failed is tried again by a button that says so, also when it asks once more", () => {
  const undo = buttonsOf(stateNamed("stuck")).find(({ intent }) => intent === "unwind");

  expect([undo?.label, undo?.confirm?.title, undo?.confirm?.yes]).toEqual([
    "Retry the undo",
    "Try this undo again?",
    "Retry the undo",
  ]);
});

test("a way of the step's own stands behind its button, and one that does not fit any more nowhere", () => {
  const left = stateNamed("sessions-left");
  const step = left.plan.steps.find(({ id }) => stateOf(left, id).state === "failed")?.id ?? "";
  const past: RunState = { ...left, pastNoReturn: true };

  expect(textOf(left)).toContain("Abort: Give eu-west-1 back. Nothing irreversible has begun (one person).");
  expect(stateOf(past, step).ways.join(" ")).toContain("/dr abort");
  expect(textOf(past)).not.toContain("Give eu-west-1 back");
});
