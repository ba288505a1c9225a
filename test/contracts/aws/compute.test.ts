import { describe, expect, test } from "@jest/globals";
import { factOf, groupArn, guarded, HASTY, HOME, mutations, STANDBY, siteIn } from "./inventory-world.ts";
import { worldOfEachTest } from "./world-of-each-test.ts";

const inventory = worldOfEachTest();

const factsIn = async (region: string) => factOf(await inventory().aws.compute.describe(region, siteIn(region)));

describe("what is seen", () => {
  test("only the service's own tasks count among the targets of a shared group", async () => {
    expect(await factsIn(STANDBY)).toMatchObject({
      ...{ status: "ACTIVE", desired: 1, running: 1, pending: 0, targets: { healthy: 1, total: 1 } },
      ...{
        scaling: { min: 1, max: 3, suspended: { scaleIn: false, scaleOut: false, scheduled: false } },
        taskDefinition: expect.stringContaining("inventory:7"),
      },
      deployments: [{ id: expect.any(String), primary: true, rollout: "COMPLETED", failedTasks: 0 }],
    });
    const all = inventory().traffic.elb.targets.healthy(groupArn(STANDBY));
    expect(all).toHaveLength(3);
  });

  test("a service without a target group has tasks and no targets, and no load balancer is asked", async () => {
    const { target_group: _none, ...alone } = siteIn(STANDBY, { service: "inventory-mails" });
    const seen = factOf(await inventory().aws.compute.describe(STANDBY, { ...alone, target_health: "running-tasks" }));

    expect(seen).toMatchObject({ ...{ status: "ACTIVE", desired: 1, running: 1, pending: 0 }, targets: undefined });
    expect(seen.deployments).toMatchObject([{ primary: true, rollout: "COMPLETED" }]);
    expect(await inventory().reads("DescribeTargetHealth")).toBe(0);
  });

  test("a service that does not exist is absent, and so is a cluster", async () => {
    const { compute } = inventory().aws;
    const absent = { known: false, cause: "absent" };
    expect(await compute.describe(STANDBY, siteIn(STANDBY, { service: "nobody" }))).toMatchObject(absent);
    expect(await compute.describe(STANDBY, siteIn(HOME))).toMatchObject(absent);

    // That it is not there is what is said of it, whichever question is answered first.
    const slow = { kind: "delay", machineMs: 200 } as const;
    inventory().world.faults.plan({ vendor: "aws", operation: "DescribeServices", effect: slow, times: 1 });
    const late = await compute.describe(STANDBY, siteIn(STANDBY, { service: "nobody" }));
    expect(late).toMatchObject({ ...absent, why: expect.stringContaining("MISSING") });
  });

  test("tasks that cannot start tell why", async () => {
    inventory().traffic.ecs.find(STANDBY, "dr", "inventory")?.deploy("inventory:8");
    await inventory().aws.compute.scaleOut({ region: STANDBY, site: siteIn(STANDBY), tasks: 4 });
    inventory().advance(200);
    const { reasons, running, deployments } = await factsIn(STANDBY);
    expect(running).toBeLessThan(4);
    expect(deployments.find(({ primary }) => primary)?.failedTasks).toBeGreaterThan(0);
    expect(reasons[0]).toMatch(/CannotPull|pull/);
  });

  test("a service without auto scaling has none", async () => {
    const next = siteIn(STANDBY, { service: "inventory-next" });
    expect(factOf(await inventory().aws.compute.describe(STANDBY, next)).scaling).toBeUndefined();
  });
});

describe("scaling out", () => {
  test("it raises tasks, minimum and maximum, and resumes scaling", async () => {
    const act = await inventory().aws.compute.scaleOut({ region: STANDBY, site: siteIn(STANDBY), tasks: 4 });
    expect(act.requestIds).toHaveLength(2);
    inventory().advance(120);
    expect(await factsIn(STANDBY)).toMatchObject({
      ...{ desired: 4, running: 4, targets: { healthy: 4, total: 4 } },
      scaling: { min: 4, max: 12, suspended: { scaleIn: false, scaleOut: false, scheduled: false } },
    });
  });

  test("it never lowers anything", async () => {
    await inventory().aws.compute.scaleOut({ region: HOME, site: siteIn(HOME), tasks: 1 });
    inventory().advance(10);
    expect(await factsIn(HOME)).toMatchObject({ desired: 4, scaling: { min: 2, max: 12 } });
    expect(mutations(inventory(), "UpdateService")).toEqual([]);
  });

  test("a lost answer is an unknown outcome that names the calls before it", async () => {
    inventory().world.faults.plan({
      vendor: "aws",
      operation: "UpdateService",
      effect: { kind: "drop-after" },
      times: 1,
    });
    const [registered] = await inventory()
      .aws.compute.scaleOut({ region: STANDBY, site: siteIn(STANDBY), tasks: 4 })
      .then(() => [])
      .catch((error: Error & { facts: Record<string, unknown> }) => {
        expect(error.name).toBe("OutcomeUnknown");
        return String(error.facts["requestIds"]).split(" ");
      });
    expect(mutations(inventory(), "RegisterScalableTarget")).toMatchObject([{ requestId: registered }]);
    expect(mutations(inventory(), "UpdateService")).toHaveLength(1);
  });
});

