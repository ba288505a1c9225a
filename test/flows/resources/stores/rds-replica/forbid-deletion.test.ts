import { afterEach, describe, expect, test } from "@jest/globals";
import { leftToPeople } from "../../../../../src/domain/plan-run/left-to-people.ts";
import type { PlannedStep } from "../../../../../src/domain/plan-run/plan.ts";
import { stateOf } from "../../../../../src/domain/plan-run/run.ts";
import { progressCard } from "../../../../../src/views/run-progress.ts";
import { drive } from "../../../../harness/drive.ts";
import { startRun } from "../../../../harness/failover-runs.ts";
import { type FailoverWorld, startFailoverWorld } from "../../../../harness/failover-world.ts";

const HOME = "eu-west-1";
const STANDBY = "eu-central-1";
const PRIMARY = "mycomputer-inventory-db";
const REPLICA = "mycomputer-inventory-db-replica";
const PLAY = { example: "inventory", service: "inventory", runbook: "failover" } as const;
/** A step may wait for fifteen minutes of the world. */
const SPEED = 200;

let at: FailoverWorld | undefined;
afterEach(async () => {
  await at?.stop();
  at = undefined;
});

async function world(): Promise<FailoverWorld> {
  at = await startFailoverWorld({ ...PLAY, speed: SPEED });
  return at;
}

const protecting = (steps: readonly PlannedStep[]) => steps.filter(({ does }) => does === "forbid-deletion");
const isProtected = async (here: FailoverWorld) => {
  const now = await here.cloud.databases.describe(STANDBY, REPLICA);
  return now.known && now.value.deletionProtection;
};

describe("a new primary", () => {
  test("gets the deletion protection of the old one right after its promotion, and nothing waits for that", async () => {
    const here = await world();
    const { plan } = await startRun(here, { ...PLAY, mode: "planned" });

    const run = await drive(here);

    const [step] = protecting(plan.steps);
    expect(step).toMatchObject({ after: ["promote"], input: { region: STANDBY, instance: REPLICA } });
    expect(plan.steps.filter(({ after }) => after.includes(step?.id ?? ""))).toEqual([]);
    expect(plan.leftForPeople?.join(" ") ?? "").not.toContain("--deletion-protection");
    expect([run.state, await isProtected(here)]).toEqual(["verified", true]);
  });

  test("gets it too where a dark home says nothing of the old one, and none where the old one had none", async () => {
    const here = await world();
    await here.client.click("rds:ModifyDBInstance", HOME, {
      DBInstanceIdentifier: PRIMARY,
      DeletionProtection: "false",
    });
    const without = await startRun(here, { ...PLAY, mode: "planned" });
    expect(protecting(without.plan.steps)).toEqual([]);
    await here.stop();

    const dark = await world();
    dark.whole.world.regions.set(HOME, "dark");
    const { plan } = await startRun(dark, { ...PLAY, mode: "unplanned" });
    expect(protecting(plan.steps)).toHaveLength(1);
  });

  test("that is busy for longer than a step waits is left to people: the run is verified, and says with which command", async () => {
    const here = await world();
    const busy = { kind: "error", status: 400, code: "InvalidDBInstanceState", message: "not in available state" };
    here.whole.world.faults.plan({ vendor: "aws", operation: "ModifyDBInstance", effect: { ...busy, kind: "error" } });
    const { plan } = await startRun(here, { ...PLAY, mode: "planned" });

    const run = await drive(here);

    const left = `${REPLICA} may have no deletion protection. Switch it on: aws rds modify-db-instance --region ${STANDBY} --db-instance-identifier ${REPLICA} --deletion-protection`;
    expect([run.state, leftToPeople(run)]).toEqual(["verified", [...(plan.leftForPeople ?? []), left]]);
    const [step] = protecting(plan.steps);
    expect(stateOf(run, step?.id ?? "").says).toContain("did not get there in time");
    const card = JSON.stringify(progressCard(run, here.inventory, { nowMs: run.endedAtMs ?? 0 }));
    expect(card).toContain("– left to people");
    expect(card).toContain(left);
  });
});
