import { afterEach, expect, test } from "@jest/globals";
import { drive } from "../../../harness/drive.ts";
import { startRun } from "../../../harness/failover-runs.ts";
import { type FailoverWorld, startFailoverWorld } from "../../../harness/failover-world.ts";

/** A time-out is half of the 15 minutes that a fence may take. */
const SPEED = 30;
/** Machine time of one time-out: users' writes would go on until then, if the database waited for it. */
const TIME_OUT_MS = 15_000;

let at: FailoverWorld;
afterEach(() => at.stop());

test("guard at once: the database of an unplanned move is closed while ECS hangs, and does not wait for its time-outs", async () => {
  at = await startFailoverWorld({ example: "inventory", speed: SPEED, answerWithinMs: TIME_OUT_MS });
  await startRun(at);
  const { log, faults } = at.whole.world;
  const hangs = faults.plan({
    ...{ vendor: "aws", operation: "UpdateService", region: at.service.home, times: 2 },
    effect: { kind: "hang" },
  });

  const run = await drive(at, {
    onIntent: (step) => {
      if (step === "fence") log.append("test.fence-begun", {});
    },
  });

  expect([run.state, run.why, hangs.taken > 0]).toEqual(["verified", "", true]);
  const [begun] = log.read(0, "test.fence-begun");
  const closed = log
    .read(0, "aws.mutation")
    .find(({ facts }) => facts["operation"] === "RevokeSecurityGroupIngress" && facts["region"] === at.service.home);
  expect((closed?.machineMs ?? Number.NaN) - (begun?.machineMs ?? Number.NaN)).toBeLessThan(TIME_OUT_MS);
});
