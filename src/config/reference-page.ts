import { REGION_PATTERN } from "../domain/service/region.ts";
import { PAGERS } from "../integrations/pagers/index.ts";
import {
  alternativesOf,
  configurationSchema,
  discriminatorOf,
  hasShorthand,
  isDuration,
  type JsonSchema,
} from "./json-schema.ts";
import { RULES } from "./lint.ts";
import { sayList } from "./problem.ts";
import { exampleAt, isShort, type Place, written } from "./reference-examples.ts";
import type { Rule } from "./rules/rule.ts";
import { SANDBOX_ONLY, SECRET_VARIABLES, VARIABLES } from "./variables.ts";

/** `docs/configuration.md`, made from the schema, the variables and the rules themselves. */
export function referencePage(more: readonly Rule[], examples: readonly unknown[]): string {
  const root = configurationSchema();
  const required = new Set(root.required);
  const sections = Object.entries(root.properties ?? {}).filter(([, schema]) => typeof schema === "object");
  const scalars = sections.filter(([, schema]) => isLeaf(schema));
  const blocks = sections.filter(([, schema]) => !isLeaf(schema));
  return [
    ...HEAD,
    ...table(
      scalars.flatMap(([key, schema]) => rowsOf(key, schema, { isRequired: required.has(key) })),
      examples,
    ),
    ...blocks.flatMap(([key, schema]) => [
      `## \`${key}\``,
      "",
      descriptionOf(schema),
      "",
      ...table(rowsOf(key, schema, { isRequired: true }).slice(1), examples),
    ]),
    ...environmentSection(),
    ...rulesSection(more),
  ].join("\n");
}

const HEAD: readonly string[] = [
  "# Configuration",
  "",
  "<!-- Generated from the schema: `npm run --silent twokey -- schema --markdown > docs/configuration.md` -->",
  "",
  "One file, `twokey.yaml`, describes the world; secrets come from the environment, or from files that it names. `twokey check` reports every",
  "problem of the file with its line, and `twokey schema` prints a JSON Schema for editors. [examples/](../examples/) has",
  "two complete files.",
  "",
  "A *duration* is a whole number and a unit: `30s`, `15m`, `4h`, `7d`. `<…>` stands for a name of your choice. The file",
  "is plain YAML 1.2 without anchors, aliases, merge keys and tags; unknown and duplicate keys are errors.",
  "",
];

interface Row extends Place {
  readonly type: string;
  readonly need: string;
  readonly meaning: string;
  /** The schema's own, where no file that is shipped has one. */
  readonly example?: string | undefined;
}

