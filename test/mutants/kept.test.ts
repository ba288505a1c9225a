import { appendFile, mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { keptIn, type Verdict } from "./kept.ts";

let root = "";
let folder = "";
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "twokey-kept-test-"));
  folder = join(root, "kept");
  for (const name of ["src", "test"]) await mkdir(join(root, name));
  for (const name of ["src/key.ts", "src/other.ts", "test/key.test.ts"]) await change(name, "before");
});
afterEach(() => rm(root, { recursive: true, force: true }));

const change = (name: string, text: string) => writeFile(join(root, name), text);
const kept = () => keptIn(folder, root);
const KEY = { name: "true for false 1", file: "src/key.ts" };
const NOTICED: Verdict = { kind: "dead", by: "test/key.test.ts: two keys", test: "test/key.test.ts" };
const SURVIVED: Verdict = { kind: "survived", asked: 1, left: 0 };

describe("what an earlier run of the mutants found", () => {
  test("is known to the next one, up to the last verdict that was written whole", async () => {
    await (await kept()).write(KEY, NOTICED);
    await appendFile(join(folder, "verdicts.jsonl"), '{"name":"cut off');

    await (await kept()).write({ ...KEY, name: "next" }, SURVIVED);

    const after = await kept();
    expect(after.of(KEY)).toEqual(NOTICED);
    expect(after.of({ ...KEY, name: "next" })).toEqual(SURVIVED);
    expect(after.of({ ...KEY, name: "cut off" })).toBeUndefined();
  });

  test("holds for what a test noticed while other files change, and what the tests reach is learnt again", async () => {
    const first = await kept();
    await first.write(KEY, NOTICED);
    await mkdir(first.coverage);
    expect(await readdir((await kept()).coverage)).toEqual([]);
    await change("src/other.ts", "after");

    const after = await kept();

    expect(after.of(KEY)).toEqual(NOTICED);
    await expect(readdir(after.coverage)).rejects.toThrow("ENOENT");
  });

  test.each(["src/key.ts", "test/key.test.ts"])("is asked for again where %s changed", async (name) => {
    await (await kept()).write(KEY, NOTICED);
    await change(name, "after");

    expect((await kept()).of(KEY)).toBeUndefined();
  });

  test.each<Verdict>([SURVIVED, { kind: "not-reached" }, { kind: "dead", by: "no end within 60 s" }])(
    "is asked for again after any change where no one test noticed it: $kind",
    async (verdict) => {
      await (await kept()).write(KEY, verdict);
      expect((await kept()).of(KEY)).toEqual(verdict);
      await change("src/other.ts", "after");

      expect((await kept()).of(KEY)).toBeUndefined();
    },
  );
});
