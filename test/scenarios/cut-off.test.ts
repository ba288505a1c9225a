import { fileURLToPath } from "node:url";
import { afterEach, expect, test } from "@jest/globals";
import { startFailover } from "../../src/sandbox/bench/rehearsal.ts";
import { Bot } from "../../src/sandbox/bot-process.ts";
import { QUICKER_START } from "../../src/sandbox/node-options.ts";
import type { Stage } from "../../src/sandbox/stage.ts";
import { eventsOf } from "../../src/store/events.ts";
import { eventually } from "../harness/eventually.ts";
import { runWhere, SPEED_FOR_KEYS, startTestStage, timesOf, worldTimePasses } from "../harness/stage.ts";
import { type Cut, WayOut } from "../harness/way-out.ts";

const SPEED = 40;
/** World time of a dozen looks at a run by each process. */
const WATCHED_MS = 20 * 60_000;
const BOT = fileURLToPath(new URL("../../dist/bot/main.js", import.meta.url));

interface Placed {
  readonly bot: Bot;
  readonly wayOut: WayOut;
}

let stage: Stage | undefined;
let placed: Placed[] = [];

afterEach(async () => {
  for (const { bot } of placed) await bot.stop();
  for (const { wayOut } of placed) wayOut.close();
  placed = [];
  await stage?.stop();
});

/** Two processes on one Redis and in one world, each with a way out of its own. */
async function twoBots(): Promise<Stage> {
  const at = await startTestStage({ example: "inventory", speed: SPEED, bots: 0 });
  stage = at;
  const { directory, redisUrl, ledgerKey, world } = at;
  for (const name of ["bot-1", "bot-2"]) {
    const wayOut = await WayOut.into(at.environment);
    const bot = new Bot(name, {
      ...{ program: BOT, nodeOptions: [QUICKER_START], path: process.env["PATH"] ?? "" },
      ...{ directory, redisUrl, ledgerKey, ledgers: `${directory}/ledger`, environment: wayOut.environment },
    });
    placed.push({ bot, wayOut });
    bot.start();
  }
  for (const { bot } of placed) await bot.ready();
  await world.expectLog("slack.socket-opened", ({ facts }) => Number(facts["open"]) >= placed.length, 60_000);
  return at;
}

interface Cutting {
  readonly how: Cut;
  /** The call of the run after which the network of its process is gone. */
  readonly after: string;
}

test.each<[string, Cutting]>([
  ["before the promotion, and connections are refused", { how: "refused", after: "RegisterScalableTarget" }],
  ["after the promotion was accepted, and everything vanishes", { how: "silent", after: "PromoteReadReplica" }],
])(
  "the process that drives a run loses its network %s: the other one ends the run with the same keys, and nothing is done twice",
  async (_when, { how, after }) => {
    const at = await twoBots();
    const { world, redis } = at;
    const [{ bot: first } = { bot: undefined }] = placed;
    await world.sendWebhooksTo(await (first?.origin() ?? ""));
    await at.setSpeed(SPEED_FOR_KEYS);
    const id = await startFailover(at);
    await at.setSpeed(SPEED);
    await world.expectLog("aws.mutation", ({ facts }) => facts["operation"] === after, 60_000);
    const { worker, epoch, keys } = await runWhere(at, { id }, (run) => run.epoch > 0);
    const driver = placed.find(({ bot: { pid } }) => worker?.endsWith(`:${pid}`));
    const other = placed.find((each) => each !== driver);
    if (!driver || !other) throw new Error(`no bot is ${worker}`);

    driver.wayOut.cut(how);
    expect(await timesOf(at, "PromoteReadReplica")).toBe(after === "PromoteReadReplica" ? 1 : 0);
    // As what stands before both does, which finds one of them gone.
    await world.sendWebhooksTo(await other.bot.origin());
    const taken = await runWhere(at, { id, withinMs: 120_000 }, (run) => run.epoch > epoch && run.worker !== worker);
    const run = await runWhere(at, { id, withinMs: 120_000 }, ({ state }) => state !== "running");

    expect([run.state, run.why, run.keys]).toEqual(["verified", "", keys]);
    expect(taken.worker).toMatch(new RegExp(`:${other.bot.pid}$`));
    expect(await timesOf(at, "PromoteReadReplica")).toBe(1);
    const verdict = await world.verdict("inventory", 0);
    expect([verdict.splitBrain, verdict.doubledWrites]).toEqual([[], 0]);
    const said = (await eventsOf(redis, "run", id)).map(({ says }) => says);
    expect(said).toContainEqual(
      expect.stringMatching(
        /^The TwoKey process that performs the run reaches nobody outside since .*, and lets go of it$/,
      ),
    );
    expect(said).toContainEqual(expect.stringMatching(/^Another TwoKey process performs the run now/));
    // Somebody took it within seconds.
    const calls = (await world.log("pagerduty.responders-requested")).map(({ facts }) => String(facts["message"]));
    expect([...said, ...calls].filter((each) => /stands still|gets no further/.test(each))).toEqual([]);

    const lastSeq = (await world.log()).at(-1)?.seq ?? 0;
    await driver.wayOut.mend();
    await eventually("a cut process that Slack hears again", async () =>
      (await world.log("slack.socket-opened", lastSeq)).length > 0 ? true : undefined,
    );
    await worldTimePasses(at, WATCHED_MS);
    expect(await world.log("aws.mutation", lastSeq)).toEqual([]);
    const later = await runWhere(at, { id }, () => true);
    expect([later.state, later.length]).toEqual([run.state, run.length]);
  },
  400_000,
);
