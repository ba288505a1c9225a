import { z } from "zod";
import { TWOKEY_FILE } from "./file-schema.ts";

export type JsonSchema = z.core.JSONSchema.JSONSchema;

/** Of every duration, and of those that are whole days. */
const DURATION_PATTERNS: readonly (string | undefined)[] = ["^\\d+[smhd]$", "^([1-9]|[12]\\d|3[0-5])d$"];
const UNITS: readonly (readonly [string, number])[] = [
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["m", 60_000],
  ["s", 1_000],
];

/** JSON Schema (draft 2020-12) of `twokey.yaml` as people write it: durations are texts such as `15m`. */
export function configurationSchema(): JsonSchema {
  made ??= makeSchema();
  return made;
}

/** Made once: every complaint about a file asks it for words. */
let made: JsonSchema | undefined;

function makeSchema(): JsonSchema {
  const schema = z.toJSONSchema(TWOKEY_FILE, {
    io: "input",
    override: ({ zodSchema, jsonSchema }) => {
      const definition = zodSchema._zod.def;
      if (definition.type === "default" && "defaultValue" in definition) {
        jsonSchema.default = asWritten(jsonSchema, definition.defaultValue);
      }
      // The library's own upper bound for whole numbers says nothing to a reader.
      if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
    },
  });
  const title = "twokey.yaml";
  return { ...schema, title, description: "Services, people, escalation and alerts, as TwoKey reads them." };
}

export function isDuration(schema: JsonSchema): boolean {
  return schema.pattern !== undefined && DURATION_PATTERNS.includes(schema.pattern);
}

/** A default value is milliseconds inside and a text in the file. */
function asWritten(schema: JsonSchema, value: unknown): JsonSchema["default"] {
  if (typeof value === "number" && isDuration(schema)) return writeDuration(value);
  if (value !== null && typeof value === "object" && !Array.isArray(value)) {
    return Object.fromEntries(
      Object.entries(value).map(([key, inner]) => [key, asWritten(propertyOf(schema, key) ?? {}, inner)]),
    );
  }
  return z.json().parse(value) ?? undefined;
}

/** True for a block of which its name alone may be written. */
export const hasShorthand = (schema: JsonSchema): boolean => schema["shorthand"] === "name";

/** The same schema for editors: where a name may stand for its block, both are allowed. */
export function editorSchema(): JsonSchema {
  return forEditors(configurationSchema());
}

function forEditors(schema: JsonSchema): JsonSchema {
  const each = (entries: NonNullable<JsonSchema["properties"]>) =>
    Object.fromEntries(
      Object.entries(entries).map(([key, inner]) => [key, typeof inner === "object" ? forEditors(inner) : inner]),
    );
  const { shorthand: _, ...plain } = schema;
  const { properties, additionalProperties: more, items, oneOf } = plain;
  const inner: JsonSchema = {
    ...plain,
    ...(properties && { properties: each(properties) }),
    ...(typeof more === "object" && { additionalProperties: forEditors(more) }),
    ...(typeof items === "object" && !Array.isArray(items) && { items: forEditors(items) }),
    ...(oneOf && { oneOf: oneOf.map((option) => (typeof option === "object" ? forEditors(option) : option)) }),
  };
  if (!hasShorthand(schema)) return inner;
  const { description, ...block } = inner;
  return { ...(description && { description }), anyOf: [propertyOf(schema, "name") ?? {}, block] };
}

export function writeDuration(ms: number): string {
  const [unit, size] = UNITS.find(([, candidate]) => ms > 0 && ms % candidate === 0) ?? ["s", 1_000];
  return `${ms / size}${unit}`;
}

export function propertyOf(schema: JsonSchema, key: string): JsonSchema | undefined {
  const property = schema.properties?.[key] ?? schema.additionalProperties;
  return typeof property === "object" ? property : undefined;
}

/** Alternatives of a discriminated union; a schema that is none has itself as the only one. */
export function alternativesOf(schema: JsonSchema): JsonSchema[] {
  return schema.oneOf?.filter((option) => typeof option === "object") ?? [schema];
}

/** Where `alternative` differs from the others: `["routing", "weighted"]`. */
export function discriminatorOf(alternative: JsonSchema): readonly [string, string] | undefined {
  for (const [key, property] of Object.entries(alternative.properties ?? {})) {
    if (typeof property === "object" && typeof property.const === "string") return [key, property.const];
  }
  return undefined;
}

/** The schema of the value at `path`, choosing the alternatives that `value` says it is. */
export function schemaAt(root: JsonSchema, path: readonly (string | number)[], value: unknown): JsonSchema | undefined {
  let schema: JsonSchema | undefined = root;
  let here = value;
  for (const step of path) {
    if (!schema) return undefined;
    schema = typeof step === "number" ? itemOf(schema) : propertyOf(alternativeFor(schema, here), step);
    here = childOf(here, step);
  }
  return schema && alternativeFor(schema, here);
}

function itemOf(schema: JsonSchema): JsonSchema | undefined {
  return typeof schema.items === "object" && !Array.isArray(schema.items) ? schema.items : undefined;
}

function alternativeFor(schema: JsonSchema, value: unknown): JsonSchema {
  const chosen = alternativesOf(schema).find((alternative) => {
    const [key, name] = discriminatorOf(alternative) ?? [];
    return key !== undefined && childOf(value, key) === name;
  });
  return chosen ?? schema;
}

export function childOf(value: unknown, step: string | number): unknown {
  if (value === null || typeof value !== "object") return undefined;
  return Object.hasOwn(value, step) ? Reflect.get(value, step) : undefined;
}
