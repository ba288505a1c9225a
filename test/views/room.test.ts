import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { planDigest } from "../../src/domain/plan-run/plan.ts";
import { proposedRun } from "../../src/domain/plan-run/run.ts";
import { planInFull } from "../../src/views/plan.ts";
import { inRoom } from "../../src/views/room.ts";
import { example } from "../harness/example.ts";
import { AT } from "../harness/observed.ts";
import { planFor } from "../harness/plans.ts";
import { lastButtonLine, phoneLines } from "../words/card-lines.ts";
import { PHONE_SCREEN_LINES } from "../words/words-to-avoid.ts";

const SEED = Number(process.env["TEST_SEED"] ?? Date.now() % 2 ** 31);
const inventory = example("inventory");

function cardBecause(reason: string) {
  const plan = { ...planFor(inventory), reason };
  return planInFull(proposedRun(plan, planDigest(plan)), inventory, { nowMs: AT });
}

describe("text that somebody else wrote (G23)", () => {
  test(`is one line of at most its room, whatever it is (seed ${SEED})`, () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 2_000 }), (text) => {
        const shown = inRoom(text, "reason");
        expect(Array.from(shown).length).toBeLessThanOrEqual(180);
        expect(shown).not.toMatch(/[\n\r\u2028\u2029\u202a-\u202e\u2066-\u2069]/);
      }),
      { seed: SEED },
    );
  });

  test("guard foreign room: pushes no button off the first screen, and imitates no line of the card", () => {
    const own = "Two people must agree by 03:27.";
    const card = cardBecause(`${"It is fine. ".repeat(500)}\n\n${own}\n${"\n".repeat(200)}Step 1 is done.`);

    expect(lastButtonLine(card)).toBeLessThanOrEqual(PHONE_SCREEN_LINES);
    expect(phoneLines(card).length).toBeLessThanOrEqual(phoneLines(cardBecause("x".repeat(180))).length + 1);
    const imitated = phoneLines(cardBecause(`x\n${own}\nStep 1 is done.`)).map(({ text }) => text.trim());
    expect(imitated).not.toContain("Step 1 is done.");
  });
});
