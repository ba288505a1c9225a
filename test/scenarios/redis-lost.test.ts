import { afterEach, expect, test } from "@jest/globals";
import { stateOf } from "../../src/domain/run.ts";
import { startFailover } from "../../src/sandbox/bench/rehearsal.ts";
import type { Stage } from "../../src/sandbox/stage.ts";
import { BreakableRedis, type ComesBack } from "../harness/breakable-redis.ts";
import { eventually } from "../harness/failover-world.ts";
import { reconnected, runWhere, startTestStage, worldTimePasses } from "../harness/stage.ts";

const SPEED = 20;
/** World time that Redis is away. */
const AWAY_MS = 60_000;
/** World time in which a run that was driven on would show itself: 12 s for the machine, six sweeps and a dead worker's lock. */
const WATCHED_MS = 240_000;
const SOON_MS = 30_000;

let redis: BreakableRedis | undefined;
let stage: Stage | undefined;
afterEach(async () => {
  await stage?.stop();
  await redis?.stop();
});

test.each<[ComesBack, RegExp]>([
  ["older", /went back in time/],
  ["empty", /came back empty/],
])(
  "Redis comes back %s in the middle of a run: nothing is changed any more, people are paged once and told why (G17)",
  async (what, why) => {
    redis = await BreakableRedis.start();
    stage = await startTestStage({ example: "inventory", speed: SPEED, bots: 2, redisUrl: redis.url });
    const { world } = stage;
    const id = await startFailover(stage);
    await world.expectLog("aws.mutation", () => true, 60_000);
    await redis.copy();
    await world.expectLog("aws.mutation", ({ facts }) => facts["operation"] === "PromoteReadReplica", 60_000);
    await runWhere(stage, id, (run) => stateOf(run, "promote").state === "asked");

    await redis.kill();
    await worldTimePasses(stage, AWAY_MS);
    const lastSeq = (await world.log()).at(-1)?.seq ?? 0;
    await redis.comeBack(what);
    await reconnected(stage);
    await stage.jump(0);
    const said = await refusedReadiness(stage, why);
    const refused = await askFailover(stage);
    await worldTimePasses(stage, WATCHED_MS);

    expect(said).toHaveLength(2);
    expect(refused).toMatch(/nothing .*until/i);
    const log = await world.log("", lastSeq);
    const calls = log.filter(({ kind }) => ["aws.mutation", "aws.refused", "aws.unanswered"].includes(kind));
    expect(calls.map(({ facts }) => facts["operation"])).toEqual([]);
    const created = log.filter(({ kind }) => kind === "pagerduty.incident-created");
    const pages = created.filter(({ facts }) => String(facts["title"]).includes("stopped changing anything"));
    expect(pages.map(({ facts }) => facts["incidentKey"])).toEqual(["dr:production:store-lost"]);
  },
  180_000,
);

/** Resolves when every bot's /readyz refuses for that reason. */
function refusedReadiness({ bots }: Stage, why: RegExp): Promise<string[]> {
  return eventually(`bots that say ${String(why)}`, SOON_MS, async () => {
    const answers = await Promise.all(bots.map(({ port }) => fetch(`http://127.0.0.1:${port}/readyz`)));
    const said = await Promise.all(answers.map((answer) => answer.text()));
    return answers.every(({ status }) => status === 503) && said.every((text) => why.test(text)) ? said : undefined;
  });
}

async function askFailover({ world, inventory }: Stage): Promise<string> {
  const channel = inventory.file.alerts.channel;
  const { ephemerals } = await world.people
    .as("U01FARID")
    .types("/dr failover inventory because the store was lost", { in: channel });
  const seen = await world.people.expectEphemeral("U01FARID", () => true, SOON_MS);
  return [...ephemerals, seen].map(({ text }) => text).join(" ");
}
