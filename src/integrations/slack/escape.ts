import { withoutControls } from "../../views/card-text.ts";

const ENTITIES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;" };
const ELLIPSIS = "…";

/**
 * Text for a place where Slack decodes the three entities and nothing else (docs.slack.dev, formatting: escaping). With
 * no bare `<` left, neither a mention nor a link can come about. Cut to `most` characters after escaping, never inside
 * an entity or a surrogate pair.
 */
export function escapeText(text: string, most: number): string {
  return cut(
    Array.from(withoutControls(text), (character) => ENTITIES[character] ?? character),
    most,
  );
}

/** Text for an input's value, which Slack takes as it is. */
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
