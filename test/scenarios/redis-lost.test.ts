import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, expect, test } from "@jest/globals";
import { z } from "zod";
import { isOver, stateOf } from "../../src/domain/plan-run/run.ts";
import { seenRun, startFailover } from "../../src/sandbox/bench/rehearsal.ts";
import type { Bot } from "../../src/sandbox/bot-process.ts";
import type { Stage } from "../../src/sandbox/stage.ts";
import { buttonOf } from "../../src/sandbox/story/play.ts";
import type { Outcome, SeenMessage } from "../../src/simulators/slack/people.ts";
import type { LogEntry } from "../../src/simulators/world/log.ts";
import { BreakableRedis, type ComesBack } from "../harness/breakable-redis.ts";
import { eventually } from "../harness/eventually.ts";
import { quoted } from "../harness/quoted.ts";
import { answerTo, reconnected, runWhere, startTestStage, timesOf, worldTimePasses } from "../harness/stage.ts";

const SPEED = 20;
/** World time that Redis is away. */
const AWAY_MS = 60_000;
/** World time in which a run that was driven on would show itself: 12 s for the machine, six sweeps and a dead worker's lock. */
const WATCHED_MS = 240_000;
const SOON_MS = 30_000;

const Line = z.object({ entry: z.object({ atMs: z.number(), step: z.string().optional() }) });

let redis: BreakableRedis | undefined;
let stage: Stage | undefined;
afterEach(async () => {
  await stage?.stop();
  await redis?.stop();
});

interface Lost {
  readonly stage: Stage;
  /** The bots that are left. */
  readonly bots: Bots;
  readonly room: string;
  /** The run that was under way. */
  readonly id: string;
  /** What two people sign. */
  readonly card: SeenMessage;
  /** PagerDuty's incidents that say so. */
  readonly pages: readonly LogEntry[];
}

/** Redis comes back as another one in the middle of a run: nothing is changed any more, people are paged once and told why (G17). */
async function lostInARun(what: ComesBack, why: RegExp, driver: "with" | "without"): Promise<Lost> {
  redis = await BreakableRedis.start();
  stage = await startTestStage({ example: "inventory", speed: SPEED, bots: 2, redisUrl: redis.url });
  const { world } = stage;
  const id = await startFailover(stage);
  await world.expectLog("aws.mutation", () => true, 60_000);
  await redis.copy();
  await world.expectLog("aws.mutation", ({ facts }) => facts["operation"] === "PromoteReadReplica", 60_000);
  await runWhere(stage, { id }, (run) => stateOf(run, "promote").state === "asked");

  // Without its driver the run is left to a bot that has done nothing itself, and has only seen what the other one wrote.
  const bots = driver === "with" ? stage.bots : await withoutDriver(stage, id);
  await redis.kill();
  await worldTimePasses(stage, AWAY_MS);
  const lastSeq = (await world.log()).at(-1)?.seq ?? 0;
  await redis.comeBack(what);
  await reconnected(stage);
  await stage.jump(0);
  const said = await refusedReadiness(bots, why);
  const refused = await askFailover(stage);
  await worldTimePasses(stage, WATCHED_MS);
  const room = (await world.people.channels()).find(({ name = "" }) => name.startsWith("inc-"))?.id ?? "";
  await world.people.expectMessage(
    room,
    ({ text }) =>
      quoted(
        "TwoKey has stopped changing anything: …. No run goes on, and none starts. The way on: /dr accept-store.",
      ).test(text),
    SOON_MS,
  );
  const lost = await askHelp(stage);

  expect(lost).toMatch(quoted("State lost: …. TwoKey changes nothing. The way on: /dr accept-store."));
  expect(said).toHaveLength(bots.length);
  expect(refused).toMatch(/nothing .*until/i);
  const log = await world.log("", lastSeq);
  const calls = log.filter(({ kind }) => ["aws.mutation", "aws.refused", "aws.unanswered"].includes(kind));
  expect(calls.map(({ facts }) => facts["operation"])).toEqual([]);
  const created = log.filter(({ kind }) => kind === "pagerduty.incident-created");
  const pages = created.filter(({ facts }) => String(facts["title"]).includes("stopped changing anything"));
  expect(pages.map(({ facts }) => facts["incidentKey"])).toEqual(["dr:production:store-lost"]);
  return { stage, bots, room, id, pages, card: await askRecovery(stage) };
}

