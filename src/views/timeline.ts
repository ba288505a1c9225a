import type { Card, CardPart, Text } from "../domain/card/card.ts";
import type { Event } from "../domain/event.ts";
import type { Incident } from "../domain/incident/incident.ts";
import { headlineOf } from "./incident.ts";

/** Lines in one part and in all: Slack shows at most 50 blocks, and nobody scrolls further on a phone. */
const LINES_IN_PART = 20;
const LINES_SHOWN = 200;

/** What happened, oldest first; when it is too long the beginning and the end stay. */
export function timelineCard(incident: Incident, events: readonly Event[]): Card {
  const lines = shorten(events);
  const parts: CardPart[] = [];
  for (let at = 0; at < lines.length; at += LINES_IN_PART) {
    parts.push({ kind: "lines", lines: lines.slice(at, at + LINES_IN_PART) });
  }
  return {
    text: `Timeline of ${headlineOf(incident)}: ${events.length} events`,
    parts: [
      { kind: "heading", text: "Timeline" },
      { kind: "note", text: headlineOf(incident) },
      ...(parts.length > 0 ? parts : [{ kind: "text" as const, text: "Nothing has happened yet." }]),
    ],
  };
}

function shorten(events: readonly Event[]): Text[] {
  const line = ({ atMs, says }: Event): Text => [{ timeMs: atMs }, ` ${says}`];
  if (events.length <= LINES_SHOWN) return events.map(line);
  const half = LINES_SHOWN / 2;
  const left = events.length - LINES_SHOWN;
  return [...events.slice(0, half).map(line), [{ italic: `… ${left} more …` }], ...events.slice(-half).map(line)];
}
