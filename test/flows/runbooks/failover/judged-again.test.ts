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

const removeImage = () => {
  const { region, compute } = standby();
  const image = `111122223333.dkr.ecr.${region}.amazonaws.com/${compute.service}:1`;
  return at.client.post("/ecr/remove", { region, image });
};

const removeMachines = () => {
  const { region, compute } = standby();
  const { cluster, service } = compute;
  return at.client.post("/ecs/service", { ...{ region, cluster, service }, launchType: "EC2" });
};

const breakLink = (): void => {
  const { region, database } = standby();
  at.whole.rds.engine.setReplication({ region, instance: database.instance }, "broken");
};

const breakAfterPosition = (step: string): void => {
  if (step === "record-position") breakLink();
};

describe("the replica's link is looked at again before the promotion", () => {
  test("guard link of planned: one that ended after the last proof pauses a planned run, and nothing is promoted", async () => {
    at = await startFailoverWorld({ example: "inventory", speed: SPEED });
    await startRun(at, { mode: "planned" });

    const run = await drive(at, { onDone: breakAfterPosition });

    expect(run).toMatchObject({ state: "paused", voided: true, pastNoReturn: false });
    expect(run.why).toContain("does not replicate from");
    expect(promotions()).toEqual([]);
  });

  test("guard link at the call: one that ends after that look stops a planned run, and nothing is promoted", async () => {
    at = await startFailoverWorld({ example: "inventory", speed: SPEED });
    await startRun(at, { mode: "planned" });

    const run = await drive(at, {
      onIntent: (step) => {
        if (step === "promote") breakLink();
      },
    });

    expect(run.state).toBe("stopped");
    expect(run.why).toContain("a planned move must lose nothing");
    expect(promotions()).toEqual([]);
  });

  test("guard link as signed: one that ended before the writers stopped voids keys that allowed less loss than that", async () => {
    at = await startFailoverWorld({ example: "inventory", speed: SPEED, lagSeconds: 1 });
    const { plan } = await startRun(at);
    breakLink();
    at.whole.world.clock.jump(at.service.rpo + 300_000);
    await at.setSpeed(SPEED);

    const run = await drive(at);

    expect(plan.acceptances.map(({ id }) => id)).not.toContain("data-loss");
    expect(run).toMatchObject({ state: "paused", voided: true, pastNoReturn: false });
    expect(run.why).toMatch(
      /does not replicate from .+ any more\. Commits of .+ may be lost; at most \d+ s was accepted/,
    );
    expect(promotions()).toEqual([]);
  });

  test("one that ended after the writers stopped is told, and stops no unplanned run", async () => {
    at = await startFailoverWorld({ example: "inventory", speed: SPEED, lagSeconds: 1 });
    await startRun(at);

    const run = await drive(at, { onDone: breakAfterPosition });

    expect([run.state, run.why]).toEqual(["verified", ""]);
    expect(stateOf(run, "promote").says).toContain("does not replicate from");
  });

  test("with the old side dark its end is told and no news: a position was signed for", async () => {
    at = await startFailoverWorld({ example: "inventory", speed: SPEED, answerWithinMs: 1_000 });
    at.whole.world.regions.set(at.service.home, "dark");
    await startRun(at);

    const run = await drive(at, { onDone: breakAfterPosition });

    expect([run.state, run.why]).toEqual(["verified", ""]);
    expect(stateOf(run, "promote").says).toContain(
      "what is lost is what came after the position that was written down",
    );
  });
});

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

  test.each<[string, () => Promise<unknown>, string]>([
    ["machines that are gone", removeMachines, "has no machine to start a task on"],
    ["an image that a lifecycle policy has removed", removeImage, "which ECR does not have there"],
  ])("%s before the start void the keys, and nothing is touched", async (_what, happen, why) => {
    at = await startFailoverWorld({ example: "inventory", speed: SPEED });
    await startRun(at);
    await happen();
    const before = mutationsOf(at);

    const run = await drive(at);

    expect(run).toMatchObject({ state: "paused", voided: true });
    expect(run.why).toContain(why);
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
