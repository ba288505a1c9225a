import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { afterEach, expect, test } from "@jest/globals";
import { isOver } from "../../src/domain/plan-run/run.ts";
import { QUICKER_START } from "../../src/sandbox/node-options.ts";
import type { Stage } from "../../src/sandbox/stage.ts";
import { buttonOf } from "../../src/sandbox/story/play.ts";
import type { SeenMessage } from "../../src/simulators/slack/people.ts";
import { eventually } from "../harness/eventually.ts";
import { PAGE_BYTES, type SmallDisk, smallDisk } from "../harness/small-disk.ts";
import {
  answerTo,
  askFor,
  openIncident,
  runWhere,
  startTestStage,
  timesOf,
  turnKey,
  type WaitingPlan,
  worldTimePasses,
} from "../harness/stage.ts";

const CLI = fileURLToPath(new URL("../../dist/cli.js", import.meta.url));
/** A plan is to be started within 15 minutes: three for the machine. */
const SPEED_FOR_KEYS = 5;
const SPEED = 20;
const FARID = "U01FARID";
const ANA = "U01ANA";
const BEN = "U01BEN";
const DMITRI = "U01DMITRI";
/** World time in which a run that went on unasked would show itself: 4 s for the machine, two sweeps. */
const WATCHED_MS = 80_000;
const SOON_MS = 60_000;
/** Bytes: less than the line of a key, and what a run writes from its last key until it is about to write down the position of the replica. */
const LESS_THAN_A_KEY = 400;
const UNTIL_THE_MIDDLE = 2_400;
const SLACK_BYTES = 50;
/** One that is not there at once is announced. */
const ANSWER = /^(?!Working on it)/;

let disk: SmallDisk | undefined;
let stage: Stage | undefined;
afterEach(async () => {
  await stage?.stop();
  await disk?.stop();
});

interface Story {
  readonly stage: Stage;
  readonly disk: SmallDisk;
  readonly room: string;
  readonly plan: WaitingPlan;
}

test("the ledger's disk fills up before the second key and again in the middle of the run: the key is said not to count, the run stops and people are paged; only their word takes it on", async () => {
  const story = await onSmallDisk();

  await fullBeforeTheSecondKey(story);
  await startsOnIt(story);
  await story.stage.world.expectLog(
    "pagerduty.incident-created",
    ({ facts }) => facts["incidentKey"] === PAGED,
    SOON_MS,
  );
  await startsOnIt(story);
  expect(await keyOf(story, BEN)).toBe(notCounted(story));
  expect(await pagesOf(story, PAGED)).toHaveLength(1);
  await fullInTheMiddle(story);
  await startsOnIt(story);
  await roomIsMade(story);
}, 300_000);

const BOT = "bot-1";
const PAGED = `dr:production:ledger-unwritable:${BOT}`;
/** The kinds of the world's log by which somebody has asked AWS to change something. */
const CHANGES = ["aws.mutation", "aws.refused", "aws.unanswered"];

/** The home region is dark, a plan waits, and the first of two keys is turned: its line is the ledger's first. */
async function onSmallDisk(): Promise<Story> {
  disk = await smallDisk(`${BOT}.jsonl`);
  stage = await startTestStage({ example: "inventory", speed: SPEED_FOR_KEYS, ledgers: disk.directory });
  await disk.holds(botOf({ stage }).pid);
  await stage.world.setRegion("eu-west-1", "dark");
  const room = await openIncident(stage, [FARID, ANA, BEN, DMITRI]);
  const words = "/dr failover inventory because eu-west-1 is dark";
  const plan = await askFor(stage, { slackId: FARID, words, channel: room });
  await turnKey(stage, ANA, { plan });
  return { stage, disk, room, plan };
}

async function fullBeforeTheSecondKey(story: Story): Promise<void> {
  const { disk: at, stage: on, plan } = story;
  await at.leave(0);
  await fillUpTo(story, LESS_THAN_A_KEY);

  expect(await keyOf(story, BEN)).toBe(notCounted(story));
  expect(await changesOf(on)).toEqual([]);
  const run = await runWhere(on, { id: plan.id }, () => true);
  expect([run.state, run.keys.map(({ by }) => by)]).toEqual(["waiting-for-keys", ["ana"]]);
  await saysSo(story);
}

/** The power fails while the disk is full, and the bot begins again on it: it pages, says so, and does nothing by itself. */
async function startsOnIt(story: Story): Promise<void> {
  const { stage: on, disk: at } = story;
  const bot = botOf(story);
  const [before, sockets] = [await changesOf(on), (await on.world.log("slack.socket-opened")).length];
  await bot.kill();
  bot.start();
  await at.holds(bot.pid);
  await bot.ready();
  await eventually("a socket of the bot", async () =>
    (await on.world.log("slack.socket-opened")).length > sockets ? true : undefined,
  );

  await saysSo(story);
  await worldTimePasses(on, WATCHED_MS);
  expect(await changesOf(on)).toEqual(before);
}

