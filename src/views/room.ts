import { withoutControls } from "./card-text.ts";

/**
 * Foreign text has a fixed room on every card (G23): a name, a reason or an error that somebody else wrote can push nothing
 * away, and, being one line, cannot imitate a line of ours. Characters; a phone shows about 45 in a line.
 */
const ROOM = { headline: 110, title: 80, name: 60, reason: 180, error: 140, way: 220 } as const;

export function inRoom(text: string, room: keyof typeof ROOM): string {
  const line = withoutControls(text).replaceAll(/\s+/g, " ").trim();
  const most = ROOM[room];
  return line.length <= most
    ? line
    : `${Array.from(line)
        .slice(0, most - 1)
        .join("")}…`;
}

/** Characters of a message that is shown as it came, with its lines; below it stands nothing that people decide on. */
const MESSAGE_SHOWN = 2_000;

export function asItCame(text: string): string {
  const whole = Array.from(withoutControls(text));
  return whole.length <= MESSAGE_SHOWN ? whole.join("") : `${whole.slice(0, MESSAGE_SHOWN - 1).join("")}…`;
}

/** The same as a quotation, so that nobody takes it for words of TwoKey. */
export const quoted = (text: string, room: keyof typeof ROOM): string => `“${inRoom(text, room)}”`;

/** “Ana, Ben and 3 more”. */
export function someOf(names: readonly string[], shown: number): string {
  if (names.length <= shown) return names.join(", ");
  return `${names.slice(0, shown).join(", ")} and ${names.length - shown} more`;
}

/** As a sentence; what somebody else wrote may have its full stop already. */
export const withEnd = (sentence: string): string => (/[.!?…]$/.test(sentence) ? sentence : `${sentence}.`);
