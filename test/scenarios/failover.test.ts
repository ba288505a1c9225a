import { afterEach, expect, test } from "@jest/globals";
import { startFailover } from "../../src/sandbox/bench/rehearsal.ts";
import type { Stage } from "../../src/sandbox/stage.ts";
import { runWhere, SPEED_FOR_KEYS, startTestStage, timesOf, worldTimePasses } from "../harness/stage.ts";

const SPEED = 40;
const LAG_SECONDS = 45;

let stage: Stage | undefined;
afterEach(async () => {
  await stage?.stop();
});

test("with Slack dark after the second key the run finishes; the region that returns is fenced before it writes for good", async () => {
  stage = await startTestStage({ example: "inventory", speed: SPEED });
  const { world } = stage;
  // So far behind that the region takes some acknowledged orders with it.
  await world.post("/rds/lag", {
    ...{ region: "eu-central-1", instance: "mycomputer-inventory-db-replica", seconds: LAG_SECONDS },
  });
  await worldTimePasses(stage, LAG_SECONDS * 1_000);
  await stage.setSpeed(SPEED_FOR_KEYS);
  const id = await startFailover(stage);
  await stage.setSpeed(SPEED);
  await world.planFault({ vendor: "slack", effect: { kind: "hang" } });

  const run = await runWhere(stage, { id, withinMs: 90_000 }, ({ state }) => state !== "running");
  expect([run.state, run.why, run.watch.state]).toEqual(["verified", "", "waiting"]);
  expect(await timesOf(stage, "RevokeSecurityGroupIngress")).toBe(0);
  const { dataLoss } = run.plan;
  const signedMs = dataLoss.kind === "after" ? dataLoss.atMs : 0;
  const recordedMs = Number(run.steps["record-position"]?.output["lastCommitMs"]);
  const { lostWrites, oldestLostMs } = await world.verdict("inventory", 0);
  expect([signedMs > 0, recordedMs >= signedMs, lostWrites > 0]).toEqual([true, true, true]);
  // What was signed and written down is true: nothing that was committed before it is lost.
  expect(oldestLostMs).toBeGreaterThanOrEqual(recordedMs);

  await world.setRegion("eu-west-1", "up");

  await runWhere(stage, { id, withinMs: 60_000 }, ({ watch }) => watch.state === "fenced");
  const closed = (await world.log("aws.mutation")).filter(
    ({ facts }) => facts["operation"] === "RevokeSecurityGroupIngress",
  );
  expect(closed.map(({ facts }) => facts["region"])).toEqual(["eu-west-1"]);
  expect(await timesOf(stage, "PromoteReadReplica")).toBe(1);
}, 180_000);
