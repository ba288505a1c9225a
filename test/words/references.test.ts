import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "@jest/globals";

/** A letter and a number where a sentence names something by them, such as “(G1, O2)”; ids in quotes are none. */
const CITED = /(?<=^|[\s(*])([A-Z]\d{1,2})(?=[\s),.:;*]|$)/gm;
const DEFINED = /^\| \*\*([A-Z]\d{1,2})\*\* \|/gm;

/** What is called so everywhere: the engine of JavaScript, and Amazon's store of objects. */
const OF_THE_WORLD = ["V8", "S3"];

const citedIn = (text: string): string[] => [...text.matchAll(CITED)].map(([, name = ""]) => name);
const definedIn = (text: string): string[] => [...text.matchAll(DEFINED)].map(([, name = ""]) => name);

const FILES = [
  ...["src", "test", "docs"].flatMap((folder) =>
    readdirSync(folder, { recursive: true, encoding: "utf8" }).map((file) => join(folder, file)),
  ),
  ...readdirSync("."),
].filter((file) => /\.(ts|mjs|md)$/.test(file) && file !== "test/words/references.test.ts");

const DEFINITIONS = definedIn(readFileSync("docs/architecture.md", "utf8"));

test("what is cited by a letter and a number has one defining line in docs/architecture.md", () => {
  const known = new Set([...DEFINITIONS, ...OF_THE_WORLD]);
  const cited = FILES.flatMap((file) => citedIn(readFileSync(file, "utf8")).map((name) => ({ file, name })));
  expect(cited.filter(({ name }) => !known.has(name))).toEqual([]);
  expect(new Set(DEFINITIONS).size).toBe(DEFINITIONS.length);
  expect(DEFINITIONS).toEqual(expect.arrayContaining(["G1", "J1", "K1", "X6", "W4", "D2", "O1", "R1", "P1", "A1"]));
  expect(cited.length).toBeGreaterThan(300);
});

test("a reference that leads nowhere is found in a comment, a title and a table, and an id is no reference", () => {
  const cited = [
    "/** The control planes are in trouble (Y10). */",
    'test("people are called at once (J2, Y29)", () => {});',
    "| the address is lost | see Y5: “as ever (Y6)” | G21 |",
    'const zone = "Z1"; // Z0SHOP and `C1` are ids',
  ];
  expect(cited.flatMap(citedIn)).toEqual(["Y10", "J2", "Y29", "Y5", "Y6", "G21"]);
});
