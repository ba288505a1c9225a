import { Secret } from "../domain/secret.ts";
import type { EnvironmentProblem } from "./problem.ts";

/** What each variable holds: keys, separated by commas, newest first. */
export type PipelineKeys = Readonly<Record<string, Secret>>;

/** Which of them there are is said by twokey.yaml, which is read again while the process runs. */
const PREFIX = "PIPELINE_";
const SHORTEST_KEY = 32;
/** More than a rotation ever needs. */
const MOST_KEYS = 5;

export const isPipelineVariable = (name: string): boolean => name.startsWith(PREFIX);

export function pipelineKeysIn(present: Readonly<Record<string, string | undefined>>): PipelineKeys {
  return Object.fromEntries(
    Object.entries(present).flatMap(([name, text]) =>
      isPipelineVariable(name) && text !== undefined ? [[name, new Secret(text)]] : [],
    ),
  );
}

export function pipelineProblems(present: Readonly<Record<string, string | undefined>>): EnvironmentProblem[] {
  return Object.entries(present).flatMap(([variable, text = ""]) => {
    const keys = splitSecrets(text);
    const isGood = keys.length >= 1 && keys.length <= MOST_KEYS && keys.every((key) => key.length >= SHORTEST_KEY);
    if (!isPipelineVariable(variable) || isGood) return [];
    const instead = `it must hold 1 to ${MOST_KEYS} keys of at least ${SHORTEST_KEY} characters, separated by commas`;
    return [{ variable, what: "has a value that cannot be used", instead }];
  });
}

/** Every key that a signature may be made with now: those that the variable held a short while ago are among them. */
export const keysIn = (keys: Secret | undefined): readonly Secret[] =>
  (keys?.accepted() ?? []).flatMap(splitSecrets).map((key) => new Secret(key));

const splitSecrets = (text: string): string[] =>
  text
    .split(",")
    .map((key) => key.trim())
    .filter((key) => key !== "");