/** Two people have signed: the bots go on, and people hear it. */
async function goesOn({ stage: at, bots, room, pages }: Lost): Promise<void> {
  await ready(bots);
  const isPage = ({ facts }: LogEntry) => pages.some((page) => page.facts["incident"] === facts["incident"]);
  await at.world.expectLog("pagerduty.resolved", isPage, SOON_MS);
  await at.world.people.expectMessage(room, ({ text }) => text.includes("agree again"), SOON_MS);
  expect(await askHelp(at)).not.toContain("State lost");
}

test("Redis comes back empty in the middle of a run: nothing is changed any more, people are paged once and told why, and two of them let it go on (G17)", async () => {
  const lost = await lostInARun("empty", /does not know this ledger/, "with");
  const [first] = lost.bots;
  if (!first) throw new Error("a stage has bots");
  await first.kill();
  first.start();
  await first.origin();
  for (const approver of ["U01ANA", "U01BEN"]) await signRecovery(lost.stage, approver, lost.card);
  await goesOn(lost);
}, 240_000);

test("Redis comes back older in the middle of a run: the same, also by a bot that did nothing itself; two people sign, and a fresh plan does the rest of a failover that was promoted already (G17)", async () => {
  const lost = await lostInARun("older", /does not know/, "without");
  const { stage: at, card, id, bots } = lost;
  const { world } = at;
  await world.expectLog("rds.promotion-observable", () => true, 60_000);
  const promoted = await timesOf(at, "PromoteReadReplica");

  await signRecovery(at, "U01FARID", card);
  await world.people.expectEphemeral("U01FARID", ({ text }) => /not an approver/.test(text), SOON_MS);
  await signRecovery(at, "U01ANA", card);
  await world.people.expectEphemeral("U01ANA", ({ text }) => /One more person must sign/.test(text), SOON_MS);
  expect(await refusedReadiness(bots, /store-agrees/)).toHaveLength(bots.length);
  await signRecovery(at, "U01BEN", card);
  await goesOn(lost);
  const before = await runWhere(at, { id }, ({ state }) => state === "closed");
  const rest = await failOverAgain(at);
  const run = await runWhere(at, { id: rest, withinMs: 120_000 }, (seen) => isOver(seen) || seen.state === "stopped");

  expect(JSON.stringify(card.blocks)).toContain("Promote mycomputer-inventory-db-replica");
  expect(before.why).toContain("people signed for going on without it");
  expect([run.state, run.why]).toEqual(["verified", ""]);
  expect(run.plan.acceptances.map((acceptance) => acceptance.id)).toContain("promoted-already");
  expect([promoted, await timesOf(at, "PromoteReadReplica")]).toEqual([1, 1]);
  const verdict = await world.verdict("inventory", 0);
  expect([verdict.primary, verdict.doubledWrites]).toEqual(["eu-central-1/mycomputer-inventory-db-replica", 0]);
  expect(verdict.firstGoodWriteAfter).not.toBeNull();
}, 300_000);

type Bots = Stage["bots"];

