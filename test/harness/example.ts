import { readFileSync } from "node:fs";
import { loadFile } from "../../src/config/load.ts";
import type { Inventory } from "../../src/domain/service/inventory.ts";

export type ExampleName = "inventory" | "regami" | "every-kind";

const loaded = new Map<ExampleName, Inventory>();

/** One of the shipped examples, as the bot would load it. Nobody changes an inventory, so each is read once. */
export function example(name: ExampleName): Inventory {
  const known = loaded.get(name) ?? load(name);
  loaded.set(name, known);
  return known;
}

function load(name: ExampleName): Inventory {
  const path = new URL(`../../examples/${name}.yaml`, import.meta.url).pathname;
  const file = loadFile(path, readFileSync(path, "utf8"));
  if (!file.ok) throw new Error(`examples/${name}.yaml does not load: ${file.problems[0]?.what}`);
  return file.inventory;
}
