import { execFile, spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterEach, expect, test } from "@jest/globals";
import { QUICKER_START } from "../../src/sandbox/node-options.ts";
import type { Stage } from "../../src/sandbox/stage.ts";
import { freshRedisUrl } from "../harness/redis.ts";
import { answerTo, askFor, startTestStage } from "../harness/stage.ts";

const TWOKEY = fileURLToPath(new URL("../../dist/cli.js", import.meta.url));
const EXAMPLE = fileURLToPath(new URL("../../examples/inventory.yaml", import.meta.url));

let stage: Stage | undefined;
afterEach(async () => {
  await stage?.stop();
});

test("the terminal turns no key, and says why and where one is turned", () => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [QUICKER_START, TWOKEY, "approve", "F-ABCDEF"], {
    encoding: "utf8",
  });

  expect([status, stdout]).toEqual([1, ""]);
  expect(stderr).toMatch(/cannot prove who is asking.*Press “Review and turn my key” on the plan card in Slack/);
});

test("a terminal reads beside a running bot what people did in Slack", async () => {
  const redisUrl = await freshRedisUrl();
  // The plan waits fifteen minutes of world time; on a busy machine each command of the terminal takes many seconds.
  stage = await startTestStage({ example: "inventory", speed: 4, redisUrl });
  const alerts = stage.inventory.file.alerts.channel;
  const twokey = async (...args: string[]): Promise<string> => {
    const env = { REDIS_URL: redisUrl, TWOKEY_CONFIG: EXAMPLE };
    return (await promisify(execFile)(process.execPath, [QUICKER_START, TWOKEY, ...args], { env })).stdout;
  };

  // Before the incident: a plan that is made during one has its card in that channel.
  const { id } = await askFor(stage, {
    slackId: "U01ANA",
    words: "/dr failover inventory planned because of maintenance",
  });
  const said = await answerTo(
    stage,
    { slackId: "U01FARID", words: "/dr declare sev1 inventory answers late", channel: alerts },
    /declared/,
  );
  const [, incident = ""] = /\((I-\w+)\)/.exec(said.text) ?? [];

  expect(await twokey("plans")).toMatch(new RegExp(`^Plans that wait for keys: 1\\..*${id}`, "s"));
  expect(await twokey("show", id)).toContain("Two people must agree by");
  expect(await twokey("timeline", incident)).toContain("SEV1 opened: inventory answers late");
  expect(JSON.parse(await twokey("status", "--json"))).toMatchObject({ text: expect.stringContaining("inventory") });
}, 180_000);
