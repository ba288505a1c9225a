import { afterEach, expect, test } from "@jest/globals";
import type { Stage } from "../../src/sandbox/stage.ts";
import { buttonOf } from "../../src/sandbox/story/play.ts";
import type { SeenMessage } from "../../src/simulators/slack/people.ts";
import {
  answerAfter,
  answerTo,
  askFor,
  openIncident,
  runWhere,
  SPEED_FOR_KEYS,
  startTestStage,
  turnKey,
} from "../harness/stage.ts";

const SPEED = 40;
const [ANA, BEN, ELENA, FARID] = ["U01ANA", "U01BEN", "U01ELENA", "U01FARID"];
const SOON_MS = 60_000;
const MINUTE = 60_000;

let stage: Stage | undefined;
afterEach(async () => {
  await stage?.stop();
});

/** The words of its blocks, one after the other as people read them. */
const onCard = ({ blocks }: SeenMessage): string =>
  Array.from(JSON.stringify(blocks).matchAll(/"text":"((?:[^"\\]|\\.)*)"/g), ([, words = ""]) => words).join("");
const mentions = ({ blocks }: SeenMessage, ids: readonly (string | undefined)[]) =>
  ids.every((id) => JSON.stringify(blocks).includes(`"user_id":"${id}"`));

test("waiting is decided in words or by the button, is shown and reminded of through a kill, and blocks no key", async () => {
  stage = await startTestStage({ example: "inventory", speed: SPEED });
  const at = stage;
  const { people } = at.world;
  const room = await openIncident(at, [ANA ?? "", BEN ?? ""]);
  const told = (fits: RegExp) => people.expectMessage(room, ({ text }) => fits.test(text), SOON_MS);
  const says = (words: string, fits: RegExp) => answerTo(at, { slackId: ANA ?? "", words, channel: room }, fits);

  // Nobody has planned yet.
  await says("/dr wait 3h because AWS says that eu-west-1 comes back", /^You wait with inventory until .*3 h from now/);
  const first = await told(/decided to wait until .*A plan can be asked for before that too\./);
  expect(onCard(first)).toContain("“AWS says that eu-west-1 comes back”");
  await people.expectMessage(
    room,
    (message) =>
      buttonOf(message, "ack") !== undefined &&
      /Waiting until .*inventory, then decide\. Ana Keller says why: /.test(onCard(message)),
    SOON_MS,
  );
  await says("/dr status", /./);
  const board = await people.expectEphemeral(
    ANA ?? "",
    (message) =>
      /Waiting until .*inventory.*Ana Keller says why: “AWS says that eu-west-1 comes back”/.test(onCard(message)),
    SOON_MS,
  );
  expect(onCard(board)).toContain("then decide");

  // The process that knows of it dies, and the time comes while it is away.
  const [bot] = at.bots;
  await bot?.kill();
  await at.jump(3 * 60 * MINUTE);
  bot?.start();
  await bot?.ready();
  const reminder = await told(/: the wait until .* with inventory is over\. No plan waits for keys\./);
  expect(mentions(reminder, [ANA])).toBe(true);

  // A plan waits, and somebody waits with it by the button of its card.
  await at.setSpeed(SPEED_FOR_KEYS);
  const plan = await askFor(at, { slackId: FARID ?? "", words: "/dr failover inventory planned", channel: room });
  await people.as(BEN ?? "").clicks(buttonOf(plan.card, "wait") ?? "", { in: room, message: plan.card });
  const form = await people.expectView(BEN ?? "", undefined, SOON_MS);
  await answerAfter(people, { slackId: BEN ?? "", fits: /^You wait with inventory until/ }, () =>
    people.as(BEN ?? "").submits(form, { until: "2h", reason: "the lag is going down" }),
  );
  const second = await told(/You can turn your key now, too\. Approvers who are left: .*“the lag is going down”/);
  expect([BEN, ANA, ELENA].some((id) => mentions(second, [id]))).toBe(false);
  await people.expectMessage(
    room,
    (message) =>
      buttonOf(message, "approve") !== undefined &&
      /Waiting until [\s\S]*Ben Osei decided to wait: “/.test(onCard(message)),
    SOON_MS,
  );

  // It blocks nothing: the keys start the run, and the run ends it.
  await turnKey(at, ANA ?? "", { plan });
  await turnKey(at, ELENA ?? "", { plan });
  await at.setSpeed(SPEED);
  await runWhere(at, { id: plan.id }, ({ startedAtMs }) => startedAtMs !== undefined);
  await people.expectMessage(
    room,
    (message) => buttonOf(message, "ack") !== undefined && !onCard(message).includes("Waiting until"),
    SOON_MS,
  );
  await runWhere(at, { id: plan.id, withinMs: 90_000 }, ({ state }) => state === "verified");
  const newest = Math.max(...(await people.messages(room)).map(({ ts }) => Number(ts)));
  await at.jump(2 * 60 * MINUTE);
  const isLater = ({ ts }: SeenMessage) => Number(ts) > newest;
  await people.expectMessage(room, (message) => isLater(message) && /^Draft of status/.test(message.text), SOON_MS);
  const overs = (await people.messages(room)).filter(({ text }) => /: the wait until .* is over\./.test(text));
  expect(overs.map(({ ts }) => ts)).toEqual([reminder.ts]);
}, 240_000);
