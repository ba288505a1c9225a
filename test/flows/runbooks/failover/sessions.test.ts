import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { stateOf } from "../../../../src/domain/plan-run/run.ts";
import { drive } from "../../../harness/drive.ts";
import {
  type FailoverWorld,
  mutationsOf,
  startFailoverWorld,
  startRun,
  verdictOf,
} from "../../../harness/failover-world.ts";

const SPEED = 60;

let at: FailoverWorld;
beforeEach(async () => {
  // The replica is a second behind: nothing but the fence makes the promotion wait for tasks that drain.
  at = await startFailoverWorld({ example: "inventory", speed: SPEED, lagSeconds: 1 });
});
afterEach(() => at.stop());

const atHome = () => {
  const scheduler = at.whole.traffic.ecs.schedulers.find(({ spec }) => spec.region === at.service.home);
  if (!scheduler) throw new Error("nothing runs at home");
  return scheduler;
};
const acknowledgedAtHome = () =>
  at.whole.world.log
    .read(0, "app.write-acknowledged")
    .filter(({ facts }) => facts["region"] === at.service.home && facts["application"] === at.service.name)
    .map(({ worldMs }) => worldMs);

test.each(["planned", "unplanned"] as const)("a %s move waits until the tasks that drain are gone", async (mode) => {
  await startRun(at, { mode });

  const run = await drive(at);

  expect([run.state, run.why]).toEqual(["verified", ""]);
  const stopped = atHome().tasks.map(({ status, stoppedMs }) => [status, stoppedMs ?? Number.NaN] as const);
  expect(stopped.map(([status]) => status)).toEqual(stopped.map(() => "STOPPED"));
  const fencedAtMs = stateOf(run, "fence").endedAtMs ?? 0;
  expect(fencedAtMs).toBeGreaterThanOrEqual(Math.max(...stopped.map(([, ms]) => ms)));
  expect(Math.max(...acknowledgedAtHome())).toBeLessThan(fencedAtMs);
  expect(await verdictOf(at)).toMatchObject({ lostWrites: 0, splitBrain: [] });
});

describe("machines that nobody stops", () => {
  const KEPT_SECONDS = 86_400;

  beforeEach(async () => {
    await at.stop();
    at = await startFailoverWorld({
      ...{ example: "every-kind", service: "desk", speed: SPEED, lagSeconds: 1 },
      sessionSeconds: KEPT_SECONDS,
    });
  });

  test("are shut out by a reboot of the old database, and a write over an earlier session proves it", async () => {
    const { plan } = await startRun(at, { mode: "planned" });
    expect(plan.acceptances.map(({ id }) => id)).not.toContain("sessions-not-proven");

    const run = await drive(at);

    expect([run.state, run.why]).toEqual(["verified", ""]);
    expect(stateOf(run, "fence").says).toMatch(/fails over a new session \(.+\), and over an earlier one \(.+\)/);
    expect(mutationsOf(at).filter((call) => call.startsWith("RebootDBInstance eu-west-1"))).toHaveLength(1);
    const fencedAtMs = stateOf(run, "fence").endedAtMs ?? 0;
    expect(Math.max(...acknowledgedAtHome())).toBeLessThan(fencedAtMs);
    expect(await verdictOf(at)).toMatchObject({ lostWrites: 0, splitBrain: [] });
  });

  test("are shut out also where somebody else's reboot is under way when the group is closed", async () => {
    await startRun(at, { mode: "planned" });
    await at.client.click("rds:RebootDBInstance", at.service.home, { DBInstanceIdentifier: "desk-rooms" });

    const run = await drive(at);

    expect([run.state, run.why]).toEqual(["verified", ""]);
    expect(stateOf(run, "fence").says).toMatch(/and over an earlier one/);
    const fencedAtMs = stateOf(run, "fence").endedAtMs ?? 0;
    expect(Math.max(...acknowledgedAtHome())).toBeLessThan(fencedAtMs);
    expect(await verdictOf(at)).toMatchObject({ lostWrites: 0, splitBrain: [] });
  });
});
