import { afterEach, expect, test } from "@jest/globals";
import { storesIn } from "../../src/flows/resources/site.ts";
import { gravestAlarm } from "../../src/sandbox/bench/alarms.ts";
import type { Stage } from "../../src/sandbox/stage.ts";
import type { SeenMessage } from "../../src/simulators/slack/people.ts";
import type { LogEntry } from "../../src/simulators/world/log.ts";
import { eventually } from "../harness/eventually.ts";
import { standbyOf } from "../harness/site.ts";
import { answerTo, serviceInWorld, startTestStage, worldTimePasses } from "../harness/stage.ts";

const FARID = "U01FARID";
const MINUTE = 60_000;
const SOON_MS = 60_000;

let stage: Stage | undefined;
afterEach(async () => {
  await stage?.stop();
});

/** Incidents that PagerDuty has opened, by its own log. */
const pagerIncidents = async ({ world }: Stage) => await world.log("pagerduty.incident-created");
const rooms = async ({ world }: Stage) =>
  (await world.people.channels()).filter(({ name = "" }) => name.startsWith("inc-"));

test("an alarm whose message was lost opens one room and one incident at PagerDuty, comes again in the same one, and what is no alarm is shown", async () => {
  stage = await startTestStage({ example: "inventory", speed: 20 });
  const here = stage;
  const { world, inventory } = stage;
  const { region, name, alarmActions } = gravestAlarm(inventory);
  const set = (state: "ALARM" | "OK", isLost = false) =>
    world.post("/cloudwatch/alarm", { region, name, state, reason: `${state} by the test`, isLost });

  await set("ALARM", true);
  await here.jump(5 * MINUTE);
  const room = await world.people.expectChannel((each) => each.name?.startsWith("inc-") === true, SOON_MS);
  await eventually("incident at PagerDuty", async () => ((await pagerIncidents(here)).length > 0 ? true : undefined));

  // Quiet for longer than the window, three times.
  let saidAt = 0;
  for (let again = 0; again < 3; again += 1) {
    await set("OK");
    await worldTimePasses(here, MINUTE);
    await here.jump(20 * MINUTE);
    await set("ALARM");
    const said = await world.people.expectMessage(
      room.id,
      ({ ts, text }) => Number(ts) > saidAt && new RegExp(`${name} alarms, after \\d+ min`).test(text),
      SOON_MS,
    );
    saidAt = Number(said.ts);
  }
  expect(await rooms(here)).toHaveLength(1);
  expect(await pagerIncidents(here)).toHaveLength(1);

  await world.post("/sns/send", {
    topicArn: alarmActions[0],
    subject: "RDS event",
    message: "inventory-db was restarted",
  });
  const shown = await world.people.expectMessage(
    inventory.file.alerts.channel,
    ({ text }) => text.startsWith("Message: RDS event"),
    SOON_MS,
  );
  expect(JSON.stringify(shown.blocks)).toContain("inventory-db was restarted");
  expect(await rooms(here)).toHaveLength(1);

  const words = '/dr resolve "it is over" "nobody" "none" "none yet"';
  const refused = await answerTo(here, { slackId: FARID, words, channel: room.id }, /Still in ALARM/);
  expect(refused.text).toContain(`Still in ALARM: ${name}.`);
  const farid = world.people.as(FARID);
  await farid.types(`${words} "the alarm itself is broken"`, { in: room.id });
  const resolved = await world.people.expectMessage(room.id, ({ text }) => text.startsWith("Resolved"), SOON_MS);
  expect(JSON.stringify(resolved.blocks)).toContain("the alarm itself is broken");
}, 240_000);

test("a replication that stops is told to people by itself, once, without any alarm of CloudWatch", async () => {
  stage = await startTestStage({ example: "inventory", speed: 20, bots: 2 });
  const here = stage;
  const { world } = stage;
  const service = serviceInWorld(here);
  const [store] = storesIn(service, standbyOf(service));
  const lag = (seconds: number | "broken") =>
    world.post("/rds/lag", { region: standbyOf(service), instance: store?.database.instance, seconds });
  await worldTimePasses(here, 3 * MINUTE);
  await lag("broken");
  await here.jump(8 * MINUTE);

  const room = await world.people.expectChannel((each) => each.name?.startsWith("inc-") === true, SOON_MS);
  const isWritten = ({ facts }: LogEntry) => String(facts["text"]).includes("replication of stores.stock");
  await world.expectLog("slack.message-posted", isWritten, SOON_MS);
  await lag(1);
  await here.jump(5 * MINUTE);
  const card = await world.people.expectMessage(
    here.inventory.file.alerts.channel,
    ({ text }) => /^OK: inventory: replication of stores\.stock/.test(text),
    SOON_MS,
  );
  expect(card.text).toContain("It runs again");
  expect((await rooms(here)).map(({ id }) => id)).toEqual([room.id]);
}, 240_000);

test("a page's direct message comes once to each, leads to the room as soon as it stands, and asks for nothing once somebody has answered", async () => {
  stage = await startTestStage({ example: "inventory", speed: 2 });
  const { world, inventory } = stage;
  const { region, name } = gravestAlarm(inventory);
  await world.post("/cloudwatch/alarm", { region, name, state: "ALARM", reason: "by the test" });
  const room = await world.people.expectChannel((each) => each.name?.startsWith("inc-") === true, SOON_MS);

  const paged = /^You are paged: /;
  const directs = async () => (await world.people.channels()).filter((each) => each["is_im"] === true);
  const told = async () => (await Promise.all((await directs()).map(({ id }) => world.people.messages(id)))).flat();
  const all = (fits: (message: SeenMessage) => boolean) => async () =>
    (await told()).length > 2 && (await told()).every(fits) ? true : undefined;
  await eventually(
    "messages that lead to the room",
    all(({ blocks }) => JSON.stringify(blocks).includes(room.id)),
  );
  for (const { id } of await directs()) expect(await world.people.messages(id)).toHaveLength(1);
  expect(await told()).toContainEqual(expect.objectContaining({ text: expect.stringMatching(paged) }));

  await world.people.as(FARID).clicks("intent:ack:0", { in: room.id });
  const isOver = ({ text, blocks }: SeenMessage) =>
    text.startsWith("Farid Haddad has answered: ") && !/intent:|Acknowledge if/.test(JSON.stringify(blocks));
  await eventually("messages that ask for nothing", all(isOver));
}, 240_000);
