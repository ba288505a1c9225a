import { afterEach, expect, test } from "@jest/globals";
import { startFailover } from "../../src/sandbox/bench/rehearsal.ts";
import type { Stage } from "../../src/sandbox/stage.ts";
import { runWhere, SPEED_FOR_KEYS, startTestStage, timesOf } from "../harness/stage.ts";

const SPEED = 40;
/** Machine time; what is promised is 10 s on a machine that does nothing else. */
const TAKEN_OVER_WITHIN_MS = 30_000;

let stage: Stage | undefined;
afterEach(async () => {
  await stage?.stop();
});

test("the driving bot is killed right after the promotion was accepted: the other one finishes, and nothing is done twice", async () => {
  stage = await startTestStage({ example: "inventory", speed: SPEED, bots: 2 });
  await stage.setSpeed(SPEED_FOR_KEYS);
  const id = await startFailover(stage);
  await stage.setSpeed(SPEED);
  await stage.world.expectLog("aws.mutation", ({ facts }) => facts["operation"] === "PromoteReadReplica", 60_000);
  const { worker, epoch } = await runWhere(stage, { id }, (run) => run.epoch > 0);
  const driver = stage.bots.find(({ pid }) => worker?.endsWith(`:${pid}`));
  if (!driver) throw new Error(`no bot is ${worker}`);

  const killedMs = Date.now();
  await driver.kill();
  await runWhere(stage, { id, withinMs: TAKEN_OVER_WITHIN_MS }, (run) => run.epoch > epoch);
  process.stdout.write(`taken over ${Date.now() - killedMs} ms after the kill\n`);
  const run = await runWhere(stage, { id, withinMs: 90_000 }, ({ state }) => state !== "running");

  expect([run.state, run.why]).toEqual(["verified", ""]);
  expect(await timesOf(stage, "PromoteReadReplica")).toBe(1);
  const verdict = await stage.world.verdict("inventory", 0);
  expect([verdict.splitBrain, verdict.doubledWrites]).toEqual([[], 0]);
}, 180_000);
