import type { z } from "zod";
import { mostSimilar } from "../domain/similar.ts";
import { TWOKEY_FILE } from "./file-schema.ts";
import { childOf, configurationSchema, isDuration, type JsonSchema, schemaAt } from "./json-schema.ts";
import { type Finding, type Path, sayList } from "./problem.ts";

type Issue = z.core.$ZodIssue;

/** What the schema says about a value, in words for the person who wrote it. */
export interface SchemaFindings {
  readonly findings: readonly Finding[];
  /** The value without its unknown keys, so that the sense of the rest can still be judged. */
  readonly cleaned: unknown;
}

interface Context {
  readonly root: JsonSchema;
  readonly value: unknown;
  /** What a text at this path would have to be, where the schema has words for it. */
  readonly hints: ReadonlyMap<string, string>;
  readonly writtenAs: (path: Path) => string | undefined;
}

export function schemaFindings(value: unknown, writtenAs: Context["writtenAs"]): SchemaFindings {
  const result = TWOKEY_FILE.safeParse(value);
  if (result.success) return { findings: [], cleaned: value };
  const { issues } = result.error;
  const context: Context = { root: configurationSchema(), value, hints: hintsFor(value, issues), writtenAs };
  return {
    findings: issues.flatMap((issue) => explain(issue, context)),
    cleaned: withoutStrangers(value, issues),
  };
}

function explain(issue: Issue, context: Context): Finding[] {
  const path = pathOf(issue);
  const value = valueAt(context.value, path);
  if (issue.code === "unrecognized_keys") return issue.keys.map((key) => explainUnknownKey(key, path, context));
  if (issue.code === "invalid_key") {
    const reason = issue.issues[0]?.message ?? "must be a short name";
    const what = `${quote(path.at(-1))} is not a name that can be used here`;
    return [{ path, isAboutKey: true, what, instead: asAdvice(reason) }];
  }
  // What a rule of several keys says about something that is no block has been said already.
  if (issue.code === "custom" && (value === null || typeof value !== "object")) return [];
  const instead = expectation(issue, { path, value }, context);
  if (value === undefined) {
    return [
      {
        path,
        what: `${String(path.at(-1) ?? "the file")} is missing`,
        instead: `add it: ${instead.replace(/^write /, "")}`,
      },
    ];
  }
  if (value === null) return [{ path, what: `${String(path.at(-1) ?? "the file")} is empty`, instead }];
  return [{ path, what: complaint(issue, value, context.writtenAs(path)), instead }];
}

function explainUnknownKey(key: string, parent: Path, context: Context): Finding {
  const schema = schemaAt(context.root, parent, context.value);
  const known = Object.keys(schema?.properties ?? {});
  const absent = known.filter((name) => valueAt(context.value, [...parent, name]) === undefined);
  const near = mostSimilar(key, absent) ?? mostSimilar(key, known);
  const where = parent.length === 0 ? "at the top of the file" : `in ${String(parent.at(-1))}`;
  const all = `remove it; known here: ${sayList(known)}`;
  return {
    path: [...parent, key],
    isAboutKey: true,
    what: `${quote(key)} is not a known key ${typeof parent.at(-1) === "number" ? "in this entry" : where}`,
    instead: near === undefined ? all : `did you mean ${near}? If not, ${all}`,
  };
}

/** What is wrong with a value that is there. */
function complaint(issue: Issue, value: unknown, written: string | undefined): string {
  if (issue.code === "invalid_type") {
    const shown = typeof value === "object" ? "" : `${written ?? JSON.stringify(value)} `;
    return `${shown}is ${kindOf(value)}`.trim().replace(/^is/, "this is");
  }
  if (issue.code === "too_small" && issue.origin === "array") return "the list has too few entries";
  if (issue.code === "too_big" && issue.origin === "array") return "the list has too many entries";
  if (typeof value === "object") return "something is missing here";
  if (value === "") return "the text is empty";
  return `${quote(value)} cannot be used here`;
}

