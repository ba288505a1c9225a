import { afterEach, describe, expect, test } from "@jest/globals";
import { CALLS, regionOf } from "../harness/calls.ts";
import { type FailoverWorld, mutationsOf, startFailoverWorld, startRun, verdictOf } from "../harness/failover-world.ts";
import { standingOf } from "../harness/standing.ts";
import { driveThroughEffects, stateOfRun } from "./workers.ts";

const SPEED = 150;
/** Asking twice for the same bounds or the same count is one effect. */
const REPEATABLE = /^(RegisterScalableTarget|UpdateService) /;

let at: FailoverWorld;
afterEach(() => at.stop());

const twice = () => {
  const mutations = mutationsOf(at);
  return mutations.filter((call, index) => mutations.indexOf(call) !== index && !REPEATABLE.test(call));
};

/** Where the count follows the registration by itself there may be nothing left to ask for. */
const certain = (calls: readonly string[], example: keyof typeof CALLS) =>
  example === "inventory" ? calls.filter((call) => !call.startsWith("UpdateService")) : calls;

describe("an executor that dies between two calls of one step (G5, X4)", () => {
  test.each(["inventory", "regami"] as const)(
    "%s: the run is verified, and nothing was done twice",
    async (example) => {
      at = await startFailoverWorld({ example, speed: SPEED });
      await startRun(at);
      const calls = CALLS[example].map((call) => `${call[1]} ${regionOf(at, call)}`);

      const killedAt = await driveThroughEffects(at, calls, SPEED);

      process.stdout.write(`${example}: killed after ${killedAt.join(", ")}\n`);
      expect(await stateOfRun(at)).toBe("verified");
      expect(certain(killedAt, example).toSorted()).toEqual(certain(calls, example).toSorted());
      expect(twice()).toEqual([]);
      const verdict = await verdictOf(at);
      expect([verdict.splitBrain, verdict.doubledWrites]).toEqual([[], 0]);
      expect(verdict.primary).toContain(at.service.standby);
    },
  );

  test.each(["inventory", "regami"] as const)("%s: the undo of the fence gives everything back", async (example) => {
    at = await startFailoverWorld({ example, speed: SPEED });
    const { home, standby } = at.service;
    const before = await standingOf(at);
    await startRun(at, { mode: "planned" });
    // The standby's position stays unknown, so that the run unwinds when the step's time is over.
    await at.client.planFault({
      ...{ vendor: "aws", operation: "GetMetricData", region: standby },
      effect: { kind: "error", status: 400, code: "AccessDenied" },
    });
    const fence = CALLS[example].filter(([step]) => step === "fence").map(([, operation]) => `${operation} ${home}`);
    const undo = fence.map((call) => call.replace("Revoke", "Authorize"));

    const killedAt = await driveThroughEffects(at, [...fence, ...undo], SPEED);

    process.stdout.write(`${example}: killed after ${killedAt.join(", ")}\n`);
    expect(await stateOfRun(at)).toMatch(/^unwound/);
    expect(certain(killedAt, example).toSorted()).toEqual(certain([...fence, ...undo], example).toSorted());
    expect(await standingOf(at)).toEqual(before);
    expect(mutationsOf(at).filter((call) => /^(Promote|ChangeResource)/.test(call))).toEqual([]);
    expect(await at.memory.runs.holderOf(at.service.name)).toBeUndefined();
  });
});
