import { z } from "zod";
import { mostSimilar } from "../similar.ts";

/** sev1 is the worst. One scale; other vocabularies are aliases on the way in. */
export const Severity = z.enum(["sev1", "sev2", "sev3", "sev4"]);
export type Severity = z.infer<typeof Severity>;

/** What people who number theirs elsewhere call them; the number stands behind. “s3” is none: that is where objects are stored. */
const SCALES = /^(?:sev|severity|p|prio|priority|)([1-4])$/;
const WORDS: Readonly<Record<string, Severity>> = { critical: "sev1", high: "sev2", medium: "sev3", low: "sev4" };
const NUMBERS: Readonly<Record<string, string>> = { one: "1", two: "2", three: "3", four: "4" };

/** `SEV-1:`, `sev1,` and `sevOne` are one word to a person. */
const plain = (word: string): string =>
  bare(word)
    .toLowerCase()
    .replaceAll(/[-_]/g, "")
    .replace(/^(sev|severity)(one|two|three|four)$/, (_, scale: string, number: string) => scale + NUMBERS[number]);

/** Without the marks that end a word. */
export const bare = (word: string): string => word.replace(/[\s.,:;!–—-]+$/u, "");

export function readSeverity(word: string): Severity | undefined {
  const lower = plain(word);
  const [, number] = SCALES.exec(lower) ?? [];
  return number === undefined ? WORDS[lower] : Severity.parse(`sev${number}`);
}

/** Whether a word that names no severity of ours was meant for one: `sev9`, `p7`, `sevv1`, `critcal`. */
export function isLikeSeverity(word: string): boolean {
  const lower = plain(word);
  if (/^(?:sev|severity|p|prio|priority)\d+$/.test(lower)) return true;
  const near = mostSimilar(lower, [...Severity.options, "critical", "medium"]);
  // “serve1” may be a machine.
  return near !== undefined && /^(?:[a-z]{1,4}\d|[a-z]{6,})$/.test(lower);
}

/** “sev 1” is one word to a person. */
export function withSeverityJoined(words: readonly string[]): string[] {
  return words.flatMap((word, index) => {
    if (isNumber(word) && isScale(words[index - 1])) return [];
    const next = words[index + 1];
    return isScale(word) && isNumber(next) ? [`${word}${next}`] : [word];
  });
}

const isScale = (word = ""): boolean => /^sev(?:erity)?$/i.test(word);
const isNumber = (word = ""): boolean => /^(?:\d+|one|two|three|four)$/i.test(bare(word));

export function worse(a: Severity, b: Severity): Severity {
  return a < b ? a : b;
}
