import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { SLACK_EXTRAS } from "../../src/sandbox/derive-slack.ts";
import type { Stage } from "../../src/sandbox/stage.ts";
import { answerTo, startTestStage } from "../harness/stage.ts";

const FARID = "U01FARID";
const REGIONS = /eu-west-1, eu-central-1/;

let stage: Stage;
let alerts: string;
beforeAll(async () => {
  stage = await startTestStage({ example: "inventory", speed: 40 });
  alerts = stage.inventory.file.alerts.channel;
}, 120_000);
afterAll(() => stage?.stop());

test.each([
  ["/dr failover inventory to mars", REGIONS],
  ["/dr failover inventory to constructor", REGIONS],
  ["/dr failover nowhere", /There are: inventory/],
  ["/dr failover inventory to", /“to” is not understood/],
  ["/dr failover inventory sideways", /“sideways” is not understood/],
  ["/dr status nowhere", /There are: inventory/],
  ["/dr status constructor", /There are: inventory/],
  ["/dr replan F-NOPE77", /no open plan or run called F-NOPE77/],
  ["/dr abort F-NOPE77", /no open plan or run called F-NOPE77/],
  ["/dr by-hand", /There is no open plan or run/],
  ["/dr timeline I-NOPE77", /No incident is open/],
  ["/dr severity sev9", /No incident is open/],
  ["/dr help constructor", /In an emergency/],
  ["/dr constructor", /There is no \/dr constructor/],
])(
  "what was typed wrong is answered with what there is: %s",
  async (words, says) => {
    const said = await answerTo(stage, { slackId: FARID, words, channel: alerts }, /^(?!Working on it)/);

    expect(said.text).toMatch(says);
  },
  60_000,
);

test("an incident that a person declares gets its channel, and the declarer is in it", async () => {
  const said = await answerTo(
    stage,
    { slackId: FARID, words: "/dr declare sev1 inventory answers with errors", channel: alerts },
    /declared/,
  );
  const [, id = ""] = /\((I-\w+)\)/.exec(said.text) ?? [];

  const channel = await stage.world.people.expectChannel(
    ({ name = "", members }) => name.endsWith(id.toLowerCase()) && members.includes(FARID),
    20_000,
  );

  expect(channel.name).toMatch(/^inc-\d{8}-inventory-i-[a-z0-9]{6}$/);
  const { text } = await answerTo(
    stage,
    { slackId: FARID, words: "/dr timeline I-NOPE77", channel: channel.id },
    /^(?!Working on it)/,
  );
  expect(text).toContain(`There is no incident I-NOPE77. ${id} `);
}, 90_000);

test("somebody who is not listed may declare: the record has their name, and their account stands nowhere in it", async () => {
  const { colleague, generalChannel } = SLACK_EXTRAS;
  const said = await answerTo(
    stage,
    { slackId: colleague, words: "/dr declare sev2 customers cannot sign in", channel: generalChannel },
    /declared/,
  );
  const [, id = ""] = /\((I-\w+)\)/.exec(said.text) ?? [];
  const channel = await stage.world.people.expectChannel(({ name = "" }) => name.endsWith(id.toLowerCase()), 20_000);
  const declared = /colleague \(not listed in twokey\.yaml\)/;

  const stored = await everythingIn(stage.redis);
  const posted = JSON.stringify(await stage.world.get(`/slack/messages?channel=${channel.id}`));

  expect(stored).toMatch(declared);
  expect(channel.members).not.toContain(colleague);
  expect([stored, posted].filter((record) => record.includes(colleague))).toEqual([]);
}, 90_000);

/** All that is stored, as text, whatever shape it has there. */
async function everythingIn(redis: Stage["redis"]): Promise<string> {
  const keys = await redis.keys("*");
  const values = await Promise.all(
    keys.map(async (key) => {
      const kind = await redis.type(key);
      if (kind === "string") return redis.get(key);
      if (kind === "hash") return redis.hgetall(key);
      if (kind === "list") return redis.lrange(key, 0, -1);
      if (kind === "set") return redis.smembers(key);
      if (kind === "zset") return redis.zrange(key, 0, "-1");
      if (kind === "stream") return redis.xrange(key, "-", "+");
      // Gone since the keys were asked for, as lists of a queue are while it is empty.
      return undefined;
    }),
  );
  return JSON.stringify([keys, values]);
}

test("who declares without saying what is wrong is asked in a form, and what the form says is declared", async () => {
  const { people } = stage.world;
  const farid = people.as(FARID);
  const before = (await people.channels()).map(({ id }) => id);
  await farid.types("/dr declare sev3", { in: alerts });
  const form = await people.expectView(FARID, undefined, 20_000);
  await farid.submits(form, { what: "labels are printed twice", severity: "sev3", service: "unnamed" });

  const channel = await people.expectChannel(
    ({ id, name = "" }) => name.startsWith("inc-") && !before.includes(id),
    20_000,
  );
  await people.expectMessage(
    channel.id,
    ({ text }) => text.includes("SEV3 · ") && text.includes("printed twice"),
    20_000,
  );
}, 90_000);
