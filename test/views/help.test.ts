import { describe, expect, test } from "@jest/globals";
import { VERBS } from "../../src/commands/index.ts";
import type { CardPart } from "../../src/domain/card/card.ts";
import { plainText } from "../../src/views/card-text.ts";
import { helpCard, MOMENTS } from "../../src/views/help.ts";

const card = helpCard(Object.values(VERBS));

const linesOf = (part: CardPart | undefined): string[] =>
  part?.kind === "lines" ? part.lines.map((line) => plainText(line)) : [];

/** What stands below the title of a moment. */
function told(title: string): string[] {
  const at = card.parts.findIndex((part) => part.kind === "text" && plainText(part.text) === title);
  return linesOf(card.parts[at + 1]);
}

describe("the help", () => {
  test("begins with exactly three examples, as somebody would type them", () => {
    expect(linesOf(card.parts[1]).map((line) => line.match(/^\/dr [a-z]+/)?.[0])).toEqual([
      "/dr status",
      "/dr failover",
      "/dr declare",
    ]);
  });

  test("an example begins with its own verb, and fills in what the usage leaves open", () => {
    for (const [verb, { example }] of Object.entries(VERBS)) {
      if (example === undefined) continue;
      expect(example.split(" ")[0]).toBe(verb);
      expect(example).not.toMatch(/[<>[\]]/);
    }
  });

  test("tells by moment: right now, deciding, quiet days", () => {
    const titles = card.parts.flatMap((part) => (part.kind === "text" ? [plainText(part.text)] : []));

    expect(titles).toEqual(["Right now", "Deciding about a plan or a run", "Quiet days, and afterwards"]);
    expect(titles).toEqual(Object.values(MOMENTS));
  });

  test("names every verb once, at its own moment, one line each", () => {
    for (const [moment, title] of Object.entries(MOMENTS)) {
      const verbs = Object.entries(VERBS).filter(([, each]) => each.moment === moment);
      expect(told(title).map((line) => line.split(" ")[0])).toEqual(verbs.map(([verb]) => verb));
    }
    expect(Object.values(MOMENTS).flatMap(told)).toHaveLength(Object.keys(VERBS).length);
  });
});