function table(rows: readonly Row[], examples: readonly unknown[]): string[] {
  return [
    "| key | type | default | example | meaning |",
    "| --- | --- | --- | --- | --- |",
    ...rows.map((row) => {
      const { key, type, need, meaning } = row;
      const example = exampleAt(row, examples) ?? row.example;
      return `| \`${key}\` | ${type} | ${need} | ${example === undefined ? "–" : `\`${cell(example)}\``} | ${meaning} |`;
    }),
    "",
  ];
}

type Property = JsonSchema | boolean;

/** A value, its entries and theirs, one row each, in the order of the schema. */
function rowsOf(
  key: string,
  schema: Property,
  { isRequired, kind }: { readonly isRequired: boolean; readonly kind?: Place["kind"] },
): Row[] {
  if (typeof schema !== "object") return [];
  const fallback = schema.default === undefined ? undefined : `\`${JSON.stringify(schema.default)}\``;
  const need = fallback ?? (isRequired ? "required" : "–");
  const condition = kind === undefined ? [] : [`With \`${kind[1]}\`:`];
  const meaning = [...condition, descriptionOf(schema)].filter((part) => part !== "").join(" ");
  const row = { key, kind, type: typeOf(schema), need, meaning, example: exampleOf(schema) };
  if (schema.oneOf) return [row, ...alternativesOf(schema).flatMap((option) => alternativeRows(key, option))];
  return [row, ...entryRows(key, schema)];
}

function alternativeRows(key: string, option: JsonSchema): Row[] {
  const [name, value] = discriminatorOf(option) ?? ["", ""];
  const required = new Set(option.required);
  return Object.entries(option.properties ?? {}).flatMap(([property, schema]) => {
    if (property !== name)
      return rowsOf(`${key}.${property}`, schema, {
        isRequired: required.has(property),
        kind: [name, value],
      });
    return [
      {
        key: `${key}.${name}`,
        type: `\`${value}\``,
        need: "required",
        meaning: descriptionOf(schema) || "One of the alternatives.",
      },
    ];
  });
}

function entryRows(key: string, schema: JsonSchema): Row[] {
  const required = new Set(schema.required);
  const named = Object.entries(schema.properties ?? {});
  if (areAlike(named.map(([, inner]) => inner))) {
    // Blocks of one form are shown once: the four severities.
    const rows = named.flatMap(([name, inner]) =>
      rowsOf(`${key}.${name}`, inner, { isRequired: required.has(name) }).slice(0, 1),
    );
    return [...rows, ...rowsOf(`${key}.*`, named[0]?.[1] ?? false, { isRequired: true }).slice(1)];
  }
  if (named.length > 0)
    return named.flatMap(([name, inner]) => rowsOf(`${key}.${name}`, inner, { isRequired: required.has(name) }));
  if (typeof schema.additionalProperties === "object" && !isLeaf(schema.additionalProperties)) {
    return rowsOf(`${key}.<${placeholderFor(schema)}>`, schema.additionalProperties, { isRequired: false }).slice(1);
  }
  const item = Array.isArray(schema.items) ? undefined : schema.items;
  return item !== undefined && !isLeaf(item) ? rowsOf(`${key}[]`, item, { isRequired: false }).slice(1) : [];
}

function areAlike(schemas: readonly Property[]): boolean {
  const forms = schemas.map((schema) => (isLeaf(schema) ? "" : JSON.stringify({ ...formOf(schema), description: "" })));
  return forms.length > 1 && forms.every((form) => form !== "" && form === forms[0]);
}

const formOf = (schema: Property): JsonSchema => (typeof schema === "object" ? schema : {});

function placeholderFor(schema: JsonSchema): string {
  const names = schema.propertyNames;
  return typeof names === "object" && names.pattern === REGION_PATTERN.source ? "region" : "name";
}

function isLeaf(schema: Property): boolean {
  if (typeof schema !== "object") return true;
  const hasItems = typeof schema.items === "object" && !Array.isArray(schema.items) && !isLeaf(schema.items);
  return !schema.properties && !schema.additionalProperties && !schema.oneOf && !hasItems;
}

function typeOf(schema: JsonSchema): string {
  if (schema.enum) return schema.enum.map((value) => `\`${String(value)}\``).join(", ");
  if (schema.const !== undefined) return `\`${String(schema.const)}\``;
  if (isDuration(schema)) return "duration";
  if (schema.oneOf) return "block, see below";
  if (hasShorthand(schema)) return "text or block";
  if (schema.anyOf) return schema.anyOf.map((each) => (typeof each === "object" ? typeOf(each) : "")).join(" or ");
  if (schema.type === "array") {
    const item = typeof schema.items === "object" && !Array.isArray(schema.items) ? typeOf(schema.items) : "values";
    return `list of ${item}`;
  }
  if (schema.type === "object") return schema.properties ? "block" : `entries by ${placeholderFor(schema)}`;
  if (schema.type === "integer" && schema.minimum !== undefined) {
    return `whole number ${schema.maximum === undefined ? `≥ ${schema.minimum}` : `${schema.minimum}–${schema.maximum}`}`;
  }
  return schema.type === "string" ? "text" : String(schema.type);
}

function exampleOf({ examples }: JsonSchema): string | undefined {
  const [first] = examples ?? [];
  return first === undefined || !isShort(first) ? undefined : written(first);
}

const descriptionOf = (schema: Property): string => cell((typeof schema === "object" ? schema.description : "") ?? "");

const cell = (text: string): string => text.replaceAll("|", "\\|");

function environmentSection(): string[] {
  return [
    "## Environment",
    "",
    "The only other input. Whatever is wrong with it is reported at once, by the variable's name and never its value.",
    "The AWS SDK finds its own credentials.",
    "",
    "A variable that may be a file can be given as `<variable>_FILE` instead: the path of a file that holds the value, as Docker and Kubernetes hand",
    "secrets over. So can the keys of pipelines (`PIPELINE_…`) and passwords of databases (`DATABASE_…`). One newline at the end is dropped. Such a",
    "file is read again when it changes: see [operations](operations.md#change-a-secret-without-a-restart).",
    "",
    "| variable | needed | default | may be a file | meaning |",
    "| --- | --- | --- | --- | --- |",
    ...Object.entries(VARIABLES.shape).map(([name, variable]) => {
      const file = SECRET_VARIABLES.includes(name) ? "yes" : "–";
      const { data } = variable.safeParse(undefined);
      const fallback = data === undefined ? "–" : `\`${typeof data === "string" ? data : JSON.stringify(data)}\``;
      return `| \`${name}\` | ${needOf(name, variable)} | ${fallback} | ${file} | ${cell(variable.description ?? "")} |`;
    }),
    "",
  ];
}

function needOf(name: string, variable: { safeParse(value: undefined): { success: boolean } }): string {
  if (SANDBOX_ONLY.includes(name)) return "sandbox only";
  const pager = PAGERS.find(({ variables }) => variables.some((one) => one.name === name && one.need === "required"));
  if (pager) return `with \`pagers.${pager.name}\``;
  return variable.safeParse(undefined).success ? "–" : "required";
}

function rulesSection(more: readonly Rule[]): string[] {
  const rules = [...RULES, ...more];
  const errors = rules.filter(({ severity }) => severity === "error").length;
  return [
    "## What `twokey check` looks for",
    "",
    `Beyond the form of the file: ${sayList([`${errors} errors`, `${rules.length - errors} warnings`])}. A file with errors is not`,
    "loaded; a running bot keeps the last good one and says so.",
    "",
    "| rule | severity | because |",
    "| --- | --- | --- |",
    ...rules.map(({ name, severity, because }) => `| \`${name}\` | ${severity} | ${cell(because)} |`),
    "",
  ];
}
