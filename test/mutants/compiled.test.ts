import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { Compiler } from "./compiled.ts";
import { placeOf, ROOT } from "./instrument.ts";

const FILE = "src/domain/plan-run/key.ts";
let text = "";
let compiler: Compiler;
beforeAll(async () => {
  text = await readFile(join(ROOT, FILE), "utf8");
  compiler = new Compiler(new Map([[FILE, text]]));
});
afterAll(() => compiler.close());

/** The first time that `was` stands there becomes this. */
function change(was: string, becomes: string) {
  const at = text.indexOf(was);
  return { file: FILE, from: placeOf(text, at), to: placeOf(text, at + was.length), becomes };
}

test("a change that its file compiles with is tried, also where it leaves something unused, and any other is not", () => {
  const [condition = ""] = /(?<=\n {2}if \()[^()\n]+(?=\))/.exec(text) ?? [];
  const [whole = ""] = /\nimport .*?;\n/s.exec(text) ?? [];

  expect(compiler.compiles(change(condition, `${condition} || 1 > 2`))).toBe(true);
  expect(compiler.compiles(change(condition, "notThere"))).toBe(false);
  expect(compiler.compiles(change(condition, "("))).toBe(false);
  expect(compiler.compiles(change(whole, `${whole}const unused = 1;\n`))).toBe(true);
  expect(compiler.compiles(change(condition, `${condition} || 1 > 2`))).toBe(true);
});
