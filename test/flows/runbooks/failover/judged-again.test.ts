import { afterEach, describe, expect, test } from "@jest/globals";
import { stateOf } from "../../../../src/domain/plan-run/run.ts";
import { drive } from "../../../harness/drive.ts";
import { type FailoverWorld, mutationsOf, startFailoverWorld, startRun } from "../../../harness/failover-world.ts";
import { siteOf } from "../../../harness/site.ts";

const SPEED = 150;

let at: FailoverWorld;
afterEach(() => at.stop());

const standby = () => ({ region: at.service.standby, ...siteOf(at.service, at.service.standby) });
const promotions = () => mutationsOf(at).filter((call) => call.startsWith("PromoteReadReplica"));
const setKey = (state: string) =>
  at.client.post("/kms/key", { region: at.service.standby, key: "alias/databases", state });
const setReplica = (changes: object) => {
  const { region, database } = standby();
  return at.client.post("/rds/instance", { region, instance: database.instance, ...changes });
};
const closeReplica = () => {
  const { region, database } = standby();
  return at.client.click("ec2:RevokeSecurityGroupIngress", region, {
    GroupId: database.security_group,
    IpPermissions: [{ IpProtocol: "tcp", FromPort: 5432, ToPort: 5432, IpRanges: [{ CidrIp: "10.0.0.0/8" }] }],
  });
};

describe("what would surely fail is looked at again before the promotion", () => {
  test.each<[string, () => Promise<unknown>, RegExp]>([
    ["a key that somebody disables", () => setKey("Disabled"), /KMS key of .* is Disabled/],
    ["storage that runs full", () => setReplica({ status: "storage-full" }), /is storage-full/],
    ["a group that somebody closes", closeReplica, /lets nobody in/],
  ])("%s after the keys pauses the run before the point of no return", async (_what, happen, why) => {
    at = await startFailoverWorld({ example: "inventory", speed: SPEED });
    await startRun(at);
    let happened: Promise<unknown> | undefined;

    const run = await drive(at, {
      onIntent: (step) => {
        if (step === "fence") happened = happen();
      },
    });
    await happened;

    expect(run).toMatchObject({ state: "paused", voided: true, pastNoReturn: false });
    expect(run.why).toMatch(why);
    expect(stateOf(run, "fence").state).toBe("done");
    expect(promotions()).toEqual([]);
  });

  test("machines that are gone before the start void the keys, and nothing is touched", async () => {
    at = await startFailoverWorld({ example: "inventory", speed: SPEED });
    await startRun(at);
    const { region, compute } = standby();
    const { cluster, service } = compute;
    await at.client.post("/ecs/service", { ...{ region, cluster, service }, launchType: "EC2" });
    const before = mutationsOf(at);

    const run = await drive(at);

    expect(run).toMatchObject({ state: "paused", voided: true });
    expect(run.why).toContain("has no machine to start a task on");
    expect(mutationsOf(at)).toEqual(before);
  });

  test("machines that are gone once the tasks run are no reason to stop", async () => {
    at = await startFailoverWorld({ example: "inventory", speed: SPEED });
    await startRun(at);
    const { region, compute } = standby();
    const scheduler = at.whole.traffic.ecs.find(region, compute.cluster, compute.service);
    if (!scheduler) throw new Error("the world has the standby service");

    const run = await drive(at, {
      took: (_run, { id }) => {
        if (id === "scale-out") scheduler.spec.capacityProviders = ["gone"];
      },
    });

    expect(scheduler.spec.capacityProviders).toEqual(["gone"]);
    expect(run.state).toBe("verified");
  });

  test("addresses that the run's own tasks took are no reason to stop it, with the old side dark as well", async () => {
    at = await startFailoverWorld({ example: "inventory", speed: SPEED, answerWithinMs: 1_000 });
    at.whole.world.regions.set(at.service.home, "dark");
    const setFree = (addresses: number) =>
      at.client.post("/ec2/subnet", { region: at.service.standby, id: "subnet-0a1b2c3d4e5f60718", addresses });
    await setFree(2);
    const { plan } = await startRun(at);
    let taken: Promise<unknown> | undefined;

    const run = await drive(at, {
      onIntent: (step) => {
        if (step === "scale-out") taken ??= setFree(0);
      },
    });

    await taken;
    expect(plan.acceptances.map(({ id }) => id)).toContain("few-addresses");
    expect([taken !== undefined, run.state, run.why]).toEqual([true, "verified", ""]);
  });
});
