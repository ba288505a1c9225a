import { afterEach, describe, expect, test } from "@jest/globals";
import { stateOf } from "../../../../src/domain/plan-run/run.ts";
import { drive } from "../../../harness/drive.ts";
import { mutationsOf, startRun } from "../../../harness/failover-runs.ts";
import { type FailoverWorld, startFailoverWorld } from "../../../harness/failover-world.ts";
import { siteOf, standbyOf } from "../../../harness/site.ts";

const SPEED = 150;

let at: FailoverWorld;
afterEach(() => at.stop());

const standby = () => ({ region: standbyOf(at.service), ...siteOf(at.service, standbyOf(at.service)) });
const promotions = () => mutationsOf(at).filter((call) => call.startsWith("PromoteReadReplica"));
const setKey = (state: string) =>
  at.client.post("/kms/key", { region: standbyOf(at.service), key: "alias/databases", state });
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

const setQuota = (vcpus: number) =>
  at.client.post("/ecs/quota", { region: standbyOf(at.service), provider: "FARGATE", vcpus });

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

    expect(plan.acceptances.find(({ id }) => id === "data-loss")?.words).toMatch(
      /^I accept that writes after \S+ may be lost$/,
    );
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

  test.each([
    ["deleting", /is deleting \(somebody deletes it\); a replica in that status cannot be promoted/],
    ["stopped", /is stopped/],
    ["stopping", /is stopping/],
    ["insufficient-capacity", /is insufficient-capacity/],
    ["upgrading", /is upgrading \(its engine is upgraded\)/],
    ["maintenance", /is maintenance/],
  ])(
    "guard promotable again: a replica that stays %s pauses the run before the point of no return, while the old side can be given back",
    async (status, why) => {
      at = await startFailoverWorld({ example: "inventory", speed: SPEED });
      await startRun(at, { mode: "planned" });
      let happened: Promise<unknown> | undefined;

      const run = await drive(at, {
        onIntent: (step) => {
          if (step === "record-position") happened = setReplica({ status });
        },
      });
      await happened;

      expect(run).toMatchObject({ state: "paused", voided: true, pastNoReturn: false });
      expect(run.why).toMatch(why);
      expect(promotions()).toEqual([]);
      const fencedAtMs = stateOf(run, "record-position").endedAtMs ?? 0;
      expect(at.clock.now() - fencedAtMs).toBeLessThan(6 * 60_000);
    },
  );

  test.each([
    ["deletes", 300, /is deleting \(somebody deletes it\).* It does not come back: make another replica first/],
    ["has deleted", 1, /mycomputer-inventory-db-replica does not exist in eu-central-1 any more/],
  ])("one that somebody %s pauses the run before the point of no return", async (_does, deletionSeconds, why) => {
    at = await startFailoverWorld({ example: "inventory", speed: SPEED, deletionSeconds });
    await startRun(at);
    const { region, database } = standby();
    const named = { DBInstanceIdentifier: database.instance };
    await at.client.click("rds:ModifyDBInstance", region, { ...named, DeletionProtection: "false" });
    await at.clock.sleep(90_000);
    let happened: Promise<unknown> | undefined;

    const run = await drive(at, {
      onIntent: (step) => {
        if (step === "record-position")
          happened = at.client.click("rds:DeleteDBInstance", region, { ...named, SkipFinalSnapshot: "true" });
      },
    });
    await happened;

    expect([run.state, run.pastNoReturn]).toEqual(["paused", false]);
    expect(run.why).toMatch(why);
  });

  test("a replica that restarts is waited for, and promoted when it is back", async () => {
    at = await startFailoverWorld({ example: "inventory", speed: SPEED });
    await startRun(at, { mode: "planned" });
    const { region, database } = standby();
    let happened: Promise<unknown> | undefined;

    const run = await drive(at, {
      onDone: (step) => {
        if (step === "record-position")
          happened = at.client.click("rds:RebootDBInstance", region, { DBInstanceIdentifier: database.instance });
      },
    });
    await happened;

    expect([happened !== undefined, run.state, run.why]).toEqual([true, "verified", ""]);
    expect(promotions()).toHaveLength(1);
  });

  test("a replica that is upgraded before the start is not waited for behind a closed old side: nothing is touched", async () => {
    at = await startFailoverWorld({ example: "inventory", speed: SPEED });
    await startRun(at, { mode: "planned" });
    await setReplica({ status: "upgrading" });
    const before = mutationsOf(at);

    const run = await drive(at);

    expect(run).toMatchObject({ state: "paused", voided: true });
    expect(run.why).toContain("is upgrading");
    expect(mutationsOf(at)).toEqual(before);
  });

  test("one that somebody deletes while it is asked for fails at once, and is not asked for 40 minutes long", async () => {
    at = await startFailoverWorld({ example: "inventory", speed: SPEED });
    await startRun(at);
    let happened: Promise<unknown> | undefined;

    const run = await drive(at, {
      onIntent: (step) => {
        if (step === "promote") happened = setReplica({ status: "deleting" });
      },
    });
    await happened;

    const { startedAtMs = 0, endedAtMs = 0 } = stateOf(run, "promote");
    expect(run).toMatchObject({ state: "stopped", why: expect.stringContaining("is deleting") });
    expect(endedAtMs - startedAtMs).toBeLessThan(5 * 60_000);
  });

  test.each<[string, () => Promise<unknown>, string]>([
    ["machines that are gone", removeMachines, "has no machine to start a task on"],
    ["an image that a lifecycle policy has removed", removeImage, "which ECR does not have there"],
    ["a quota that is lowered to nothing", () => setQuota(0), "not one task of 0.25 vCPU would start"],
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
      at.client.post("/ec2/subnet", { region: standbyOf(at.service), id: "subnet-0a1b2c3d4e5f60718", addresses });
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

describe("what people agree to in words is looked at again before the promotion", () => {
  const deploy = async () => {
    const { region, compute } = standby();
    const { cluster, service } = compute;
    // It has nothing to roll out as long as not one task is wanted.
    await at.client.click("ecs:UpdateService", region, { cluster, service, desiredCount: 1 });
    await at.client.click("ecs:UpdateService", region, { cluster, service, forceNewDeployment: true });
  };
  const onSpot = () => {
    const { region, compute } = standby();
    const { cluster, service } = compute;
    return at.client.post("/ecs/service", { ...{ region, cluster, service }, capacityProviders: ["FARGATE_SPOT"] });
  };
  const fewAddresses = () =>
    at.client.post("/ec2/subnet", { region: standbyOf(at.service), id: "subnet-0a1b2c3d4e5f60718", addresses: 1 });
  const maintain = () =>
    setReplica({ maintenance: [{ action: "system-update", description: "New OS", inSeconds: 7_200 }] });

  test.each<[string, () => Promise<unknown>, RegExp]>([
    ["a deployment of somebody's", deploy, /A deployment of inventory.* is under way\./],
    ["Spot alone", onSpot, /runs on Fargate Spot alone\./],
    ["a quota that is lowered", () => setQuota(0.25), /The account's quota allows 1 of \d+ tasks of inventory/],
    ["few addresses", fewAddresses, /has addresses for 1 of \d+ tasks\./],
    ["maintenance that is due", maintain, /Maintenance of .* is due from (?:\S+ )?\S+ on: system-update\./],
  ])("guard agreed again: %s before the start voids the keys, and nothing is touched", async (_what, happen, why) => {
    at = await startFailoverWorld({ example: "inventory", speed: SPEED });
    const { plan } = await startRun(at);
    await happen();
    const before = mutationsOf(at);

    const run = await drive(at);

    expect(plan.acceptances.map(({ id }) => id)).toEqual(["data-loss", "sessions-not-proven", "healthy-primary"]);
    expect(run).toMatchObject({ state: "paused", voided: true });
    expect(run.why).toMatch(why);
    expect(run.why).toMatch(/^facts changed: what nobody agreed to has come since the plan/);
    expect(mutationsOf(at)).toEqual(before);
  });

  const redeploy = () => {
    const { region, compute } = standby();
    const { cluster, service } = compute;
    return at.client.click("ecs:UpdateService", region, { cluster, service, forceNewDeployment: true });
  };

  test.each<[string, { once: string; happen: () => Promise<unknown> }, RegExp]>([
    [
      "a deployment of somebody's",
      { once: "scale-out", happen: redeploy },
      /A deployment of inventory.* is under way\./,
    ],
    [
      "maintenance that is due",
      { once: "record-position", happen: maintain },
      /Maintenance of .* is due from (?:\S+ )?\S+ on: system-update\./,
    ],
  ])("%s while the run is under way pauses it before the point of no return", async (_what, { once, happen }, why) => {
    at = await startFailoverWorld({ example: "inventory", speed: SPEED });
    await startRun(at);
    const late = { kind: "delay", machineMs: 1_000 } as const;
    const region = standbyOf(at.service);
    let happened: Promise<unknown> | undefined;

    const run = await drive(at, {
      onDone: (step) => {
        if (step !== once) return;
        // The look before the promotion begins in this moment, and sees what happens in it.
        for (const operation of ["DescribeServices", "DescribePendingMaintenanceActions"])
          at.whole.world.faults.plan({ vendor: "aws", operation, region, times: 2, effect: late });
        happened = happen();
      },
    });
    await happened;

    expect([run.state, run.why]).toEqual(["paused", expect.stringMatching(why)]);
    expect(run).toMatchObject({ voided: true, pastNoReturn: false });
    expect(promotions()).toEqual([]);
  });

  test("what people have agreed to voids nothing", async () => {
    at = await startFailoverWorld({ example: "inventory", speed: SPEED });
    await onSpot();
    const { plan } = await startRun(at);

    const run = await drive(at);

    expect(plan.acceptances.map(({ id }) => id)).toContain("spot-only");
    expect([run.state, run.why]).toEqual(["verified", ""]);
  });

  test("a target whose AWS has begun to answer badly pauses the run before the promotion", async () => {
    at = await startFailoverWorld({ example: "inventory", speed: SPEED });
    await startRun(at);

    const run = await drive(at, {
      onDone: (step) => {
        // Of all its calls lately a good part has to fail, and a run at this speed has made many.
        for (const service of step === "record-position" ? ["rds", "ec2", "monitoring", "kms"] : [])
          at.whole.world.regions.setPlane({ region: standbyOf(at.service), service }, "refusing");
      },
    });

    expect([run.state, run.voided, run.pastNoReturn, run.why]).toEqual([
      ...["paused", true, false],
      expect.stringMatching(/AWS in eu-central-1 answers badly now/),
    ]);
    expect(run.why).toMatch(/AWS in eu-central-1 answers badly now/);
  });
});
