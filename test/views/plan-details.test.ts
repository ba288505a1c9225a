import { describe, expect, test } from "@jest/globals";
import { cardText } from "../../src/views/card-text.ts";
import { keyForm } from "../../src/views/key-form.ts";
import { planCard, planDetails, planDetailsCard, planInFull } from "../../src/views/plan.ts";
import { statesOf } from "../cards/runbook-states.ts";
import { AT } from "../harness/observed.ts";
import { PROPOSED } from "../harness/proposed-plays.ts";

const plays = PROPOSED.map((play) => [play.title, play] as const);

describe("what lies behind a plan", () => {
  test.each(plays)("%s: every step is in the thread, and none on the card", (_title, { inventory, run }) => {
    const [card, details] = [planCard(run, inventory, { nowMs: AT }), planDetailsCard(run, inventory)].map((each) =>
      cardText(each),
    );

    for (const { title } of run.plan.steps) {
      expect(details).toContain(title);
      // A plan of one step may be titled by it.
      if (!run.plan.title.includes(title)) expect(card).not.toContain(title);
    }
    for (const { words } of run.plan.acceptances) expect(details).toContain(words);
    expect(card).toContain("In the thread: the steps");
  });

  test.each(plays)("%s: the form in which a key is turned shows all of it", (_title, { inventory, run }) => {
    const { intro, fields } = keyForm(run, inventory);

    expect(intro).toEqual(expect.arrayContaining(planDetails(run, inventory)));
    expect(fields.map(({ label, hint }) => hint ?? label)).toEqual(run.plan.acceptances.map(({ words }) => words));
  });

  test.each(plays)(
    "%s: it never changes, so that a reply that is posted once is true",
    (_title, { inventory, run }) => {
      const asked = planDetailsCard(run, inventory);

      for (const each of Object.values(statesOf(run))) expect(planDetailsCard(each, inventory)).toEqual(asked);
    },
  );

  test("who agreed to which sentence, and when, stands in what is looked up afterwards", () => {
    const [play] = PROPOSED.filter(({ run }) => run.plan.acceptances.length > 1);
    const [first, second] = play?.run.plan.acceptances ?? [];
    if (!play || !first || !second) throw new Error("a plan of the examples is signed for in two sentences");
    const key = (by: string, accepted: readonly string[]) => ({
      ...{ by, door: "slack" as const, atMs: AT, digest: play.run.digest, accepted, seal: "s" },
    });
    const run = { ...play.run, keys: [key("ana", [first.id, second.id]), key("ben", [first.id])] };

    const shown = cardText(planInFull(run, play.inventory, { nowMs: AT }), { nowMs: AT });
    const [agreed = ""] = shown.split("Agreed\n").slice(1);
    expect(agreed).toContain(`, to “${first.words}” and “${second.words}”`);
    expect(agreed.split("\n").filter((line) => line.includes(first.words))).toHaveLength(2);
    expect(cardText(planInFull(play.run, play.inventory, { nowMs: AT }))).not.toContain("Agreed\n");
  });

  test.each(plays)("%s: a reader without a thread sees both in one", (_title, { inventory, run }) => {
    const { parts } = planInFull(run, inventory, { nowMs: AT });

    expect(parts).toEqual(expect.arrayContaining(planDetails(run, inventory)));
    expect(JSON.stringify(parts)).not.toContain("In the thread: the steps");
  });
});