/** Kills the bot that drives the run, once the others have written down how far it was; resolves to the others. */
async function withoutDriver(at: Stage, id: string): Promise<Bots> {
  const { worker, steps } = await runWhere(at, { id }, () => true);
  const driver = at.bots.find(({ pid }) => worker?.endsWith(`:${pid}`));
  if (!driver) throw new Error(`no bot is ${worker}`);
  const others = at.bots.filter((bot) => bot !== driver);
  const sinceMs = steps["promote"]?.startedAtMs ?? Number.POSITIVE_INFINITY;
  for (const { name } of others)
    await eventually(`line of ${name} about the promotion`, async () => {
      const text = await readFile(join(at.directory, "ledger", `${name}.jsonl`), "utf8").catch(() => "");
      const lines = text.split("\n").slice(0, -1);
      return lines
        .map((line) => Line.parse(JSON.parse(line)))
        .find(({ entry }) => entry.step === "promote" && entry.atMs >= sinceMs);
    });
  await driver.kill();
  return others;
}

/** Resolves when every bot's /readyz says that, and takes alerts in all the same. */
function refusedReadiness(bots: Bots, why: RegExp): Promise<string[]> {
  return eventually(`bots that say ${String(why)}`, async () => {
    const answers = await Promise.all(bots.map(readiness));
    const said = await Promise.all(answers.map((answer) => answer.text()));
    return answers.every(({ status }) => status === 200) && said.every((text) => why.test(text)) ? said : undefined;
  });
}

const askFailover = (at: Stage) => saidTo(at, "/dr failover inventory because the store was lost");

/** What `/dr help` answers, which has nothing to do with the store. */
const askHelp = (at: Stage) => saidTo(at, "/dr help");

/** The answer; one that is not there at once is announced before. */
async function saidTo(at: Stage, words: string): Promise<string> {
  const typed = { slackId: "U01FARID", words, channel: at.inventory.file.alerts.channel };
  return (await answerTo(at, typed, /^(?!Working on it)/)).text;
}

async function readiness(bot: Bot): Promise<Response> {
  return fetch(`${await bot.origin()}/readyz`);
}

async function ready(bots: Bots): Promise<void> {
  await eventually("bots that are ready", async () =>
    (await Promise.all(bots.map(async (bot) => (await readiness(bot)).text()))).every(
      (text) => text.includes('"ready":true') && !text.includes("store-agrees"),
    )
      ? true
      : undefined,
  );
}

/** Somebody asks for the way on; resolves to the card in the alerts' channel. */
async function askRecovery({ world, inventory }: Stage): Promise<SeenMessage> {
  const { channel } = inventory.file.alerts;
  await world.people.as("U01FARID").types("/dr accept-store", { in: channel });
  return world.people.expectMessage(channel, (message) => buttonOf(message, "accept-store") !== undefined, SOON_MS);
}

function signRecovery({ world, inventory }: Stage, slackId: string, card: SeenMessage): Promise<Outcome> {
  const button = buttonOf(card, "accept-store") ?? "";
  return world.people.as(slackId).clicks(button, { in: inventory.file.alerts.channel, message: card });
}

/** A fresh failover, with every sentence agreed to by two approvers; resolves to its run. */
async function failOverAgain(at: Stage): Promise<string> {
  const { world, inventory } = at;
  const words = "/dr failover inventory because the rest is left to do";
  await world.people.as("U01FARID").types(words, { in: inventory.file.alerts.channel });
  const { plan } = await seenRun(at, { id: undefined, withinMs: SOON_MS }, ({ state }) => state === "waiting-for-keys");
  const channel = (await world.people.channels()).find(({ name = "" }) => name.startsWith("inc-"))?.id ?? "";
  const isToSign = (message: SeenMessage) =>
    message.text.includes(plan.id) && buttonOf(message, "approve") !== undefined;
  const card = await world.people.expectMessage(channel, isToSign, SOON_MS);
  for (const approver of ["U01ANA", "U01BEN"]) {
    await world.people.as(approver).clicks(buttonOf(card, "approve") ?? "", { in: channel, message: card });
    const form = await world.people.expectView(approver, undefined, SOON_MS);
    const inputs = form.blocks.filter(({ type }) => type === "input").map((block) => String(block["block_id"]));
    await world.people.as(approver).submits(form, Object.fromEntries(inputs.map((input) => [input, "yes"])));
  }
  return plan.id;
}