describe("stopping", () => {
  test("auto scaling goes to 0..0 and suspended in one call, then the tasks", async () => {
    const { requestIds } = await inventory().aws.compute.stop(HOME, siteIn(HOME));
    expect(requestIds).toHaveLength(2);
    const suspended = {
      ...{ DynamicScalingInSuspended: true, DynamicScalingOutSuspended: true },
      ScheduledScalingSuspended: true,
    };
    expect(mutations(inventory(), "RegisterScalableTarget")).toMatchObject([
      { input: { MinCapacity: 0, MaxCapacity: 0, SuspendedState: suspended } },
    ]);
    inventory().advance(90);
    expect(await factsIn(HOME)).toMatchObject({
      ...{ desired: 0, running: 0, targets: { healthy: 0, total: 0 } },
      scaling: { min: 0, max: 0, suspended: { scaleIn: true, scaleOut: true, scheduled: true } },
    });
  });

  test("a service without auto scaling gets none by being stopped", async () => {
    const next = siteIn(STANDBY, { service: "inventory-next" });
    await inventory().aws.compute.stop(STANDBY, next);
    expect(mutations(inventory(), "RegisterScalableTarget")).toEqual([]);
    expect(factOf(await inventory().aws.compute.describe(STANDBY, next))).toMatchObject({
      desired: 0,
      scaling: undefined,
    });
  });

  test("what was stopped is put back as it was", async () => {
    const saved = await factsIn(HOME);
    await inventory().aws.compute.stop(HOME, siteIn(HOME));
    inventory().advance(90);
    await inventory().aws.compute.restore({ region: HOME, site: siteIn(HOME), saved });
    inventory().advance(120);
    expect(await factsIn(HOME)).toMatchObject({ desired: 4, running: 4, scaling: saved.scaling });
  });

  test.each([
    { scaleIn: true, scaleOut: false, scheduled: false },
    { scaleIn: false, scaleOut: true, scheduled: false },
    { scaleIn: false, scaleOut: false, scheduled: true },
    { scaleIn: true, scaleOut: false, scheduled: true },
  ])(
    "guard suspended parts: what people had suspended in part is put back in exactly these parts: %j",
    async (parts) => {
      const before = await factsIn(HOME);
      const scaling = before.scaling && { ...before.scaling, suspended: parts };
      await inventory().aws.compute.restore({ region: HOME, site: siteIn(HOME), saved: { ...before, scaling } });
      const saved = await factsIn(HOME);
      await inventory().aws.compute.stop(HOME, siteIn(HOME));
      inventory().advance(90);

      await inventory().aws.compute.restore({ region: HOME, site: siteIn(HOME), saved });

      inventory().advance(120);
      expect(saved.scaling).toEqual(scaling);
      expect(await factsIn(HOME)).toMatchObject({ desired: 4, running: 4, scaling });
      expect(mutations(inventory(), "RegisterScalableTarget").at(-1)).toMatchObject({
        input: {
          SuspendedState: {
            DynamicScalingInSuspended: parts.scaleIn,
            DynamicScalingOutSuspended: parts.scaleOut,
            ScheduledScalingSuspended: parts.scheduled,
          },
        },
      });
    },
  );

  test("putting back takes no task from a service that was never stopped and has grown", async () => {
    const saved = await factsIn(HOME);
    inventory().traffic.ecs.find(HOME, "production", "inventory")?.scale(6, "test");
    await inventory().aws.compute.restore({ region: HOME, site: siteIn(HOME), saved });
    inventory().advance(10);
    expect((await factsIn(HOME)).desired).toBe(6);
  });

  test("a look that fails before the first change is tried again later", async () => {
    inventory().world.regions.set(HOME, "dark");
    const stopped = guarded(inventory().connect(HASTY)).compute.stop(HOME, siteIn(HOME));
    await expect(stopped).rejects.toMatchObject({ name: "TransientError" });
    expect(inventory().world.log.read(0, "aws.")).toEqual([]);
  });
});
