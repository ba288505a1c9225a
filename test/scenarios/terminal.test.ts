import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "@jest/globals";

const TWOKEY = fileURLToPath(new URL("../../dist/cli.js", import.meta.url));

test("the terminal turns no key, and says why and where one is turned", () => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [TWOKEY, "approve", "F-ABCDEF"], { encoding: "utf8" });

  expect([status, stdout]).toEqual([1, ""]);
  expect(stderr).toMatch(/cannot prove who is asking.*Press “Review and turn my key” on the plan card in Slack/);
});
