import { describe, expect, test } from "@jest/globals";
import { gallery } from "./gallery.ts";
import type { Node } from "./html.ts";

const CARDS = gallery();

/** All nodes of a card, outermost first. */
const nodesIn = (nodes: readonly Node[]): Node[] => nodes.flatMap((node) => [node, ...nodesIn(partsOf(node))]);

const isNode = (value: unknown): value is Node => typeof value === "object" && value !== null && !Array.isArray(value);
const partsOf = (node: Node): Node[] =>
  Object.values(node)
    .flatMap((value) => (Array.isArray(value) ? value : [value]))
    .filter(isNode);

/** `text` of a rich text element, or what another element is. */
const shown = ({ type, text }: Readonly<Record<string, unknown>>): string =>
  type === "text" ? String(text) : `<${String(type)}>`;
const elementsOf = (node: Node): string[] => [node["elements"]].flat().filter(isNode).map(shown);

const sections = (nodes: readonly Node[]): string[] =>
  nodesIn(nodes)
    .filter(({ type }) => type === "rich_text_section")
    .map((section) => elementsOf(section).join(""));
const bullets = (nodes: readonly Node[]): string[] =>
  nodesIn(nodes)
    .filter(({ type }) => type === "rich_text_list")
    .flatMap((list) => sections([list]));

/** A number, or a sign of its own, at the beginning of a line. */
const MARKED = /^\s*(?:\d+[.)]|[✓✗▶↪?•–—-])\s/;
/** A preposition or a colon that leads to nothing: what should follow was left out. */
const CUT = /(?:^|\s)(?:in|of|to|from)\s*$|:\s*$/;

const faultsOf = (nodes: readonly Node[]) => ({
  numbered: bullets(nodes).filter((line) => MARKED.test(line)),
  cut: sections(nodes)
    .flatMap((section) => section.split("\n"))
    .filter((line) => /\bincident\b/i.test(line) && CUT.test(line)),
});

describe("as Slack is given it, each card of the gallery", () => {
  test.each(CARDS.map((card) => [card.id, card] as const))(
    "%s has no bullet before a number or a sign, and no incident without its link or name",
    (_id, { blocks }) => {
      expect(faultsOf(blocks)).toEqual({ numbered: [], cut: [] });
    },
  );

  test.each(["alert", "board-mixed", "service-dark"])("%s leads to the channel of its incident", (id) => {
    const lines = sections(CARDS.find((card) => card.id === id)?.blocks ?? []).flatMap((section) =>
      section.split("\n"),
    );
    expect(lines.filter((line) => line.includes("<channel>"))).not.toEqual([]);
  });
});

test("a number in a bullet, and an incident that leads nowhere, are found", () => {
  const text = (said: string) => ({ type: "text", text: said });
  const section = (...elements: Node[]) => ({ type: "rich_text_section", elements });
  const list = { type: "rich_text_list", elements: [section(text("1. Fence eu-west-1")), section(text("a fact"))] };
  const line = section(text("Incident: inventory-5xx in "), text("\nIncident lag in "), { type: "channel" });

  expect(faultsOf([{ type: "rich_text", elements: [list, line] }])).toEqual({
    numbered: ["1. Fence eu-west-1"],
    cut: ["Incident: inventory-5xx in "],
  });
});
