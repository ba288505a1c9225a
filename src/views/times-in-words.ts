import type { Span } from "../domain/card/card.ts";

/** A time as `sayTime` writes it, with or without its day. */
const TIME = /(?:(\d{4}-\d\d-\d\d) )?(\d\d:\d\d:\d\d)Z/g;

/**
 * What a journal says, with its times as elements that each reader's client shows in the reader's own zone. A time without a day
 * is of the day on which it was written down. `isSigned`: people sign these very words.
 */
export function withMoments(words: string, writtenAtMs: number, { isSigned = false } = {}): readonly Span[] {
  const spans: Span[] = [];
  let end = 0;
  for (const found of words.matchAll(TIME)) {
    const [text, day = new Date(writtenAtMs).toISOString().slice(0, 10), time] = found;
    spans.push(words.slice(end, found.index), {
      timeMs: Date.parse(`${day}T${time}Z`),
      ...(isSigned && { signed: text }),
    });
    end = found.index + text.length;
  }
  return [...spans, words.slice(end)].filter((span) => span !== "");
}
