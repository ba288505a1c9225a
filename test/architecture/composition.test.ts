import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "@jest/globals";

const ROOM = "src/app";
const AGAIN = /\bsetInterval\(/;
const sources = readdirSync(ROOM, { recursive: true, encoding: "utf8" })
  .filter((name) => name.endsWith(".ts"))
  .map((name) => ({ name, text: readFileSync(join(ROOM, name), "utf8") }));

test("what puts the parts together does nothing again and again by itself: that is a job", () => {
  expect(sources.filter(({ text }) => AGAIN.test(text)).map(({ name }) => name)).toEqual([]);
  expect(sources.length).toBeGreaterThan(20);
  // This would be seen.
  expect(readFileSync("src/jobs/looks/observer.ts", "utf8")).toMatch(AGAIN);
});
