import { existsSync } from "node:fs";
import { dirname, join } from "node:path";

/** A whole path in a span of code; `<kind>`, `*` and `…` stand for something. */
const NAMED = /`((?:src|test|docs|examples)\/[^`\s<*…]*)`/g;
/** A test file as the tables name it: below `test`. */
const TESTS = /`((?:[\w-]+\/)+[\w-]+\.test\.ts)`/g;
const LINKED = /\]\((?!\w+:|#)([^)\s#]+)(?:#[^)\s]*)?\)/g;

/** Files and folders that this text of a document names and that do not exist, by where the document lies. */
export function missingPaths(root: string, document: string, text: string): string[] {
  const all = (pattern: RegExp) => [...text.matchAll(pattern)].map(([, path = ""]) => path);
  const places: readonly (readonly [string, string])[] = [
    ...all(NAMED).map((path) => [path, path] as const),
    ...all(TESTS)
      .filter((path) => !path.startsWith("test/"))
      .map((path) => [path, join("test", path)] as const),
    ...all(LINKED).map((path) => [path, join(dirname(document), path)] as const),
  ];
  return places
    .filter(([, place]) => !existsSync(join(root, place)))
    .map(([path]) => `${document}: ${path} does not exist`);
}
