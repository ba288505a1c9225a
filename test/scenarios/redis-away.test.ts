import { afterEach, expect, test } from "@jest/globals";
import { startFailover } from "../../src/sandbox/bench/rehearsal.ts";
import type { Stage } from "../../src/sandbox/stage.ts";
import type { LogEntry } from "../../src/simulators/world/log.ts";
import { BreakableRedis } from "../harness/breakable-redis.ts";
import { answerTo, reconnected, runWhere, startTestStage, worldTimePasses } from "../harness/stage.ts";

const SPEED = 20;
/** World time that Redis is away: 6 s for the machine, longer than every lock of a queue. */
const AWAY_MS = 120_000;
/** Machine time for a call that was under way when Redis died to reach the world. */
const IN_FLIGHT_MS = 1_500;
/** Calls that must never be made twice in one failover. */
const ONCE = ["PromoteReadReplica", "ChangeResourceRecordSets"];
const SOON_MS = 30_000;

let redis: BreakableRedis | undefined;
let stage: Stage | undefined;
afterEach(async () => {
  await stage?.stop();
  await redis?.stop();
});

test("Redis is killed right after the promotion was asked for and comes back: the run goes on by itself and asks nothing twice", async () => {
  redis = await BreakableRedis.start();
  stage = await startTestStage({ example: "inventory", speed: SPEED, bots: 2, redisUrl: redis.url });
  const { world } = stage;
  const id = await startFailover(stage);
  await world.expectLog("aws.mutation", ({ facts }) => facts["operation"] === "PromoteReadReplica", 60_000);

  await redis.kill();
  const killedMs = Date.now();
  const [readiness] = await Promise.all(stage.bots.map(async (bot) => fetch(`${await bot.origin()}/readyz`)));
  const { channel: alerts } = stage.inventory.file.alerts;
  const typed = { slackId: "U01FARID", words: "/dr status", channel: alerts };
  // An answer that is not there at once is announced.
  const asked = await answerTo(stage, typed, /^(?!Working on it)/);
  await worldTimePasses(stage, AWAY_MS);
  const backMs = Date.now();
  await redis.comeBack("same");
  await reconnected(stage);
  const run = await runWhere(stage, { id, withinMs: 120_000 }, ({ state }) => state !== "running");

  expect([run.state, run.why]).toEqual(["verified", ""]);
  expect(readiness?.status).toBe(503);
  expect(asked.text).toContain("cannot reach its memory");
  const calls = await world.log("aws.mutation");
  const away = calls.filter(({ machineMs }) => machineMs > killedMs + IN_FLIGHT_MS && machineMs < backMs);
  expect(away.map(({ facts }) => facts["operation"])).toEqual([]);
  expect(repeated(calls.filter(({ facts }) => ONCE.includes(String(facts["operation"]))))).toEqual([]);
  const verdict = await world.verdict("inventory", 0);
  expect([verdict.splitBrain, verdict.doubledWrites]).toEqual([[], 0]);
  const channel = (await world.people.channels()).find(({ name = "" }) => name.startsWith("inc-"));
  await world.people.expectMessage(channel?.id ?? "", ({ text }) => text.includes("verified"), SOON_MS);
  for (const bot of stage.bots) expect((await fetch(`${await bot.origin()}/readyz`)).status).toBe(200);
}, 240_000);

/** Calls with the same input as an earlier one. */
function repeated(calls: readonly LogEntry[]): string[] {
  const seen = calls.map(({ facts }) => `${String(facts["operation"])} ${JSON.stringify(facts["input"])}`);
  return seen.filter((call, index) => seen.indexOf(call) < index);
}
