import { existsSync, readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parse, stringify } from "yaml";

const SHIPPED = fileURLToPath(new URL("../../examples/", import.meta.url));

/** The files that are shipped as examples, as plain values. They are part of the source tree; where it is not there, there are none. */
export function shippedExamples(folder = SHIPPED): readonly unknown[] {
  if (!existsSync(folder)) return [];
  const names = readdirSync(folder).filter((name) => name.endsWith(".yaml"));
  return names.toSorted().map((name): unknown => parse(readFileSync(`${folder}${name}`, "utf8")));
}

/** Where a key stands: `services.<name>.regions`, `links[].label`. `kind`: a property of the block around it, and its value. */
export interface Place {
  readonly key: string;
  readonly kind?: readonly [property: string, value: string] | undefined;
}

/** What one of the files has there, as people write it; undefined: none has anything short there. */
export function exampleAt({ key, kind }: Place, files: readonly unknown[]): string | undefined {
  const steps = key.split(/\.|(?=\[\])/);
  const last = steps.pop() ?? "";
  const blocks = steps
    .reduce(entered, files)
    .filter((block) => kind === undefined || entryOf(block, kind[0]) === kind[1]);
  const values = entered(blocks, last).filter((value) => isShort(value));
  return values[0] === undefined ? undefined : written(values[0]);
}

function entered(blocks: readonly unknown[], step: string): readonly unknown[] {
  if (step === "[]") return blocks.flatMap((block) => (Array.isArray(block) ? (block as unknown[]) : []));
  if (step === "*" || step.startsWith("<"))
    return blocks.flatMap((block) => (isBlock(block) ? Object.values(block) : []));
  return blocks.map((block) => entryOf(block, step)).filter((value) => value !== undefined);
}

const isBlock = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const entryOf = (block: unknown, name: string): unknown => (isBlock(block) ? block[name] : undefined);

export const isShort = (value: unknown): boolean =>
  Array.isArray(value) ? value.every((each) => typeof each !== "object") : typeof value !== "object";

export const written = (value: unknown): string =>
  Array.isArray(value)
    ? `[${value.map((each) => written(each)).join(", ")}]`
    : stringify(value, { lineWidth: 0 }).trim();
