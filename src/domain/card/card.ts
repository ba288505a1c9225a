import type { Severity } from "../incident/severity.ts";

/** Text for people. Plain strings are always shown as they are: nothing in them can ping, link or format. */
export type Text = string | readonly Span[];
export type Span =
  | string
  | { readonly bold: string }
  | { readonly code: string }
  | { readonly italic: string }
  /** A person id; a door shows it as a mention, where it has one. */
  | { readonly person: string }
  /** A place in the chat, by the id that the chat gave it and nothing here looks into. */
  | { readonly channel: string }
  | { readonly link: string; readonly label: string }
  | Moment;

/**
 * World time, epoch milliseconds; shown in the reader's zone with UTC as fallback. `as`: the time of day alone, the time with
 * how long ago that is, or, unless said otherwise, day and time to the second. How long ago is counted by the reader's own
 * client, so a card stays true without being edited. `signed`: how it stands in a sentence that people sign, to compare.
 */
export interface Moment {
  readonly timeMs: number;
  readonly as?: "time" | "ago";
  readonly signed?: string;
}

/** Words with spans among them, written as a template: what is put in stays what it is. */
export function spans(words: TemplateStringsArray, ...among: readonly (Span | readonly Span[])[]): readonly Span[] {
  return words
    .flatMap((word, at): readonly Span[] => [word, ...[among[at] ?? ""].flat()])
    .filter((span) => span !== "");
}

export const ago = (timeMs: number): Moment => ({ timeMs, as: "ago" });
export const timeOfDay = (timeMs: number): Moment => ({ timeMs, as: "time" });

export interface CardButton {
  readonly label: string;
  /** Intent that the press asks for, for example `approve`. */
  readonly intent: string;
  /** Opaque: an id and at most a digest; never trusted beyond finding the thing. */
  readonly value: string;
  readonly style?: "primary" | "danger";
  readonly confirm?: { readonly title: string; readonly text: string; readonly yes: string };
}

export type CardPart =
  | { readonly kind: "heading"; readonly text: string }
  | { readonly kind: "text"; readonly text: Text }
  | { readonly kind: "facts"; readonly facts: readonly (readonly [label: string, value: Text])[] }
  /** One under the other; `plain`: without bullets, because they begin with a number or a sign of their own. */
  | { readonly kind: "lines"; readonly lines: readonly Text[]; readonly plain?: true }
  | { readonly kind: "code"; readonly text: string }
  | { readonly kind: "note"; readonly text: Text }
  | { readonly kind: "divider" }
  | { readonly kind: "buttons"; readonly buttons: readonly CardButton[] };

/** A neutral message: doors and adapters render it as blocks, terminal text or HTML. */
export interface Card {
  /** The whole meaning in one or two plain sentences: notifications and screen readers show only this. */
  readonly text: string;
  readonly parts: readonly CardPart[];
  readonly severity?: Severity;
}

/** A card of one sentence. */
export function sentenceCard(text: string): Card {
  return { text, parts: [{ kind: "text", text }] };
}

export interface FormField {
  readonly id: string;
  readonly label: string;
  /** `agreement`: one box for the label's sentence; ticked it is `yes`. */
  readonly kind: "line" | "paragraph" | "choice" | "agreement";
  readonly hint?: string;
  readonly initial?: string;
  readonly optional?: boolean;
  /** For `choice`: value and label. */
  readonly choices?: readonly (readonly [value: string, label: string])[];
}

export interface Form {
  readonly title: string;
  readonly intent: string;
  /** Carried through unseen by the person; opaque. */
  readonly context: string;
  readonly intro: readonly CardPart[];
  readonly fields: readonly FormField[];
  readonly submit: string;
}
