import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "@jest/globals";
import { STEPS } from "../../src/flows/index.ts";
import { type Claim, FAILURES, LOOKED_FOR, type Shown, WAITS } from "./shown-by.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const ROOMS = ["src/flows", "src/engine", "src/integrations/aws"];
/** `new StepFailed("code"`, and the short form of the steps that always ask people. */
const THROWN = /(?:new StepFailed|\bmustAsk)\(\s*"([a-z0-9-]+)"/g;

const textOf = (path: string): string => readFileSync(join(ROOT, path), "utf8");
const filesIn = (room: string): string[] =>
  readdirSync(join(ROOT, room), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts"))
    .map((name) => `${room}/${name}`);

const thrown = new Set(
  ROOMS.flatMap(filesIn).flatMap((path) => [...textOf(path).matchAll(THROWN)].map(([, code = ""]) => code)),
);
const tests = filesIn("test").filter((path) => !path.startsWith("test/words/"));

interface Row {
  readonly what: string;
  /** What the last column says. */
  readonly says: string;
}

/** Rows of three columns in one part of the page, without the head of the table. */
function rowsIn(part: string): Row[] {
  const rows = [...part.matchAll(/^\| (.+?) \| (.+) \| (.+) \|$/gm)];
  return rows
    .map(([, what = "", , says = ""]) => ({ what: what.replaceAll("`", ""), says }))
    .filter(({ says }) => says !== "before the keys" && !says.startsWith("---"));
}

const [failures = "", waits = "", lookedFor = ""] = textOf("docs/judged-before-keys.md").split(
  /^## (?:Waits|What the new side is looked at for|Not judged)$/m,
);
const namesIn = (part: string): Set<string> => new Set(rowsIn(part).map(({ what }) => what));

test("every way in which a step fails has its row in docs/judged-before-keys.md, and no row names another", () => {
  expect(thrown.size).toBeGreaterThan(20);
  expect(namesIn(failures)).toEqual(thrown);
});

test("every step has a row that says what it waits for, and no row names another", () => {
  expect(namesIn(waits)).toEqual(new Set(Object.keys(STEPS)));
});

test("every acceptance that the page names is agreed to in a test", () => {
  const ids = [...`${failures}${waits}${lookedFor}`.matchAll(/accepted[^|;.:]*?\(`([a-z-]+)`\)/g)].map(
    ([, id = ""]) => id,
  );
  const agreed = tests.map(textOf).join("\n");

  expect(new Set(ids).size).toBeGreaterThan(10);
  expect(ids.filter((id) => !agreed.includes(`"${id}"`))).toEqual([]);
});

interface Bound extends Row {
  readonly shown: Shown | undefined;
}

const boundTo = (part: string, table: Readonly<Record<string, Shown>>): Bound[] =>
  rowsIn(part).map((row) => ({
    ...row,
    shown: Object.entries(table).find(([name]) => row.what.startsWith(name))?.[1],
  }));

const BOUND = [...boundTo(failures, FAILURES), ...boundTo(waits, WAITS), ...boundTo(lookedFor, LOOKED_FOR)];

/** What the row itself claims; a word after “not” claims nothing. */
const claims = (says: string, word: string): boolean => new RegExp(`(?<!not )\\b${word}\\b`).test(says);

describe("each row is bound to a test that shows what it says", () => {
  test.each(BOUND)("$what: $says", ({ says, shown }) => {
    if (claims(says, "refused")) expect(shown?.refused).toBeDefined();
    if (claims(says, "accepted")) expect(shown?.accepted).toBeDefined();
  });

  test("each way to fail is met by a test, by its name", () => {
    expect([...thrown].filter((code) => FAILURES[code]?.fails === undefined)).toEqual([]);
  });

  test("each of these tests is there", () => {
    const all: Claim[] = [FAILURES, WAITS, LOOKED_FOR].flatMap((table) =>
      Object.values(table).flatMap(({ fails, refused, accepted }) =>
        [fails, refused, accepted].filter((claim) => claim !== undefined),
      ),
    );
    const isThere = ([file, words]: Claim) => tests.includes(file) && textOf(file).includes(words);

    expect(all.length).toBeGreaterThan(80);
    expect(all.filter((claim) => !isThere(claim))).toEqual([]);
  });
});
