import { appendFile, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { keptIn } from "./kept.ts";

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "twokey-kept-test-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe("a run of the mutants that was cut off", () => {
  test("goes on after the last verdict that was written whole", async () => {
    const first = await keptIn(folder);
    await first.write("1", { kind: "dead", by: "a test" });
    await first.write("2", { kind: "not-reached" });
    await appendFile(join(folder, "verdicts.jsonl"), '{"id":"3","ver');

    const again = await keptIn(folder);
    await again.write("3", { kind: "survived", asked: 1, left: 0 });

    expect([...(await keptIn(folder)).verdicts.keys()]).toEqual(["1", "2", "3"]);
  });

  test("is refused over other sources or tests, where a number would be another change", async () => {
    await keptIn(folder);
    await writeFile(join(folder, "made-from"), "other sources");

    await expect(keptIn(folder)).rejects.toThrow("made from other sources");
  });
});
