import { Secret } from "../domain/secret.ts";
import type { EnvironmentProblem } from "./problem.ts";

/** The keys of one variable, newest first. */
export type PipelineKeys = Readonly<Record<string, readonly Secret[]>>;

/** Which of them there are is said by twokey.yaml, which is read again while the process runs. */
const PREFIX = "PIPELINE_";
const SHORTEST_KEY = 32;
/** More than a rotation ever needs. */
const MOST_KEYS = 5;

export function pipelineKeysIn(present: Readonly<Record<string, string | undefined>>): PipelineKeys {
  return Object.fromEntries(
    Object.entries(present).flatMap(([name, text]) =>
      name.startsWith(PREFIX) && text !== undefined ? [[name, keysIn(text).map((key) => new Secret(key))]] : [],
    ),
  );
}

export function pipelineProblems(present: Readonly<Record<string, string | undefined>>): EnvironmentProblem[] {
  return Object.entries(present).flatMap(([variable, text = ""]) => {
    const keys = keysIn(text);
    const isGood = keys.length >= 1 && keys.length <= MOST_KEYS && keys.every((key) => key.length >= SHORTEST_KEY);
    if (!variable.startsWith(PREFIX) || isGood) return [];
    const instead = `it must hold 1 to ${MOST_KEYS} keys of at least ${SHORTEST_KEY} characters, separated by commas`;
    return [{ variable, what: "has a value that cannot be used", instead }];
  });
}

const keysIn = (text: string): string[] =>
  text
    .split(",")
    .map((key) => key.trim())
    .filter((key) => key !== "");
