import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { type FailoverWorld, mutationsOf, startFailoverWorld, startRun, verdictOf } from "../harness/failover-world.ts";
import { standingOf } from "../harness/standing.ts";
import { driveThroughKills, stateOfRun } from "./workers.ts";

const SPEED = 150;
const POINTS = [
  "before-failed scale-out",
  "after-failed scale-out",
  "before-undo-intent fence",
  "before-undo fence",
  "after-undo fence",
  "before-undone fence",
  "after-undone fence",
];

let at: FailoverWorld;
beforeEach(async () => {
  at = await startFailoverWorld({ example: "inventory", speed: SPEED });
});
afterEach(() => at.stop());

describe("an executor that dies while it unwinds (G7, X4)", () => {
  test("the old side has its service, its scaling and its security group back, and nothing was promoted", async () => {
    const before = await standingOf(at);
    await startRun(at);
    await at.client.planFault({
      ...{ vendor: "aws", operation: "RegisterScalableTarget", region: at.service.standby },
      effect: { kind: "error", status: 400, code: "AccessDeniedException" },
    });

    const killedAt = await driveThroughKills(at, POINTS, SPEED);

    process.stdout.write(`kills while unwinding: ${killedAt.length} of ${POINTS.length} tried\n`);
    expect(new Set(killedAt)).toEqual(new Set(POINTS));
    expect(await stateOfRun(at)).toMatch(/^unwound: .*AccessDenied/);
    expect(await standingOf(at)).toEqual(before);
    expect(mutationsOf(at).filter((call) => call.startsWith("PromoteReadReplica"))).toEqual([]);
    expect(await at.memory.runs.holderOf(at.service.name)).toBeUndefined();
    expect((await verdictOf(at)).splitBrain).toEqual([]);
  });
});
