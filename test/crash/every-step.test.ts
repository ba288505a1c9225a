import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { type FailoverWorld, mutationsOf, startFailoverWorld, startRun, verdictOf } from "../harness/failover-world.ts";
import { driveThroughKills, stateOfRun } from "./workers.ts";

const SPEED = 150;
/** Where a power cut hurts: around the intent, around the call, around the two records of its outcome. */
const BOUNDARIES = ["before-intent", "before-call", "after-call", "after-asked", "before-done", "after-done"];

let at: FailoverWorld;
beforeEach(async () => {
  at = await startFailoverWorld({ example: "inventory", speed: SPEED });
});
afterEach(() => at.stop());

describe("an executor that dies at every step (J2, G5, X4)", () => {
  test.each(BOUNDARIES)("%s: the run is verified, and nothing was done twice", async (boundary) => {
    const run = await startRun(at);
    const points = run.plan.steps.map(({ id }) => `${boundary} ${id}`);

    const killedAt = await driveThroughKills(at, points, SPEED);

    process.stdout.write(`kills ${boundary}: ${killedAt.length} of ${points.length} tried\n`);
    expect(new Set(killedAt)).toEqual(new Set(points));
    expect(await stateOfRun(at)).toBe("verified");
    const mutations = mutationsOf(at);
    expect(mutations.filter((call) => call.startsWith("PromoteReadReplica"))).toHaveLength(1);
    expect(mutations.filter((call, index) => mutations.indexOf(call) !== index)).toEqual([]);
    const verdict = await verdictOf(at);
    expect([verdict.splitBrain, verdict.doubledWrites]).toEqual([[], 0]);
    expect(verdict.primary).toContain(at.service.standby);
  });
});
