import { z } from "zod";

/** sev1 is the worst. One scale; other vocabularies are aliases on the way in. */
export const Severity = z.enum(["sev1", "sev2", "sev3", "sev4"]);
export type Severity = z.infer<typeof Severity>;

const ALIASES: Readonly<Record<string, Severity>> = {
  p1: "sev1",
  critical: "sev1",
  severity1: "sev1",
  "1": "sev1",
  p2: "sev2",
  high: "sev2",
  severity2: "sev2",
  "2": "sev2",
  p3: "sev3",
  medium: "sev3",
  severity3: "sev3",
  "3": "sev3",
  p4: "sev4",
  low: "sev4",
  severity4: "sev4",
  "4": "sev4",
};

export function readSeverity(word: string): Severity | undefined {
  const lower = word.toLowerCase().replaceAll(/[-_]/g, "");
  const parsed = Severity.safeParse(lower);
  return parsed.success ? parsed.data : ALIASES[lower];
}

/** “sev 1” is one word to a person. */
export function withSeverityJoined(words: readonly string[]): string[] {
  return words.flatMap((word, index) => {
    if (/^\d+$/.test(word) && ["sev", "severity"].includes(words[index - 1]?.toLowerCase() ?? "")) return [];
    const next = words[index + 1] ?? "";
    return /^sev(?:erity)?$/i.test(word) && /^\d+$/.test(next) ? [`${word}${next}`] : [word];
  });
}

export function worse(a: Severity, b: Severity): Severity {
  return a < b ? a : b;
}
