import { afterEach, expect, test } from "@jest/globals";
import type { Stage } from "../../src/sandbox/stage.ts";
import { eventually } from "../harness/eventually.ts";
import { answerTo, askFor, SPEED_FOR_KEYS, startTestStage, turnKey } from "../harness/stage.ts";

type Facts = Readonly<Record<string, unknown>>;
const [ANA, BEN, DMITRI] = ["U01ANA", "U01BEN", "U01DMITRI"];

/** As it is read, times in UTC. */
const wordsOf = (blocks: unknown): string =>
  [...JSON.stringify(blocks ?? []).matchAll(/"(?:text|fallback)":"([^"]*)"/g)].map(([, words]) => words).join("");

let stage: Stage | undefined;
afterEach(async () => {
  await stage?.stop();
});

test("approvers are called for the keys that are missing, and who has turned theirs is asked for nothing more", async () => {
  stage = await startTestStage({ example: "inventory", speed: SPEED_FOR_KEYS });
  const here = stage;
  const { world } = here;
  const { people } = world;
  const log = async (kind: string) => (await world.log(`pagerduty.${kind}`)).map(({ facts }) => facts);
  const called = async (missing: RegExp) =>
    (await log("incident-created")).find(({ title }) => missing.test(String(title)));
  const rung = async (call: Facts | undefined) =>
    (await log("responders-requested")).find(({ incident }) => incident === call?.["incident"])?.["targets"];
  const pagerIds = (...ids: string[]) =>
    here.inventory.people.flatMap(({ id, pagers }) => (ids.includes(id) ? [pagers["pagerduty"]] : []));
  const keyButtons = async (user: string) => {
    const direct = (await people.channels()).find((each) => each["is_im"] === true && each.members.includes(user));
    const messages = direct === undefined ? [] : await people.messages(direct.id);
    return messages.map(({ blocks }) => JSON.stringify(blocks).includes("intent:approve"));
  };
  const card = async () => {
    const channel = plan.card.channel ?? "";
    const now = (await people.messages(channel)).find(({ ts }) => ts === plan.card.ts);
    return wordsOf(now?.blocks);
  };
  const plan = await askFor(here, { slackId: ANA, words: "/dr failover inventory planned because of maintenance" });
  const first = await eventually("call for two keys", () => called(/waits for 2 more keys/));
  await eventually("approvers at the pager", () => rung(first));
  expect(await rung(first)).toEqual(pagerIds("ben", "dmitri", "elena"));
  await eventually("direct messages", async () =>
    (await Promise.all([BEN, DMITRI].map(keyButtons))).every(([button]) => button === true),
  );

  const CALLED = /PagerDuty called all of them at .*and calls again every 5 min\./;
  await eventually("who is called, on the card", async () => CALLED.test(await card()));
  const status = { slackId: DMITRI, words: "/dr status inventory", channel: here.inventory.file.alerts.channel };
  const shown = await answerTo(here, status, /^inventory: /);
  expect(wordsOf(shown.blocks)).toMatch(/PagerDuty called Ben Osei, Dmitri Sokolov, Elena Rossi at /);

  const turned = await turnKey(here, BEN, { plan });
  expect(turned.text).toMatch(/^Your key is turned\. One more person must agree by /);
  expect(JSON.stringify(turned.blocks)).toContain('"type":"date"');

  const second = await eventually("call for one key", () => called(/waits for 1 more key\b/));
  await eventually("the others at the pager", () => rung(second));
  expect(await rung(second)).toEqual(pagerIds("dmitri", "elena"));
  await eventually("end of the call for two keys", async () =>
    (await log("event-accepted")).some(
      ({ action, dedupKey }) => action === "resolve" && dedupKey === first["incidentKey"],
    ),
  );
  await eventually("Ben's copy without a button, and Dmitri's newest with one", async () => {
    const [bens, dmitris] = await Promise.all([BEN, DMITRI].map(keyButtons));
    return JSON.stringify([bens, dmitris]) === JSON.stringify([[false], [false, true]]);
  });
}, 160_000);