/** What to write, from the most exact source that there is. */
function expectation(
  issue: Issue,
  { path, value }: { readonly path: Path; readonly value: unknown },
  context: Context,
): string {
  const options = optionsOf(issue);
  if (options) {
    const near = typeof value === "string" ? mostSimilar(value, options) : undefined;
    return near === undefined ? `write ${choice(options)}` : `did you mean ${near}? If not, write ${choice(options)}`;
  }
  const hint = context.hints.get(JSON.stringify(path));
  const number = issue.code === "invalid_type" && typeof value === "number" && issue.expected === "string";
  const schema = schemaAt(context.root, path, context.value);
  if (number && !(schema && isDuration(schema))) return `put it in quotes: "${context.writtenAs(path) ?? value}"`;
  if (hint !== undefined) return asAdvice(hint);
  if (/^must /.test(issue.message)) return asAdvice(issue.message);
  return schema ? `write ${describe(schema)}` : "see the reference page";
}

function optionsOf(issue: Issue): readonly string[] | undefined {
  if (issue.code === "invalid_value") return issue.values.map(String);
  const isChoice = issue.code === "invalid_union" && "options" in issue && Array.isArray(issue.options);
  return isChoice && Array.isArray(issue.options) ? issue.options.map(String) : undefined;
}

function choice(options: readonly string[]): string {
  return options.length === 1 ? (options[0] ?? "") : `one of ${sayList(options, "or")}`;
}

/** A schema in the words of somebody who has to fill it in. */
function describe(schema: JsonSchema): string {
  if (schema.enum) return choice(schema.enum.map(String));
  if (schema.const !== undefined) return String(schema.const);
  if (schema.type === "integer" || schema.type === "number") {
    const { minimum, maximum } = schema;
    const above = minimum === undefined ? "a whole number" : `a whole number of at least ${minimum}`;
    return minimum !== undefined && maximum !== undefined ? `a whole number from ${minimum} to ${maximum}` : above;
  }
  if (schema.type === "boolean") return "true or false";
  if (schema.type === "array") return schema.minItems ? `a list with at least ${schema.minItems} entry` : "a list";
  if (schema.required?.length) return `a block with ${sayList(schema.required)}`;
  if (schema.properties) return `{}, or a block with any of ${sayList(Object.keys(schema.properties))}`;
  if (schema.type === "object") return "a block of named entries";
  if (schema.oneOf) return "a block as on the reference page";
  return schema.maxLength === undefined ? "a text" : `a text of 1 to ${schema.maxLength} characters`;
}

function kindOf(value: unknown): string {
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object") return "a block";
  if (typeof value === "number") return "a number";
  return typeof value === "boolean" ? "true or false" : "a text";
}

/** The schema's messages say `must be …`; a person is told what to do. */
function asAdvice(message: string): string {
  return message.startsWith("must be ") ? `write ${message.slice("must be ".length)}` : message.replace(/^must /, "");
}

const quote = (value: unknown): string => JSON.stringify(value ?? "");

function pathOf(issue: Issue): Path {
  return issue.path.map((step) => (typeof step === "number" ? step : String(step)));
}

function valueAt(value: unknown, path: Path): unknown {
  return path.reduce<unknown>(childOf, value);
}

/** Puts an empty text where a text is missing or of the wrong kind, and listens to what the schema then asks for. */
function hintsFor(value: unknown, issues: readonly Issue[]): Map<string, string> {
  const paths = issues.filter((issue) => issue.code === "invalid_type" && issue.expected === "string").map(pathOf);
  const asked = new Set(paths.map((path) => JSON.stringify(path)));
  const trial = structuredClone(value);
  for (const path of paths) {
    const parent = valueAt(trial, path.slice(0, -1));
    if (parent !== null && typeof parent === "object") Reflect.set(parent, path.at(-1) ?? "", "");
  }
  const hints = new Map<string, string>();
  for (const issue of TWOKEY_FILE.safeParse(trial).error?.issues ?? []) {
    const key = JSON.stringify(pathOf(issue));
    if (asked.has(key) && /^must /.test(issue.message)) hints.set(key, issue.message);
  }
  return hints;
}

function withoutStrangers(value: unknown, issues: readonly Issue[]): unknown {
  const cleaned = structuredClone(value);
  const strangers = issues.flatMap((issue): Path[] =>
    issue.code === "unrecognized_keys" ? issue.keys.map((key) => [...pathOf(issue), key]) : [],
  );
  for (const path of strangers) {
    const parent = valueAt(cleaned, path.slice(0, -1));
    if (parent !== null && typeof parent === "object") Reflect.deleteProperty(parent, path.at(-1) ?? "");
  }
  return cleaned;
}
