import { type Card, type Form, sentenceCard } from "../domain/card/card.ts";
import type { Asker } from "../ports/asker.ts";

/** One thing that somebody asks for, the same through every door. */
export interface Ask {
  /** Lower case; `help` where nothing was said. */
  readonly verb: string;
  /** What follows the verb, split at spaces outside double quotes. A mention is `@<person id>` or `#<channel id>`. */
  readonly args: readonly string[];
  /** What follows the verb, as it was typed. */
  readonly text: string;
  /** Of a form, by the field's id; a field that was left empty is absent. */
  readonly fields?: Readonly<Record<string, string>>;
  /** Of a button (its value) or of a form (its context). */
  readonly value?: string;
  /** As far as the door knows; a door never says what somebody may do. */
  readonly who: Asker;
  /** Channel that it was asked in. */
  readonly channel?: string;
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
