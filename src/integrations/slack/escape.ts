import { withoutControls } from "../../views/card-text.ts";

const ENTITIES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;" };
const ELLIPSIS = "…";

/*
 * Where Slack parses, and where it does not. This file decides it, and nothing else does.
 *
 * - The top-level `text`, topics, and text objects (`plain_text`, `mrkdwn`) are strings that Slack parses: it "uses &, <,
 *   and > as control characters for special parsing in text objects" (docs.slack.dev/messaging/formatting-message-text,
 *   Escaping text), and decodes exactly these three entities again for display. Use `escapeText`.
 * - `rich_text` is a tree. Its text elements are literal: the reference shows no escaping in them, and the author of
 *   jsx-slack, who tried it, says that none is needed (yhatt/jsx-slack#299). An entity would be shown as it is written.
 *   A mention or a link exists only as an element of its own. Use `rawText`; the same for an input's initial value.
 */

/**
 * Text for a place where Slack decodes the three entities and nothing else. With no bare `<` left, neither a mention nor
 * a link can come about. Cut to `most` characters after escaping, never inside an entity or a surrogate pair.
 */
export function escapeText(text: string, most: number): string {
  return cut(
    Array.from(withoutControls(text), (character) => ENTITIES[character] ?? character),
    most,
  );
}

/** Text for a place that Slack takes literally. Cut to `most` characters, never inside a surrogate pair. */
export function rawText(text: string, most: number): string {
  return cut(Array.from(withoutControls(text)), most);
}

/** Joins as many whole pieces as fit; where some do not, an ellipsis says so. */
function cut(pieces: readonly string[], most: number): string {
  let length = 0;
  let kept = 0;
  for (const [index, piece] of pieces.entries()) {
    length += piece.length;
    if (length > most) return most < 1 ? "" : pieces.slice(0, kept).join("") + ELLIPSIS;
    // The last place is kept for the ellipsis until it is known that none is needed.
    if (length <= most - 1) kept = index + 1;
  }
  return pieces.join("");
}
