import { afterEach, expect, test } from "@jest/globals";
import { SLACK_EXTRAS } from "../../src/sandbox/derive-slack.ts";
import type { Stage } from "../../src/sandbox/stage.ts";
import { eventually } from "../harness/eventually.ts";
import {
  agreeToAll,
  answerAfter,
  answerTo,
  askFor,
  pressKey,
  runWhere,
  startTestStage,
  turnKey,
  type WaitingPlan,
} from "../harness/stage.ts";

/** A plan is to be started within 15 minutes: three for the machine, more than the whole test has. */
const SPEED = 5;
const [ANA, BEN, ELENA, GRACE] = ["U01ANA", "U01BEN", "U01ELENA", "U01GRACE"];
/** Everybody is in it, guests and partners too. */
const CHANNEL = SLACK_EXTRAS.generalChannel;
/** Machine time in which an account changes between the click and the look at it; short of what a call to Slack may take. */
const LOOK_LATE_MS = 4_000;
const ASK = "/dr failover inventory planned because of maintenance";
const NO_EFFECT = "Nothing was changed by your click.";

let stage: Stage | undefined;
afterEach(async () => {
  await stage?.stop();
});

test("a click that must not count has no effect, and the clicker is told why", async () => {
  stage = await startTestStage({ example: "inventory", speed: SPEED, bots: 2 });
  const at = stage;
  const { world, inventory } = at;
  const { people } = world;
  const flag = (userId: string, flags: object) => people.act("user-flags", { userId, flags });
  const refused = (slackId: string, plan: WaitingPlan, why: RegExp) =>
    answerAfter(people, { slackId, fits: why }, () => pressKey(at, slackId, plan));
  const keysOf = async ({ id }: WaitingPlan) => (await runWhere(at, { id }, () => true)).keys.map(({ by }) => by);

  const plan = await askFor(at, { slackId: ANA, words: ASK, channel: CHANNEL });
  await refused(ANA, plan, /^You asked for this plan, so your own key does not count/);
  await refused(GRACE, plan, /^You are not an approver/);
  const { colleague, guest, partner } = SLACK_EXTRAS;
  await refused(colleague, plan, /nothing was changed. You are not listed under people.* Ask the owners of that file/);
  for (const outsider of [guest, partner]) await refused(outsider, plan, /^TwoKey answers members of this workspace/);
  for (const [changed, why] of [
    ["guest", /^Your Slack account cannot turn keys: guest/],
    ["deleted", /: deleted/],
    ["bot", /: bot/],
  ] as const) {
    await world.planFault({
      ...{ vendor: "slack", operation: "users.info", effect: { kind: "delay", machineMs: LOOK_LATE_MS } },
      times: 1,
    });
    await pressKey(at, ELENA, plan);
    await answerAfter(people, { slackId: ELENA, fits: why }, async () => {
      const submissions = async () =>
        (await world.log("slack.person-acted")).filter(({ facts }) => facts["kind"] === "view-submit").length;
      const before = await submissions();
      const agreeing = agreeToAll(at, ELENA);
      // Nobody who is deleted submits a form: the account changes after that, and before the look at it.
      await eventually("submission", async () => (await submissions()) > before || undefined);
      await flag(ELENA, { [changed]: true });
      await agreeing;
    });
    await flag(ELENA, { [changed]: false });
  }
  await answerTo(
    at,
    { slackId: ELENA, words: `/dr approve ${plan.id}`, channel: CHANNEL },
    /^Press “Review and turn my key” on the plan card/,
  );
  expect(await keysOf(plan)).toEqual([]);

  await people.act("duplicate-next-envelope", {});
  await turnKey(at, BEN, { plan });
  await world.expectLog("slack.duplicate-delivered", () => true, 60_000);
  await refused(BEN, plan, /^Your key counts already/);
  expect(await keysOf(plan)).toEqual(["ben"]);
  // An answer that is not there at once is announced.
  const answers = (await people.ephemerals(BEN)).filter(({ text }) => !text.startsWith("Working on it"));
  expect(answers.map(({ text }) => text.slice(0, 12))).toEqual(["Your key is ", "Your key cou"]);

  await people.as(ANA).clicks("intent:withdraw:2", { in: CHANNEL, message: plan.card, stale: true });
  const withdrawn = await refused(ELENA, plan, /^This plan is closed/);
  expect(withdrawn.text).toBe(`This plan is closed: withdrawn by Ana Keller. ${NO_EFFECT}`);
  const closed = await people.expectMessage(
    CHANNEL,
    ({ text }) => text.includes("It is closed: withdrawn by Ana Keller"),
    60_000,
  );
  expect(JSON.stringify(closed.blocks)).not.toMatch(/intent:|\?/);

  const old = await askFor(at, { slackId: ANA, words: ASK, channel: CHANNEL });
  await turnKey(at, BEN, { plan: old });
  await at.jump(inventory.file.approvals.start_within);
  const expired = await runWhere(at, { id: old.id, withinMs: 60_000 }, ({ state }) => state === "closed");
  expect([expired.why, expired.keys.length]).toEqual(["not enough keys in time", 1]);
  await refused(ELENA, old, /^This plan is closed: not enough keys in time\. Nothing was changed by your click\.$/);

  // A form that was open while its plan was withdrawn.
  const formal = await askFor(at, {
    slackId: ANA,
    words: "/dr failover inventory because its answers are wrong",
    channel: CHANNEL,
  });
  await pressKey(at, ELENA, formal);
  const form = await people.expectView(ELENA, undefined, 60_000);
  await people.as(ANA).types(`/dr withdraw ${formal.id}`, { in: CHANNEL });
  await runWhere(at, { id: formal.id, withinMs: 60_000 }, ({ state }) => state === "closed");
  const inputs = form.blocks.filter(({ type }) => type === "input").map((block) => String(block["block_id"]));
  const submit = () => people.as(ELENA).submits(form, Object.fromEntries(inputs.map((id) => [id, "yes"])));
  await answerAfter(people, { slackId: ELENA, fits: /^This plan is closed: withdrawn by Ana Keller/ }, submit);
  expect(await world.log("aws.mutation")).toEqual([]);
}, 160_000);
