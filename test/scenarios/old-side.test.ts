import { afterEach, expect, test } from "@jest/globals";
import { startFailover } from "../../src/sandbox/bench/rehearsal.ts";
import type { Stage } from "../../src/sandbox/stage.ts";
import { runWhere, startTestStage, timesOf } from "../harness/stage.ts";

/** Slow enough that the silence of a region, which is remembered in machine time, is over before the run is. */
const SPEED = 15;
const OLD = "eu-west-1";
const NEW = "eu-central-1";
/** How long the application keeps a session of its own. */
const SESSION_MS = 60_000;

let stage: Stage | undefined;
afterEach(async () => {
  await stage?.stop();
});

/** Writes that the old side's database took after that world time, and by which tasks. */
async function writesOnOldSide({ world }: Stage, afterMs: number) {
  const writes = await world.log("app.write-acknowledged");
  return writes
    .filter(({ worldMs, facts }) => worldMs > afterMs && facts["region"] === OLD)
    .map(({ worldMs, facts }) => ({ afterMs: worldMs - afterMs, by: facts["servedIn"] }));
}

/** No task of a side that was fenced writes on. Those of the new side may have come in while it was open: their sessions end by themselves. */
async function expectFencedSince(stage: Stage, fencedAtMs: number): Promise<void> {
  await stage.world.expectLog("app.write-refused", ({ worldMs }) => worldMs > fencedAtMs + SESSION_MS, 60_000);
  const late = await writesOnOldSide(stage, fencedAtMs);
  expect(late.filter(({ by, afterMs }) => by === OLD || afterMs > SESSION_MS)).toEqual([]);
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

  const late = await writesOnOldSide(stage, fencedAtMs);
  expect(late.filter(({ by, afterMs }) => by === OLD || afterMs > SESSION_MS)).toEqual([]);
  expect([await timesOf(stage, "PromoteReadReplica"), await timesOf(stage, "RevokeSecurityGroupIngress")]).toEqual([
    1, 1,
  ]);
}, 240_000);

test("the region returns while the run is stopped: it is fenced, people read it, and what runs there writes no more", async () => {
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
  const isNews = ({ facts }: { facts: Readonly<Record<string, unknown>> }) =>
    /^eu-west-1 .*fenced.* @/.test(String(facts["text"]));
  await world.expectLog("slack.message-posted", isNews, 30_000);
  await world.people.as("U01FARID").types("/dr status inventory", { in: channel });
  const isSaid = ({ blocks }: { blocks: readonly unknown[] }) =>
    JSON.stringify(blocks).includes("came back and was fenced");
  await world.people.expectEphemeral("U01FARID", isSaid, 30_000);

  const fencedAtMs = run.watch.endedAtMs ?? Number.POSITIVE_INFINITY;
  expect(run.watch.says).toContain("sessions that were open before may still write");
  await expectFencedSince(stage, fencedAtMs);
}, 240_000);
