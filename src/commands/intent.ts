import { type Card, type Form, sentenceCard } from "../domain/card/card.ts";
import type { DoorName } from "../domain/event.ts";
import type { PersonId } from "../domain/people/person.ts";

/** Who asks, as far as the door knows. A door never says what somebody may do. */
export interface Asker {
  /** From the authenticated payload, never from a display name. */
  readonly slackId?: string;
  /** Absent: nobody in `people` has this account. */
  readonly person?: PersonId;
  readonly door: DoorName;
  /** Slack channel id that it was asked in. */
  readonly channel?: string;
}

/** One thing that somebody asks for, the same through every door. */
export interface Ask {
  /** Lower case; `help` where nothing was said. */
  readonly verb: string;
  /** What follows the verb, split at spaces outside double quotes. A mention is `@<member id>` or `#<channel id>`. */
  readonly args: readonly string[];
  /** What follows the verb, as it was typed. */
  readonly text: string;
  /** Of a form, by the field's id; a field that was left empty is absent. */
  readonly fields?: Readonly<Record<string, string>>;
  /** Of a button (its value) or of a form (its context). */
  readonly value?: string;
  readonly asker: Asker;
  /** The stored message whose button was pressed. */
  readonly messageRef?: { readonly channel: string; readonly ts: string };
}

export type Answer =
  /** For the asker alone. */
  | { readonly kind: "whisper"; readonly card: Card }
  /** For everybody where it was asked. */
  | { readonly kind: "say"; readonly card: Card }
  | { readonly kind: "form"; readonly form: Form }
  | { readonly kind: "nothing" }
  /** The form stays open; by the field's id. */
  | { readonly kind: "field-errors"; readonly errors: Readonly<Record<string, string>> };

export function whisper(text: string): Answer {
  return { kind: "whisper", card: sentenceCard(text) };
}

/** What was typed, split where a reason begins: everything after the first `because`. */
export function wordsAndReason(text: string): { readonly words: readonly string[]; readonly reason: string } {
  const [before = "", ...because] = text.split(/\bbecause\b/);
  const words = before.split(/\s+/).filter((word) => word !== "");
  return { words, reason: because.join("because").trim() };
}

/** Throws UserError for the asker to read; anything else is reported as a fault of ours. */
export type Intents = (ask: Ask) => Promise<Answer>;
