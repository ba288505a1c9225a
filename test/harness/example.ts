import { readFileSync } from "node:fs";
import { loadFile } from "../../src/config/load.ts";
import type { Inventory } from "../../src/domain/service/inventory.ts";

export type ExampleName = "inventory" | "regami" | "every-kind";

/** One of the shipped examples, as the bot would load it. */
export function example(name: ExampleName): Inventory {
  const path = new URL(`../../examples/${name}.yaml`, import.meta.url).pathname;
  const loaded = loadFile(path, readFileSync(path, "utf8"));
  if (!loaded.ok) throw new Error(`examples/${name}.yaml does not load: ${loaded.problems[0]?.what}`);
  return loaded.inventory;
}