async function fullInTheMiddle(story: Story): Promise<void> {
  const { stage: on, disk: at, room, plan } = story;
  await at.leave(1);
  await fillUpTo(story, UNTIL_THE_MIDDLE);
  expect(await keyOf(story, BEN)).toMatch(/^Your key was the last one\. It starts now/);
  await on.setSpeed(SPEED);
  const why = `The ledger cannot be written: ${at.refuses}. Nothing more is asked for`;
  // Its message calls them, and its card has the way on.
  const isCard = (message: SeenMessage) => buttonOf(message, "resume") !== undefined;
  await on.world.people.expectMessage(room, ({ text }) => text.includes(`is paused: ${why}`), SOON_MS);
  await on.world.people.expectMessage(room, (each) => each.text.includes(why) && isCard(each), SOON_MS);
  const changes = await changesOf(on);
  await at.leave(0);
  await saysSo(story);
  await worldTimePasses(on, WATCHED_MS);

  expect(changes.length).toBeGreaterThan(0);
  expect(["RegisterScalableTarget", "UpdateService"]).toEqual(expect.arrayContaining(changes));
  expect(await changesOf(on)).toEqual(changes);
  const run = await runWhere(on, { id: plan.id }, () => true);
  expect([run.state, run.pastNoReturn]).toEqual(["paused", false]);
  const again = await answerTo(on, { slackId: FARID, words: `/dr replan ${plan.id}`, channel: room }, ANSWER);
  expect(again.text).toContain(at.refuses);
  const pages = (await on.world.log("pagerduty.incident-created")).map(({ facts }) => String(facts["title"]));
  expect(pages.filter((title) => title.includes("is paused"))).toEqual([
    expect.stringContaining(`${why}. When that is mended: /dr resume ${plan.id}`),
  ]);
}

async function roomIsMade(story: Story): Promise<void> {
  const { stage: on, disk: at, room, plan } = story;
  await at.makeRoom();
  const before = await changesOf(on);
  await worldTimePasses(on, WATCHED_MS);
  expect(await changesOf(on)).toEqual(before);

  await on.world.people.as(FARID).types(`/dr resume ${plan.id}`, { in: room });
  const run = await runWhere(
    on,
    { id: plan.id, withinMs: 120_000 },
    (seen) => isOver(seen) || seen.state === "stopped",
  );

  expect([run.state, run.why]).toEqual(["verified", ""]);
  expect(await timesOf(on, "PromoteReadReplica")).toBe(1);
  const verdict = await on.world.verdict("inventory", 0);
  expect([verdict.splitBrain, verdict.doubledWrites]).toEqual([[], 0]);
  expect(await verified(story)).toEqual({ code: 0, out: expect.stringMatching(/bot-1/) });
}

const botOf = ({ stage: { bots } }: Pick<Story, "stage">): Stage["bots"][number] => {
  const [bot] = bots;
  if (!bot) throw new Error("there is no bot");
  return bot;
};

const changesOf = async ({ world }: Stage): Promise<string[]> =>
  (await world.log()).flatMap(({ kind, facts }) => (CHANGES.includes(kind) ? [String(facts["operation"])] : []));

const pagesOf = async ({ stage: { world } }: Story, key: string) =>
  (await world.log("pagerduty.incident-created")).filter(({ facts }) => facts["incidentKey"] === key);

/** What somebody is told who presses the button and agrees to every sentence. */
const keyOf = async ({ stage: on, plan }: Story, slackId: string): Promise<string> =>
  (await turnKey(on, slackId, { plan })).text;

const notCounted = ({ disk: { refuses } }: Story): string =>
  `Your key does not count: it could not be written down (The ledger cannot be written: ${refuses}). Nothing was changed. Turn it again when that is mended.`;

/** Other lines take the room, until so many bytes are left or fewer: whoever decides to wait may give as long a reason as they like. */
async function fillUpTo({ stage: on, disk: at, room }: Story, bytes: number): Promise<void> {
  let costs = PAGE_BYTES;
  for (let left = await at.room(); left > bytes + SLACK_BYTES; ) {
    const reason = "x".repeat(Math.max(1, left - bytes - costs));
    const words = `/dr wait inventory 20m because ${reason}`;
    await answerTo(on, { slackId: DMITRI, words, channel: room }, /^You wait with inventory/);
    const after = await at.room();
    costs = left - after - reason.length;
    left = after;
  }
}

/** `/readyz` and the board say that moves are refused, and why; alerts are taken in. */
async function saysSo({ stage: on, disk: { refuses }, room }: Story): Promise<void> {
  const says = `The ledger cannot be written to`;
  await eventually("a bot that says what is wrong", async () => {
    const answer = await fetch(`${await botOf({ stage: on }).origin()}/readyz`);
    const body = await answer.text();
    return answer.status === 200 && body.includes(says) && body.includes(refuses) ? true : undefined;
  });
  const board = await answerTo(on, { slackId: FARID, words: "/dr status", channel: room }, /inventory/);
  expect(JSON.stringify(board)).toContain(refuses);
}

function verified({ stage: on, disk: { directory } }: Story): Promise<{ code: number; out: string }> {
  const env = { PATH: process.env["PATH"] ?? "", TWOKEY_LEDGER_KEY: on.ledgerKey };
  return new Promise((resolve) => {
    execFile(process.execPath, [QUICKER_START, CLI, "ledger", directory], { env }, (error, out) =>
      resolve({ code: error === null ? 0 : Number(error.code), out }),
    );
  });
}
