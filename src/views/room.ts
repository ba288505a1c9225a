import { withoutControls } from "./card-text.ts";

/**
 * Foreign text has a fixed room on every card (G23): a name, a reason or an error that somebody else wrote can push nothing
 * away, and, being one line, cannot imitate a line of ours. Characters; a phone shows about 45 in a line. Nothing foreign has more than
 * 200; `way` and `sentence` are for sentences of our own with names of the file in them. `instruction` is never cut: the
 * file allows the 1,500 characters of an owner, whose telephone number may come last.
 */
const ROOM = {
  headline: 110,
  title: 80,
  name: 60,
  reason: 180,
  error: 140,
  way: 220,
  sentence: 400,
  instruction: 2_000,
} as const;

export function inRoom(text: string, room: keyof typeof ROOM): string {
  const line = withoutControls(text).replaceAll(UNSEEN, " ").replaceAll(STACKED, "$1").replaceAll(/\s+/g, " ").trim();
  const most = ROOM[room];
  const whole = Array.from(line);
  return whole.length <= most ? line : `${whole.slice(0, most - 1).join("")}…`;
}

/** What takes room and shows nothing: letters that fill, blanks of other scripts. */
const UNSEEN = /[\u115f\u1160\u3164\uffa0\u2800]/g;
/** More marks on one letter than any language writes: they would hang over the lines above and below. */
const STACKED = /(\p{M}{3})\p{M}+/gu;

/** Characters of a message that is shown as it came, with its lines; below it stands nothing that people decide on. */
const MESSAGE_SHOWN = 2_000;

export function asItCame(text: string): string {
  const whole = Array.from(withoutControls(text));
  return whole.length <= MESSAGE_SHOWN ? whole.join("") : `${whole.slice(0, MESSAGE_SHOWN - 1).join("")}…`;
}

/** The same as a quotation that only we can end, so that nobody takes it for words of TwoKey. */
export const quoted = (text: string, room: keyof typeof ROOM): string =>
  `“${inRoom(text, room).replaceAll(/[“”„‟]/g, '"')}”`;

/** “Ana, Ben and 3 more”. */
export function someOf(names: readonly string[], shown: number): string {
  if (names.length <= shown) return names.join(", ");
  return `${names.slice(0, shown).join(", ")} and ${names.length - shown} more`;
}

/** As a sentence; what somebody else wrote may have its full stop already. */
export const withEnd = (sentence: string): string => (/[.!?…]$/.test(sentence) ? sentence : `${sentence}.`);
