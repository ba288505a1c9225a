import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { stateOf } from "../../../src/domain/plan-run/run.ts";
import { STEPS } from "../../../src/flows/index.ts";
import { computesIn } from "../../../src/flows/resources/site.ts";
import type { StoredStep } from "../../../src/ports/stored-step.ts";
import { drive } from "../../harness/drive.ts";
import { eventually } from "../../harness/eventually.ts";
import { startRun, verdictOf } from "../../harness/failover-runs.ts";
import { type FailoverWorld, startFailoverWorld } from "../../harness/failover-world.ts";
import { uncheckedIn } from "../../harness/plans.ts";
import { siteOf, standbyOf } from "../../harness/site.ts";

const SPEED = 60;
const DENIED = { kind: "error", status: 400, code: "AccessDenied" } as const;

let at: FailoverWorld;
beforeEach(async () => {
  at = await startFailoverWorld({ example: "inventory", speed: SPEED });
});
afterEach(() => at.stop());

function api() {
  const [compute] = computesIn(at.service, at.service.home);
  if (!compute) throw new Error("the service has a compute");
  return compute.compute;
}

/** Somebody deletes the old side's service, with its tasks. */
async function deleteService(): Promise<void> {
  const { cluster, service } = api();
  await at.client.click("ecs:DeleteService", at.service.home, { cluster, service, force: true });
}

const seen = () => at.others.compute.describe(at.service.home, api());

/** ECS describes what was deleted no longer. */
const untilMissing = () =>
  eventually("missing service", async () => {
    const now = await seen();
    return (!now.known && now.cause === "absent") || undefined;
  });

async function expectFenced(): Promise<void> {
  const run = await drive(at);
  expect([run.state, run.why]).toEqual(["verified", ""]);
  expect(stateOf(run, "fence")).toMatchObject({ state: "done", output: { fence: "fenced" } });
  expect((await verdictOf(at)).splitBrain).toEqual([]);
}

describe("an ECS service of the old side that somebody deleted", () => {
  test("before the plan is no writer: the rest is fenced, and a failing write proves it", async () => {
    await deleteService();
    await startRun(at);

    await expectFenced();
  }, 120_000);

  test("so long ago that ECS knows it no longer is none either, and the plan says what is not there", async () => {
    await deleteService();
    await untilMissing();
    const { plan } = await startRun(at);
    expect(uncheckedIn(plan)).toMatch(/service of eu-west-1: .*MISSING/);

    await expectFenced();
  }, 120_000);

  test("guard deleted service: between plan and fence holds nothing up", async () => {
    await startRun(at);
    await deleteService();

    await expectFenced();
  }, 120_000);

  test("after the fence is not given back: the rest is, and people are asked", async () => {
    await startRun(at);
    const { security_group: group } = siteOf(at.service, at.service.home).database;
    const rules = () => at.others.firewall.rules(at.service.home, group);
    const before = await rules();
    const { "scale-out": own } = STEPS;
    if (!own) throw new Error("there is no such step");
    const scaleOut: StoredStep["run"] = async (input, context) => {
      await deleteService();
      return own.run(input, context);
    };
    at.whole.world.faults.plan({
      ...{ vendor: "aws", operation: "RegisterScalableTarget", region: standbyOf(at.service), effect: DENIED },
    });

    const run = await drive(at, { steps: { ...STEPS, "scale-out": { ...own, run: scaleOut } } });

    expect(run.state).toBe("stuck");
    expect(run.why).toContain("somebody has deleted");
    expect(before.known && (await rules())).toMatchObject({ known: true, value: before.known && before.value });
  }, 240_000);
});
