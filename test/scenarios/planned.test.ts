import { afterEach, expect, test } from "@jest/globals";
import { isOver } from "../../src/domain/plan-run/run.ts";
import type { Stage } from "../../src/sandbox/stage.ts";
import type { LogEntry } from "../../src/simulators/world/log.ts";
import { askFor, runWhere, SPEED_FOR_KEYS, startTestStage, timesOf, turnKey } from "../harness/stage.ts";

const SPEED = 40;
/** World seconds by which the replica follows: a run that did not wait for it would lose several orders. */
const LAG_SECONDS = 45;

let stage: Stage | undefined;
afterEach(async () => {
  await stage?.stop();
});

test("a planned failover loses nothing", async () => {
  stage = await startTestStage({ example: "inventory", speed: SPEED });
  const { world } = stage;
  await world.post("/rds/lag", {
    ...{ region: "eu-central-1", instance: "mycomputer-inventory-db-replica", seconds: LAG_SECONDS },
  });
  await world.expectLog("app.write-acknowledged", ({ facts }) => facts["region"] === "eu-west-1", 20_000);

  await stage.setSpeed(SPEED_FOR_KEYS);
  const plan = await askFor(stage, {
    slackId: "U01FARID",
    words: "/dr failover inventory planned because maintenance",
  });
  // What people would paste without this bot is in Slack before the first key is turned.
  for (const command of ["promote-read-replica", "change-resource-record-sets"])
    await world.people.expectMessage(
      plan.card.channel ?? "",
      ({ thread_ts, blocks }) => thread_ts === plan.card.ts && JSON.stringify(blocks).includes(command),
      20_000,
    );
  for (const approver of ["U01ANA", "U01BEN"]) await turnKey(stage, approver, { plan });
  await stage.setSpeed(SPEED);
  const run = await runWhere(
    stage,
    { id: plan.id, withinMs: 90_000 },
    (seen) => isOver(seen) || seen.state === "stopped",
  );
  const newWrite = await world.expectLog(
    "app.write-acknowledged",
    ({ facts }) => facts["region"] === "eu-central-1",
    20_000,
  );

  expect([run.state, run.why, run.plan.mode, run.plan.dataLoss]).toEqual(["verified", "", "planned", { kind: "none" }]);
  const verdict = await world.verdict("inventory", run.endedAtMs ?? 0);
  expect(verdict).toMatchObject({ lostWrites: 0, doubledWrites: 0, splitBrain: [] });
  expect(verdict.primary).toBe("eu-central-1/mycomputer-inventory-db-replica");

  const log = await world.log();
  const promoted = log.filter(({ kind }) => kind === "rds.promotion-accepted");
  expect([promoted.length, await timesOf(stage, "PromoteReadReplica")]).toEqual([1, 1]);
  const lastOldWrite = log.findLast(acknowledgedIn("eu-west-1"));
  const [promotion] = promoted;
  // The old side took its last order a whole lag before the standby was cut loose: the writers were stopped, and waited for.
  const gapSeconds = ((promotion?.worldMs ?? 0) - (lastOldWrite?.worldMs ?? 0)) / 1_000;
  expect(gapSeconds).toBeGreaterThan(LAG_SECONDS);
  const fenced = log.filter(inOldRegion).map(({ seq }) => seq);
  expect(fenced.length).toBeGreaterThan(0);
  expect(Math.max(...fenced)).toBeLessThan(promotion?.seq ?? 0);
  expect(newWrite.seq).toBeGreaterThan(promotion?.seq ?? 0);
}, 120_000);

function acknowledgedIn(region: string) {
  return ({ kind, facts }: LogEntry) => kind === "app.write-acknowledged" && facts["region"] === region;
}

function inOldRegion({ kind, facts }: LogEntry): boolean {
  return kind === "aws.mutation" && facts["region"] === "eu-west-1";
}
