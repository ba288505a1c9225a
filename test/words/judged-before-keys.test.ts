import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "@jest/globals";
import { STEPS } from "../../src/flows/index.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const ROOMS = ["src/flows", "src/engine", "src/integrations/aws"];
/** `new StepFailed("code"`, and the short form of the steps that always ask people. */
const THROWN = /(?:new StepFailed|\bmustAsk)\(\s*"([a-z0-9-]+)"/g;

const sources = ROOMS.flatMap((room) =>
  readdirSync(join(ROOT, room), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts"))
    .map((name) => readFileSync(join(ROOT, room, name), "utf8")),
);
const thrown = new Set(sources.flatMap((text) => [...text.matchAll(THROWN)].map(([, code = ""]) => code)));
const document = readFileSync(join(ROOT, "docs/judged-before-keys.md"), "utf8");
const WAITS = "## Waits";
/** What stands in the first column of a table of three. */
const namedIn = (text: string) =>
  [...text.matchAll(/^\| `([a-z0-9-]+)` \| .+ \| .+ \|$/gm)].map(([, name = ""]) => name);
const [failures = "", waits = ""] = document.split(WAITS);

test("every way in which a step fails has its row in docs/judged-before-keys.md, and no row names another", () => {
  expect(thrown.size).toBeGreaterThan(20);
  expect(new Set(namedIn(failures))).toEqual(thrown);
});

test("every step has a row that says what it waits for, and no row names another", () => {
  expect(new Set(namedIn(waits))).toEqual(new Set(Object.keys(STEPS)));
});
