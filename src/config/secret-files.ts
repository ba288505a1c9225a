import { readFileSync, statSync } from "node:fs";
import { isDatabasePassword } from "./database-environment.ts";
import { isPipelineVariable } from "./pipeline-environment.ts";
import type { EnvironmentProblem } from "./problem.ts";
import { decoded } from "./text.ts";
import { SECRET_VARIABLES } from "./variables.ts";

/** A secret variable X may be given as X_FILE, the path of a file that holds it: so Docker and Kubernetes hand secrets over. */
const ENDING = "_FILE";
/** Bytes; no secret is longer, and what is longer is another file. */
const LARGEST = 65_536;

export const fileVariable = (variable: string): string => `${variable}${ENDING}`;

/** The variable whose value this one names a file of; undefined: it is none of these. */
function secretNamedBy(variable: string): string | undefined {
  if (!variable.endsWith(ENDING)) return undefined;
  const name = variable.slice(0, -ENDING.length);
  return isSecretVariable(name) ? name : undefined;
}

export const isSecretVariable = (name: string): boolean =>
  SECRET_VARIABLES.includes(name) || isPipelineVariable(name) || isDatabasePassword(name);

export interface SecretFile {
  readonly path: string;
  readonly value: string;
}

export interface ReadSecrets {
  /** What is set, secrets by their own names wherever they were given. */
  readonly present: Readonly<Record<string, string>>;
  /** Those that were given as files, by their own names. */
  readonly files: ReadonlyMap<string, SecretFile>;
  /** Of each secret that could not be read, by its own name. */
  readonly problems: ReadonlyMap<string, EnvironmentProblem>;
}

/** An empty variable counts as not set. */
export function readSecretFiles(env: Readonly<Record<string, string | undefined>>): ReadSecrets {
  const present: Record<string, string> = {};
  const files = new Map<string, SecretFile>();
  const problems = new Map<string, EnvironmentProblem>();
  for (const [variable, value] of Object.entries(env)) {
    if (value === undefined || value === "") continue;
    const name = secretNamedBy(variable);
    if (name === undefined) {
      present[variable] = value;
      continue;
    }
    const read = env[name] ? BOTH : readSecretFile(value);
    if ("what" in read) problems.set(name, { variable, ...read });
    else files.set(name, { path: value, value: read.value });
  }
  for (const name of problems.keys()) delete present[name];
  for (const [name, { value }] of files) present[name] = value;
  return { present, files, problems };
}

type Unread = Pick<EnvironmentProblem, "what" | "instead">;

const BOTH: Unread = {
  what: "is set together with the variable that it stands for",
  instead: "set one of the two: the value itself, or the path of the file that holds it",
};

/** One newline at the end is dropped: editors and `echo` write it. What is said of a failure holds the path, and never the content. */
export function readSecretFile(path: string): { readonly value: string } | Unread {
  try {
    const stat = statSync(path);
    if (!stat.isFile()) return unread(path, "is no file");
    if (stat.size > LARGEST) return unread(path, `is larger than ${LARGEST} bytes`);
    const value = decoded(readFileSync(path)).replace(/\r?\n$/, "");
    return value === "" ? unread(path, "is empty") : { value };
  } catch (error) {
    return unread(path, `cannot be read (${codeOf(error)})`);
  }
}

const unread = (path: string, why: string): Unread => ({
  what: `names ${path}, which ${why}`,
  instead: "put the secret into that file, as UTF-8, and let TwoKey's user read it",
});

/** The system's own word, such as ENOENT. */
const codeOf = (error: unknown): string =>
  typeof error === "object" && error !== null && "code" in error ? String(error.code) : "unknown error";
