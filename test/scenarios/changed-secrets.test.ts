import { createHmac } from "node:crypto";
import { readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { z } from "zod";
import type { Stage } from "../../src/sandbox/stage.ts";
import { eventually } from "../harness/eventually.ts";
import { answerTo, askFor, openIncident, startTestStage, turnKey } from "../harness/stage.ts";

/** Machine time. */
const SOON_MS = 30_000;
const [RESPONDER, APPROVER] = ["U01FARID", "U01ANA"] as const;
const NEW = {
  SLACK_BOT_TOKEN: "xoxb-sim-changed",
  SLACK_APP_TOKEN: "xapp-sim-changed",
  PAGERDUTY_API_TOKEN: "changed-pagerduty-token",
  PAGERDUTY_ROUTING_KEY: "c4a9ed0000000000000000000000c0de",
  PAGERDUTY_WEBHOOK_SECRETS: "changed-webhook-secret",
  PIPELINE_RELEASE_KEYS: "changed-key-of-the-release-pipeline",
};

/** Of the right form, and no vendor knows them. */
const NOT_YET = {
  SLACK_BOT_TOKEN: "xoxb-sim-not-yet",
  SLACK_APP_TOKEN: "xapp-sim-not-yet",
  PAGERDUTY_ROUTING_KEY: "0badc0de000000000000000000000000",
};

let stage: Stage;
beforeAll(async () => {
  stage = await startTestStage({ example: "inventory", speed: 20, secretsInFiles: true });
}, 120_000);
afterAll(() => stage?.stop());

/** As a secret store does it: another file is put in its place. */
async function write(variable: string, value: string): Promise<void> {
  const path = join(stage.directory, "secrets", variable);
  await writeFile(`${path}.next`, `${value}\n`);
  await rename(`${path}.next`, path);
}

const Ready = z.looseObject({
  ready: z.boolean(),
  degraded: z.array(z.looseObject({ proof: z.string(), state: z.string(), what: z.string() })),
});

async function readyz() {
  const answer = await fetch(`${await stage.bots[0]?.origin()}/readyz`);
  return Ready.parse(await answer.json());
}

async function fine(): Promise<void> {
  let last: unknown;
  await eventually("a bot of which everything is proven", async () => {
    const said = await readyz();
    last = said;
    return (said.ready && said.degraded.length === 0) || undefined;
  }).catch((error: unknown) => {
    throw new Error(JSON.stringify(last), { cause: error });
  });
}

const wrong = (proof: string) =>
  eventually(`${proof} that is wrong`, async () =>
    (await readyz()).degraded.find((each) => each.proof === proof && each.state === "wrong"),
  );

/** Resolves when the bot says that these are in use. */
const inUse = (variables: readonly string[]) =>
  eventually(`${variables.join()} in use`, async () => {
    const log = await readFile(stage.bots[0]?.logFile ?? "", "utf8");
    const changed = log.split("\n").filter((line) => line.includes("Secrets were read again and are in use"));
    return variables.every((variable) => changed.some((line) => line.includes(variable))) || undefined;
  });

const atVendors = async (secrets: typeof NEW) => {
  const { SLACK_BOT_TOKEN: botToken, SLACK_APP_TOKEN: appToken } = secrets;
  await stage.world.post("/slack/app", { botToken, appToken });
  await stage.world.post("/pagerduty/secrets", {
    ...{ newApiToken: secrets.PAGERDUTY_API_TOKEN, newRoutingKey: secrets.PAGERDUTY_ROUTING_KEY },
  });
};

/** A request of the pipeline with something wrong in it: 400 says that its signature was right. */
async function pipelineAnswer(key: string): Promise<number> {
  const body = JSON.stringify({ id: "x" });
  const timestamp = String(Math.floor(Date.now() / 1_000));
  const mac = createHmac("sha256", key).update(`v1:${timestamp}:release:${body}`).digest("hex");
  const headers = { "x-twokey-timestamp": timestamp, "x-twokey-signature": `v1=${mac}` };
  const origin = await stage.bots[0]?.origin();
  return (await fetch(`${origin}/webhooks/pipelines/release`, { method: "POST", headers, body })).status;
}

test("a new value that the vendor refuses is said at once, and what was there before goes on being used", async () => {
  await fine();
  const { channel } = stage.inventory.file.alerts;
  for (const [variable, value] of Object.entries(NOT_YET)) await write(variable, value);

  expect((await wrong("slack-bot-token")).what).toBe("Slack refuses the bot token (invalid_auth).");
  expect((await wrong("slack-app-token")).what).toMatch(/^Slack refuses the app token/);
  expect((await wrong("pagerduty-routing-key")).what).toMatch(/refuses the routing key/);
  await stage.world.expectLog(
    "slack.message-posted",
    ({ facts }) => String(facts["text"]).includes("Slack refuses the bot token"),
    SOON_MS,
  );
  expect((await answerTo(stage, { slackId: RESPONDER, words: "/dr status", channel }, /inventory/)).text).not.toBe("");

  await write("SLACK_BOT_TOKEN", "no token at all");
  expect((await wrong("secret-files")).what).toMatch(
    /^SLACK_BOT_TOKEN_FILE names a file that holds a value that cannot be used\. The value before it stays in use\.$/,
  );
}, 120_000);

test("what vendors and files have instead is in use without a restart: an alert pages and posts, a key counts", async () => {
  const { world, pipelineKeys, bots } = stage;
  const pid = bots[0]?.pid;
  const oldKey = pipelineKeys["PIPELINE_RELEASE_KEYS"] ?? "";
  const seq = (await world.log()).at(-1)?.seq ?? 0;
  await atVendors(NEW);
  await world.post("/pagerduty/webhooks", { id: "PSIMHOOK", secrets: [NEW.PAGERDUTY_WEBHOOK_SECRETS] });
  for (const [variable, value] of Object.entries(NEW)) await write(variable, value);
  await inUse(Object.keys(NEW));
  await fine();

  const channel = await openIncident(stage, [RESPONDER, APPROVER]);
  await world.expectLog("pagerduty.incident-created", (entry) => entry.seq > seq, SOON_MS);
  await world.expectLog("pagerduty.webhook-delivered", (entry) => entry.seq > seq, SOON_MS);
  const words = "/dr failover inventory because secrets were changed";
  const plan = await askFor(stage, { slackId: RESPONDER, words, channel });
  expect((await turnKey(stage, APPROVER, { plan })).text).toMatch(/^Your key/);

  expect(await pipelineAnswer(NEW.PIPELINE_RELEASE_KEYS)).toBe(400);
  expect(await pipelineAnswer(oldKey)).toBe(400);
  expect(await pipelineAnswer("k".repeat(40))).toBe(401);
  expect(bots[0]?.pid).toBe(pid);
}, 180_000);

test("a second socket served before the first one was closed, and no log and no message holds a value", async () => {
  const changed = (await stage.world.log("slack.app-changed")).at(-1)?.seq ?? 0;
  const opened = await stage.world.log("slack.socket-opened");
  expect(opened.filter(({ seq }) => seq > changed)).not.toEqual([]);
  await stage.world.expectLog("slack.socket-closed", ({ seq }) => seq > changed, SOON_MS);
  // At no moment nobody listened.
  const closed = await stage.world.log("slack.socket-closed");
  expect(closed.map(({ facts }) => facts["open"])).not.toContain(0);
  const log = await readFile(stage.bots[0]?.logFile ?? "", "utf8");
  const said = JSON.stringify(await stage.world.log());
  for (const value of [...Object.values(NEW), ...Object.values(NOT_YET)]) expect(log + said).not.toContain(value);
});
