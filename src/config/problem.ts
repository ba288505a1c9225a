import type { Path, ProblemSeverity } from "../domain/service/finding.ts";

export type { Finding, Path, ProblemSeverity } from "../domain/service/finding.ts";

/** What is wrong with a file, where, and what to write instead. Lines and columns count from 1. */
export interface Problem {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** `services.inventory.stores.stock`, `alerts.rules[2].match`; empty for the file as a whole. */
  readonly path: string;
  readonly severity: ProblemSeverity;
  /** Stable name of the rule that found it. */
  readonly rule: string;
  readonly what: string;
  readonly instead: string;
}

export function sayPath(path: Path): string {
  return path.reduce<string>((text, step) => {
    if (typeof step === "number") return `${text}[${step}]`;
    if (!/^[\w*/-]+$/.test(step)) return `${text}[${JSON.stringify(step)}]`;
    return text === "" ? step : `${text}.${step}`;
  }, "");
}

export function sayList(words: readonly string[], joint = "and"): string {
  if (words.length < 2) return words.join("");
  return `${words.slice(0, -1).join(", ")} ${joint} ${words.at(-1) ?? ""}`;
}

/** In reading order, each place and sentence once. */
export function inReadingOrder(problems: readonly Problem[]): Problem[] {
  const seen = new Set<string>();
  return problems
    .filter((problem) => {
      const key = JSON.stringify([problem.line, problem.column, problem.path, problem.what]);
      return !seen.has(key) && seen.add(key);
    })
    .sort((a, b) => a.line - b.line || a.column - b.column);
}

/** What is wrong with the environment. Values are never part of it: most of them are secrets. */
export interface EnvironmentProblem {
  readonly variable: string;
  readonly what: string;
  readonly instead: string;
}
