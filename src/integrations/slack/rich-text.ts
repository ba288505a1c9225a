import type { types } from "@slack/bolt";
import type { Moment, Span, Text } from "../../domain/card/card.ts";

import type { PersonId } from "../../domain/people/person.ts";
import { rawText } from "./escape.ts";

type Element = types.RichTextElement;
type Style = NonNullable<types.RichTextText["style"]>;

const CHANNEL = /^[CDG][A-Z0-9]+$/;
const LONGEST_URL = 3_000;
/** What an element that carries no text of its own costs of the budget. */
const MENTION_COST = 12;

/** The account by which a person is mentioned; undefined: they have none, and are named instead. */
export type MemberOf = (person: PersonId) => string | undefined;

/** One block: whom it can mention, and the characters it may still hold; below zero once something did not fit. */
export class Room {
  readonly memberOf: MemberOf;
  #left: number;

  constructor(characters: number, memberOf: MemberOf) {
    this.#left = characters;
    this.memberOf = memberOf;
  }

  /** Nothing more goes in, and the reader must be told. */
  get isOver(): boolean {
    return this.#left < 0;
  }

  /** The text as it is; cut, and ending in an ellipsis, where there is too little room for all of it. */
  fit(text: string): string {
    if (this.isOver) return "";
    const whole = rawText(text, Number.POSITIVE_INFINITY);
    const left = this.#left;
    return this.take(whole.length) ? whole : rawText(text, Math.max(1, left));
  }

  /** Takes so many characters; false where they are not there. */
  take(characters: number): boolean {
    this.#left = characters > this.#left ? -1 : this.#left - characters;
    return !this.isOver;
  }
}

/**
 * Spans as rich-text elements: structure instead of markup, so that no character of a plain string can format, link or
 * mention. What does not fit into `room` is cut with an ellipsis.
 */
export function elementsOf(text: Text, room: Room, style: Style = {}): Element[] {
  const spans = typeof text === "string" ? [text] : text;
  return spans.flatMap((span) => elementOf(span, room, style));
}

export function words(text: string, room: Room, style: Style = {}): Element[] {
  const fitted = room.fit(text);
  // Slack refuses empty text.
  if (fitted === "") return [];
  return [{ type: "text", text: fitted, ...(Object.keys(style).length > 0 ? { style } : {}) }];
}

function elementOf(span: Span, room: Room, style: Style): Element[] {
  if (typeof span === "string") return words(span, room, style);
  if ("bold" in span) return words(span.bold, room, { ...style, bold: true });
  if ("code" in span) return words(span.code, room, { ...style, code: true });
  if ("italic" in span) return words(span.italic, room, { ...style, italic: true });
  if ("link" in span) return link(span, room, style);
  if ("timeMs" in span) return moment(span, room);
  if ("person" in span) return mention(span.person, room, style);
  if (!CHANNEL.test(span.channel)) return words(span.channel, room, style);
  return room.take(MENTION_COST) ? [{ type: "channel", channel_id: span.channel }] : [];
}

function mention(person: PersonId, room: Room, style: Style): Element[] {
  const member = room.memberOf(person);
  if (member === undefined) return words(person, room, style);
  return room.take(MENTION_COST) ? [{ type: "user", user_id: member }] : [];
}

/** Only the web's own schemes become links; anything else is shown as words. */
function link(span: { link: string; label: string }, room: Room, style: Style): Element[] {
  const url = URL.canParse(span.link) ? new URL(span.link) : undefined;
  const isWeb = url?.protocol === "https:" || url?.protocol === "http:";
  if (!url || !isWeb || url.href.length > LONGEST_URL) return words(`${span.label} (${span.link})`, room, style);
  const label = room.fit(span.label);
  if (label === "" && room.isOver) return [];
  return [{ type: "link", url: url.href, ...(label === "" ? {} : { text: label }) }];
}

const FORMATS = {
  moment: "{date_short_pretty} {time_secs}",
  time: "{time}",
  ago: "{time} ({ago})",
} as const;

/** What people sign stands in a form as plain text, where Slack shows no time of the reader's zone: both are there to compare. */
function moment(span: Moment, room: Room): Element[] {
  if (!room.take(MENTION_COST)) return [];
  return [dateElement(span), ...(span.signed === undefined ? [] : words(` (${span.signed})`, room))];
}

function dateElement({ timeMs, as }: Moment): Element {
  const utc = new Date(timeMs).toISOString();
  return {
    type: "date",
    timestamp: Math.floor(timeMs / 1_000),
    format: FORMATS[as ?? "moment"],
    fallback: `${utc.slice(0, 10)} ${utc.slice(11, 19)} UTC`,
  };
}
