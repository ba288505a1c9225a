import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import type { Card } from "../../src/domain/card/card.ts";
import { cardText } from "../../src/views/card-text.ts";

const SEED = Number(process.env["TEST_SEED"] ?? Date.now() % 1_000_000);
const AT_MS = Date.parse("2026-11-21T03:12:41Z");

describe("A card as plain text", () => {
  test("says everything that the card says, and the command in place of each button", () => {
    const card: Card = {
      text: "Plan p1 waits for keys.",
      parts: [
        { kind: "heading", text: "Plan p1" },
        { kind: "text", text: ["Asked by ", { person: "ana" }, " at ", { timeMs: AT_MS }, { bold: "!" }] },
        {
          kind: "facts",
          facts: [
            ["Service", "inventory"],
            ["To", [{ link: "https://x.example", label: "us-west-2" }]],
          ],
        },
        { kind: "lines", lines: ["fence", "promote"] },
        { kind: "code", text: "aws rds\npromote" },
        { kind: "divider" },
        { kind: "buttons", buttons: [{ label: "Turn my key", intent: "approve", value: "p1" }] },
      ],
    };
    expect(cardText(card, { nameOf: (id) => (id === "ana" ? "Ana" : undefined), nowMs: AT_MS })).toBe(
      [
        ...["Plan p1 waits for keys.", "", "Plan p1", "=======", "", "Asked by @Ana at 03:12:41Z!", ""],
        ...["Service  inventory", "To       us-west-2 (https://x.example)", "", "- fence", "- promote", ""],
        ...["    aws rds", "    promote", "", "-".repeat(40), "", "Turn my key: twokey approve p1"],
      ].join("\n"),
    );
  });

  test(`cannot move a terminal's cursor or turn text around, whatever is in it (seed ${SEED})`, () => {
    const foreign = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.constantFrom("\u001b[2J", "\u202egnp.exe", "\r", "\u009b1m"),
    );
    fc.assert(
      fc.property(foreign, (text) => {
        const buttons = [{ label: text, intent: "approve", value: text }];
        const facts = [[text, text]] as const;
        const shown = cardText({
          text,
          parts: [
            { kind: "heading", text },
            { kind: "text", text: [{ bold: text }, { link: text, label: text }, { person: text }] },
            { kind: "facts", facts },
            { kind: "lines", lines: [text] },
            { kind: "code", text },
            { kind: "buttons", buttons },
          ],
        });
        expect(shown).not.toMatch(/(?![\n\t])[\p{Cc}\p{Cf}\p{Cs}]/u);
      }),
      { seed: SEED },
    );
  });
});
