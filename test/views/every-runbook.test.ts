import { describe, expect, test } from "@jest/globals";
import { isMove, onlyAdds } from "../../src/domain/plan-run/plan.ts";
import type { RunState } from "../../src/domain/plan-run/run.ts";
import { cardText } from "../../src/views/card-text.ts";
import { planInFull } from "../../src/views/plan.ts";
import { progressCard } from "../../src/views/run-progress.ts";
import { statesOf } from "../cards/runbook-states.ts";
import { AT } from "../harness/observed.ts";
import { PROPOSED, type Proposed } from "../harness/proposed-plays.ts";

/** What only a move from one region to another can mean. */
const OF_A_MOVE = /→|Extra tasks|old region|users lost|promotion|fence|capacity|Users are|as before\. Extra/i;
/** What only a plan that people sign, or that users wait for, can mean. */
const OF_KEYS = /keys? (?:are |is )?turned|must agree|objective|standby|rolled back|Can agree/i;

/** Everything that people are shown of a plan and its run, as text. */
function shownOf({ inventory, run }: Proposed): string {
  const nowMs = AT + 60_000;
  const plans = [run, ...Object.values(statesOf(run))].map((each) => planInFull(each, inventory, { nowMs }));
  const runs = Object.values(statesOf(run)).map((each) => progressCard(each, inventory, { nowMs }));
  return [...plans, ...runs].map((card) => cardText(card, { nowMs })).join("\n\n");
}

const aborted = (run: RunState): RunState => statesOf(run)["aborted"] ?? run;
const named = (wanted: string): Proposed => {
  const found = PROPOSED.find(({ title }) => title === wanted);
  if (!found) throw new Error(`there is no ${wanted}`);
  return found;
};

describe("cards speak the words of their own runbook", () => {
  const others = PROPOSED.filter(({ run }) => !isMove(run.plan));
  const adding = PROPOSED.filter(({ run }) => onlyAdds(run.plan));

  test("there are such runbooks, and of a move these words are found", () => {
    expect([others.length, adding.length].every((count) => count > 2)).toBe(true);
    const move = shownOf(named("inventory failover"));
    expect([OF_A_MOVE.test(move), OF_KEYS.test(move)]).toEqual([true, true]);
  });

  test.each(others.map((play) => [play.title, play] as const))("%s says nothing of a move", (_title, play) => {
    expect(OF_A_MOVE.exec(shownOf(play))).toBeNull();
  });

  test.each(adding.map((play) => [play.title, play] as const))("%s says nothing of keys", (_title, play) => {
    expect(OF_KEYS.exec(shownOf(play))).toBeNull();
  });

  test.each(PROPOSED.map((play) => [play.title, play] as const))("%s is headed by its own title", (_title, play) => {
    const { inventory, run } = play;
    for (const each of Object.values(statesOf(run)))
      expect(progressCard(each, inventory, { nowMs: AT }).text).toContain(run.plan.title);
  });
});

describe("a run that people end early says what it leaves behind", () => {
  const told = (title: string): string => {
    const { inventory, run } = named(title);
    return progressCard(aborted(run), inventory, { nowMs: AT }).text;
  };

  test("a snapshot: what it had begun to add", () => {
    expect(told("inventory snapshot")).toMatch(
      /: ended early, .*aborted by Grace Lindqvist\. It ended early\. Nothing that was there before has changed\. What it had begun to add stays: Take a snapshot/,
    );
  });

  test("a reboot that was not asked for: nothing", () => {
    expect(told("inventory reboot-failover")).toContain(": rolled back, 0 of 2");
    expect(told("inventory reboot-failover")).toContain("Rolled back. Everything is as before.");
  });

  test("a move: the old side as it was, and tasks only where some were started", () => {
    expect(told("inventory failover")).toContain("Rolled back. eu-west-1 is as before. A new plan");
  });
});
