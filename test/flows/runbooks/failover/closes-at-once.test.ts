import { afterEach, expect, test } from "@jest/globals";
import { drive } from "../../../harness/drive.ts";
import { startRun } from "../../../harness/failover-runs.ts";
import { type FailoverWorld, startFailoverWorld } from "../../../harness/failover-world.ts";

const SPEED = 60;
/** Machine time: users' writes go on until then. */
const CLOSED_WITHIN_MS = 5_000;

let at: FailoverWorld;
afterEach(() => at.stop());

test("guard at once: the database of an unplanned move is closed while ECS hangs, and does not wait for its time-outs", async () => {
  at = await startFailoverWorld({ example: "inventory", speed: SPEED, answerWithinMs: 8_000 });
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
  expect((closed?.machineMs ?? Number.NaN) - (begun?.machineMs ?? Number.NaN)).toBeLessThan(CLOSED_WITHIN_MS);
});
