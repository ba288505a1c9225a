import type { Card, CardButton, CardPart, Moment, Span, Text } from "../domain/card/card.ts";
import { sayDuration, sayTime } from "../domain/duration.ts";
import type { PersonId } from "../domain/people/person.ts";

export interface CardTextOptions {
  /** Without it a mention shows the person's id. */
  readonly nameOf?: (person: PersonId) => string | undefined;
  /** World time: times of the same day are shown without their date. */
  readonly nowMs?: number;
}

/** A card for a terminal or a plain-text mail. Nothing in it can move a cursor or reverse the direction of text. */
export function cardText(card: Card, options: CardTextOptions = {}): string {
  const parts = card.parts.map((part) => partText(part, options)).filter((part) => part !== "");
  return [withoutControls(card.text), ...parts].join("\n\n");
}

/**
 * Removes control, bidirectional and other invisible characters and lone surrogates; keeps tabs and line ends. They
 * have no place in what people read before they agree to something.
 */
export function withoutControls(text: string): string {
  return text.replaceAll(/\r\n?|[\u2028\u2029]/g, "\n").replaceAll(/(?![\n\t])[\p{Cc}\p{Cf}\p{Cs}]/gu, "");
}

/** Spans as plain words. */
export function plainText(text: Text, options: CardTextOptions = {}): string {
  const spans = typeof text === "string" ? [text] : text;
  return withoutControls(spans.map((span) => spanText(span, options)).join(""));
}

function spanText(span: Span, { nameOf, nowMs }: CardTextOptions): string {
  if (typeof span === "string") return span;
  if ("bold" in span) return span.bold;
  if ("code" in span) return span.code;
  if ("italic" in span) return span.italic;
  if ("person" in span) return `@${nameOf?.(span.person) ?? span.person}`;
  if ("channel" in span) return `#${span.channel}`;
  if ("link" in span) return `${span.label} (${span.link})`;
  return momentText(span, nowMs);
}

function momentText({ timeMs, as, signed }: Moment, nowMs: number | undefined): string {
  if (signed !== undefined) return signed;
  const time = sayTime(timeMs, nowMs);
  if (as !== "ago" || nowMs === undefined) return time;
  return nowMs >= timeMs
    ? `${time} (${sayDuration(nowMs - timeMs)} ago)`
    : `${time} (in ${sayDuration(timeMs - nowMs)})`;
}

function partText(part: CardPart, options: CardTextOptions): string {
  switch (part.kind) {
    case "heading": {
      const heading = withoutControls(part.text);
      return `${heading}\n${"=".repeat(Math.min(heading.length, 80))}`;
    }
    case "text":
    case "note":
      return plainText(part.text, options);
    case "facts":
      return factLines(part.facts, options);
    case "lines":
      return part.lines.map((line) => `${part.plain ? "" : "- "}${plainText(line, options)}`).join("\n");
    case "code":
      return withoutControls(part.text)
        .split("\n")
        .map((line) => `    ${line}`)
        .join("\n");
    case "divider":
      return "-".repeat(40);
    case "buttons":
      return part.buttons.map(commandOf).join("\n");
  }
}

function factLines(facts: readonly (readonly [string, Text])[], options: CardTextOptions): string {
  const width = Math.max(0, ...facts.map(([label]) => label.length));
  return facts
    .map(([label, value]) => `${withoutControls(label).padEnd(width)}  ${plainText(value, options)}`)
    .join("\n");
}

/** Without buttons to press, the command that asks for the same. */
function commandOf(button: CardButton): string {
  return withoutControls(`${button.label}: twokey ${button.intent} ${button.value}`).trimEnd();
}
