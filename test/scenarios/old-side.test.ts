import { afterEach, expect, test } from "@jest/globals";
import { startFailover } from "../../src/sandbox/bench/rehearsal.ts";
import type { Stage } from "../../src/sandbox/stage.ts";
import { runWhere, startTestStage, timesOf } from "../harness/stage.ts";

/** Slow enough that the silence of a region, which is remembered in machine time, is over before the run is. */
const SPEED = 15;
const OLD = "eu-west-1";
const NEW = "eu-central-1";

let stage: Stage | undefined;
afterEach(async () => {
  await stage?.stop();
});

/** Writes that the applications of a side acknowledged after that world time. */
async function writesIn({ world }: Stage, region: string, afterMs: number): Promise<number> {
  const writes = await world.log("app.write-acknowledged");
  return writes.filter(({ worldMs, facts }) => worldMs > afterMs && facts["region"] === region).length;
}

async function returnOf({ world }: Stage): Promise<void> {
  await world.expectLog("aws.mutation", ({ facts }) => facts["operation"] === "PromoteReadReplica", 60_000);
  await world.setRegion(OLD, "up");
}

test("the region returns between the promotion and the end: it is fenced while the run goes on, and one side takes writes", async () => {
  stage = await startTestStage({ example: "inventory", speed: SPEED });
  const id = await startFailover(stage);
  await returnOf(stage);

  const run = await runWhere(stage, { id, withinMs: 120_000 }, ({ state }) => state !== "running");
  expect([run.state, run.why, run.watch.state]).toEqual(["verified", "", "fenced"]);
  const fencedAtMs = run.watch.endedAtMs ?? Number.POSITIVE_INFINITY;
  expect(fencedAtMs).toBeLessThan(run.endedAtMs ?? 0);
  const isServed = ({ worldMs, facts }: { worldMs: number; facts: Readonly<Record<string, unknown>> }) =>
    worldMs > (run.endedAtMs ?? 0) && facts["region"] === NEW;
  await stage.world.expectLog("app.write-acknowledged", isServed, 30_000);

  expect(await writesIn(stage, OLD, fencedAtMs)).toBe(0);
  expect([await timesOf(stage, "PromoteReadReplica"), await timesOf(stage, "RevokeSecurityGroupIngress")]).toEqual([
    1, 1,
  ]);
}, 240_000);

test("the region returns while the run is stopped: it is fenced, people read it, and no write is taken there", async () => {
  stage = await startTestStage({ example: "inventory", speed: SPEED });
  const { world, inventory } = stage;
  await world.planFault({
    ...{ vendor: "aws", operation: "ChangeResourceRecordSets" },
    effect: { kind: "error", status: 400, code: "AccessDenied" },
  });
  const id = await startFailover(stage);
  await runWhere(stage, { id, withinMs: 120_000 }, ({ state }) => state === "stopped");
  await world.setRegion(OLD, "up");

  const run = await runWhere(stage, { id, withinMs: 60_000 }, ({ watch }) => watch.state === "fenced");
  expect([run.state, run.pastNoReturn]).toEqual(["stopped", true]);
  const { channel } = inventory.file.alerts;
  await world.people.as("U01FARID").types("/dr status inventory", { in: channel });
  const isSaid = ({ blocks }: { blocks: readonly unknown[] }) =>
    JSON.stringify(blocks).includes("came back and was fenced");
  await world.people.expectEphemeral("U01FARID", isSaid, 30_000);

  const fencedAtMs = run.watch.endedAtMs ?? Number.POSITIVE_INFINITY;
  await world.expectLog("app.write-refused", ({ worldMs }) => worldMs > fencedAtMs, 30_000);
  expect(await writesIn(stage, OLD, fencedAtMs)).toBe(0);
}, 240_000);
