import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "@jest/globals";
import { TABLES } from "../groups.mjs";

const ROOT = new URL("../../", import.meta.url).pathname;
const suites = readdirSync(`${ROOT}test`, { recursive: true, encoding: "utf8" })
  .map((name) => `test/${name}`)
  .filter((name) => name.endsWith(".test.ts"));
const draws = (name: string) => /harness\/tables\.ts"/.test(readFileSync(`${ROOT}${name}`, "utf8"));
const isWalked = (name: string) => TABLES.some((path) => name.startsWith(path));

test("every suite that draws from a table is walked by `npm run tables`, and each of its paths leads to one", () => {
  expect(suites.filter(draws).filter((name) => !isWalked(name))).toEqual([]);
  expect(TABLES.filter((path) => !suites.some((name) => name.startsWith(path)))).toEqual([]);
  expect(suites.filter(isWalked).length).toBeLessThan(suites.length / 10);
});

test("what `npm test` leaves out is walked before a change goes in", () => {
  const { scripts } = JSON.parse(readFileSync(`${ROOT}package.json`, "utf8"));

  expect(scripts.check).toMatch(/npm run tables -- --runs 1 && npm test$/);
});
