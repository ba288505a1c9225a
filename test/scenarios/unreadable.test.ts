import { afterEach, expect, test } from "@jest/globals";
import type { Stage } from "../../src/sandbox/stage.ts";
import { KEYS } from "../../src/store/keys.ts";
import { eventually } from "../harness/eventually.ts";
import { answerTo, askFor, openIncident, startTestStage } from "../harness/stage.ts";

const [ANA, BEN] = ["U01ANA", "U01BEN"];
const SOON_MS = 30_000;
/** Machine time on a machine that does many other things. */
const TEST_WITHIN_MS = 180_000;

let stage: Stage | undefined;
afterEach(async () => {
  await stage?.stop();
});

/** What a version to come, or a hand in the wrong place, has left behind. */
async function leaveBehind({ redis }: Stage): Promise<void> {
  await redis.hset(KEYS.document("incident", "zzzzzz"), { revision: 3, schema: 99, value: '{"state":"open"}' });
  await redis.sadd(KEYS.openDocuments("incident"), "zzzzzz");
  await redis.zadd(KEYS.dueDocuments("incident"), 1, "zzzzzz");
  await redis.zadd(KEYS.labelledDocuments("incident"), 0, "service:inventory zzzzzz");
  await redis.hset(KEYS.document("correlation", "index"), { revision: 1, schema: 1, value: "{garbage" });
  await redis.hset(KEYS.run("F-OLD"), { schema: 99, plan: "{}", digest: "d" });
  await redis.sadd(KEYS.openRuns, "F-OLD");
}

test(
  "what cannot be read is named once, and alarms, plans and the board go on; what an unreadable run holds stays held (G22)",
  async () => {
    stage = await startTestStage({ example: "inventory", speed: 40 });
    const at = stage;
    const { redis, inventory, world } = at;
    const alerts = inventory.file.alerts.channel;
    await leaveBehind(at);

    const channel = await openIncident(at, [ANA, BEN]);
    await askFor(at, { slackId: ANA, words: "/dr failover inventory because users are down", channel });
    const told = (about: string) =>
      world.people.expectMessage(alerts, ({ text }) => text.startsWith(`${about} cannot be read`), SOON_MS);
    await told("incident zzzzzz");
    await told("run F-OLD");
    await told("correlation index");

    await redis.set(KEYS.claim("inventory"), "F-OLD");
    const board = await answerTo(
      at,
      { slackId: ANA, words: "/dr status", channel: alerts },
      /inventory: not ready: held by a run that cannot be read/,
    );
    expect(JSON.stringify(board)).toMatch(/it carries schema 99, and this version reads \d+\./);
    await answerTo(
      at,
      { slackId: BEN, words: "/dr failover inventory", channel: alerts },
      /^Run F-OLD holds inventory, and nobody can say how far it is/,
    );

    await eventually("sweeps that come upon nothing unreadable", async () =>
      (await redis.zscore(KEYS.dueDocuments("incident"), "zzzzzz")) === null ? true : undefined,
    );
    const said = (await world.people.messages(alerts)).filter(({ text }) => text.includes("cannot be read"));
    expect(said).toHaveLength(3);
  },
  TEST_WITHIN_MS,
);
