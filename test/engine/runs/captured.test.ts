import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { readLines } from "../../../src/store/ledger-lines.ts";
import { drive } from "../../harness/drive.ts";
import { startRun } from "../../harness/failover-runs.ts";
import { type FailoverWorld, startFailoverWorld } from "../../harness/failover-world.ts";
import { standingOf } from "../../harness/standing.ts";

let at: FailoverWorld;
beforeEach(async () => {
  at = await startFailoverWorld({ example: "inventory", speed: 120 });
});
afterEach(() => at.stop());

test("what a fence takes away stands in the ledger as it was, so that people can give it back without the store", async () => {
  const before = Object.values((await standingOf(at)).rules).flat();
  await startRun(at);

  const run = await drive(at);

  const { lines } = await readLines(join(at.directory, "ledger", "test.jsonl"));
  const captured = lines.map(({ entry }) => entry.captured).filter((each) => each !== undefined);
  expect(captured).toContainEqual(run.captured);
  const text = JSON.stringify(captured);
  expect(before.length).toBeGreaterThan(0);
  expect(before.filter((rule) => !text.includes(JSON.stringify(rule)))).toEqual([]);
});
