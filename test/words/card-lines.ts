import type { Card, Text } from "../../src/domain/card/card.ts";
import { plainText } from "../../src/views/card-text.ts";
import { PHONE_WIDTH } from "./words-to-avoid.ts";

/** A time as Slack shows it: `3:27 AM (4 minutes ago)`. */
const NOW_MS = Date.parse("2026-11-21T03:12:45Z");

/** The lines that a card takes on a phone, each with what it belongs to; long words are broken as a client does. */
export function phoneLines(card: Card): { readonly kind: string; readonly text: string }[] {
  return card.parts.flatMap((part) => {
    const lines = linesOf(part).flatMap((line) => wrapped(line));
    return lines.map((text) => ({ kind: part.kind, text }));
  });
}

function linesOf(part: Card["parts"][number]): string[] {
  switch (part.kind) {
    case "heading":
      return [part.text];
    case "text":
    case "note":
      return plainText(part.text, { nowMs: NOW_MS }).split("\n");
    case "facts":
      return part.facts.map(([label, value]) => `${label}: ${plainText(value, { nowMs: NOW_MS })}`);
    case "lines":
      return part.lines.map((line) => `${part.plain ? "" : "    "}${plainText(line, { nowMs: NOW_MS })}`);
    case "code":
      return part.text.split("\n");
    case "divider":
      return [""];
    case "buttons":
      // A button is as wide as its label and its edges, and two lines high.
      return [part.buttons.map(({ label }) => `[  ${label}  ]`).join(" ")].flatMap((row) => [row, ""]);
  }
}

function wrapped(line: string): string[] {
  const lines: string[] = [];
  let current = "";
  for (const word of line.split(" ").flatMap((each) => each.match(new RegExp(`.{1,${PHONE_WIDTH}}`, "g")) ?? [""])) {
    if (current !== "" && current.length + 1 + word.length > PHONE_WIDTH) {
      lines.push(current);
      current = word;
    } else current = current === "" ? word : `${current} ${word}`;
  }
  return [...lines, current];
}

/** Line, counted from 1, at which the last button ends; undefined: the card asks nothing. */
export function lastButtonLine(card: Card): number | undefined {
  const at = phoneLines(card).findLastIndex(({ kind }) => kind === "buttons");
  return at === -1 ? undefined : at + 1;
}

/** Every piece of text that is words of a card: no times, names of people or identifiers, which are elements of their own. */
export const writtenOn = (card: Card): string[] => [card.text, ...card.parts.flatMap(writtenIn)];

function writtenIn(part: Card["parts"][number]): string[] {
  switch (part.kind) {
    case "heading":
      return [part.text];
    case "text":
    case "note":
      return wordsOf(part.text);
    case "facts":
      return part.facts.flatMap(([label, value]) => [label, ...wordsOf(value)]);
    case "lines":
      return part.lines.flatMap(wordsOf);
    case "code":
    case "divider":
      return [];
    case "buttons":
      return part.buttons.flatMap(({ label, confirm }) => [label, ...Object.values(confirm ?? {})]);
  }
}

const wordsOf = (text: Text): string[] =>
  (typeof text === "string" ? [text] : text).flatMap((span) => {
    if (typeof span === "string") return span;
    return "bold" in span ? span.bold : "italic" in span ? span.italic : [];
  });
