import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { advance, at, HOME, inventorySpec, openTraffic, refusal, STANDBY } from "./harness.ts";

let opened: ReturnType<typeof openTraffic>;
beforeEach(() => {
  opened = openTraffic();
});
afterEach(() => opened.stop());

function update(input: Record<string, unknown>) {
  return opened.call(
    { service: "ecs", operation: "UpdateService" },
    { cluster: "dr", service: "inventory", ...input },
    STANDBY,
  );
}

function service() {
  return at(
    opened.call({ service: "ecs", operation: "DescribeServices" }, { cluster: "dr", services: ["inventory"] }, STANDBY),
    "services",
    0,
  );
}

function register(input: Record<string, unknown>) {
  const ids = {
    ServiceNamespace: "ecs",
    ResourceId: "service/dr/inventory",
    ScalableDimension: "ecs:service:DesiredCount",
  };
  return opened.call(
    { service: "application-autoscaling", operation: "RegisterScalableTarget" },
    { ...ids, ...input },
    STANDBY,
  );
}

function targetStates(): unknown[] {
  const groups = opened.call(
    { service: "elasticloadbalancing", operation: "DescribeTargetGroups" },
    { Names: ["inventory"] },
    STANDBY,
  );
  const TargetGroupArn = at(groups, "TargetGroups", 0, "TargetGroupArn");
  const health = opened.call(
    { service: "elasticloadbalancing", operation: "DescribeTargetHealth" },
    { TargetGroupArn },
    STANDBY,
  );
  const entries = at(health, "TargetHealthDescriptions", "length");
  return Array.from({ length: Number(entries) }, (_, index) =>
    at(health, "TargetHealthDescriptions", index, "TargetHealth", "State"),
  );
}

describe("an ECS service", () => {
  test("starts no deployment for a new desired count, though its rollout already reads COMPLETED", () => {
    const before = at(service(), "deployments", 0, "id");
    update({ desiredCount: 3 });
    expect(service()).toMatchObject({ desiredCount: 3, runningCount: 1, pendingCount: 2 });
    expect(at(service(), "deployments", "length")).toBe(1);
    expect(at(service(), "deployments", 0)).toMatchObject({ id: before, rolloutState: "COMPLETED" });
  });

  test("runs new tasks after 35 to 75 s, healthy one threshold of checks later, and then says it is steady", () => {
    update({ desiredCount: 3 });
    advance(opened.world, 34);
    expect(service()).toMatchObject({ runningCount: 1 });
    advance(opened.world, 42);
    expect(service()).toMatchObject({ runningCount: 3, pendingCount: 0 });
    advance(opened.world, 31);
    expect(targetStates()).toEqual(["healthy", "healthy", "healthy"]);
    expect(at(service(), "events", 0, "message")).toBe("(service inventory) has reached a steady state.");
    const kinds = opened.world.log.read(0, "ecs.").map(({ kind, facts }) => [kind, facts["running"]]);
    expect(kinds).toEqual([
      ["ecs.scale-accepted", undefined],
      ["ecs.tasks-running", 2],
      ["ecs.tasks-running", 3],
      ["ecs.steady", undefined],
    ]);
  });

  test("replaces its tasks by a forced deployment without ever serving with fewer", () => {
    const before = String(at(service(), "deployments", 0, "id"));
    update({ forceNewDeployment: true });
    for (let second = 0; second < 180; second++) {
      advance(opened.world, 1);
      expect(targetStates()).toContain("healthy");
    }
    expect(at(service(), "deployments", "length")).toBe(1);
    expect(at(service(), "deployments", 0, "id")).not.toBe(before);
    expect(at(service(), "deployments", 0, "rolloutState")).toBe("COMPLETED");
    expect(targetStates()).toEqual(["healthy"]);
  });

  test("stops tasks only after deregistration delay and stop time", () => {
    update({ desiredCount: 0 });
    expect(service()).toMatchObject({ desiredCount: 0, runningCount: 0 });
    expect(targetStates()).toEqual(["draining"]);
    const stopped = () =>
      opened.call({ service: "ecs", operation: "ListTasks" }, { cluster: "dr", desiredStatus: "STOPPED" }, STANDBY);
    const arn = at(stopped(), "taskArns", 0);
    const status = () =>
      at(
        opened.call({ service: "ecs", operation: "DescribeTasks" }, { cluster: "dr", tasks: [arn] }, STANDBY),
        "tasks",
        0,
        "lastStatus",
      );
    expect(status()).toBe("DEACTIVATING");
    advance(opened.world, 31);
    expect(status()).toBe("STOPPING");
    advance(opened.world, 33);
    expect(status()).toBe("STOPPED");
    expect(targetStates()).toEqual([]);
  });

  test("with the circuit breaker goes back to the last good definition under a new deployment", () => {
    opened.stop();
    const spec = inventorySpec();
    for (const entry of spec.ecs?.services ?? []) entry.circuitBreaker = { enable: true, rollback: true };
    opened = openTraffic(spec);
    update({ taskDefinition: "inventory:8" });
    const broken = at(service(), "deployments", 0, "id");
    advance(opened.world, 1_500);
    expect(at(service(), "deployments", "length")).toBe(1);
    expect(at(service(), "deployments", 0, "id")).not.toBe(broken);
    expect(service()).toMatchObject({
      taskDefinition: expect.stringContaining(":task-definition/inventory:7"),
      runningCount: 1,
    });
  });

  test("without it tries a broken image for ever and counts the failures", () => {
    update({ taskDefinition: "inventory:8" });
    advance(opened.world, 900);
    expect(at(service(), "deployments", 0)).toMatchObject({ rolloutState: "IN_PROGRESS" });
    expect(Number(at(service(), "deployments", 0, "failedTasks"))).toBeGreaterThan(5);
    expect(targetStates()).toEqual(["healthy"]);
  });

  test("that finds no room says so in an event and goes on when there is some", () => {
    const scheduler = opened.traffic.ecs.find(STANDBY, "dr", "inventory");
    if (!scheduler) throw new Error("The spec has that service");
    scheduler.capacityTasks = 1;
    update({ desiredCount: 2 });
    expect(at(service(), "events", 0, "message")).toContain("was unable to place a task");
    scheduler.capacityTasks = 2;
    advance(opened.world, 120);
    expect(service()).toMatchObject({ runningCount: 2 });
  });

  test("that the quota of Fargate leaves no room says so, and the tasks of the whole region count", () => {
    const setQuota = (vcpus: number) => {
      const quota = { region: STANDBY, provider: "FARGATE" as const, vcpus };
      opened.traffic.spec.ecs.fargateQuotas = [quota];
    };
    setQuota(0.75);
    update({ desiredCount: 4 });
    expect(at(service(), "events", 0, "message")).toContain("You've reached the limit on the number of vCPUs");
    advance(opened.world, 120);
    expect(service()).toMatchObject({ runningCount: 3 });
    setQuota(1);
    advance(opened.world, 120);
    expect(service()).toMatchObject({ runningCount: 4 });
    const asked = { ServiceCode: "fargate", QuotaCode: "L-3032A538" };
    const told = opened.call({ service: "servicequotas", operation: "GetServiceQuota" }, asked, STANDBY);
    expect(told).toMatchObject({ Quota: { Value: 1, QuotaName: "Fargate On-Demand vCPU resource count" } });
    const ask = (input: object) => () =>
      opened.call({ service: "servicequotas", operation: "GetServiceQuota" }, { ...asked, ...input }, STANDBY);
    expect(refusal(ask({ QuotaCode: "L-0" }))?.code).toBe("NoSuchResourceException");
    expect(refusal(ask({ ServiceCode: "ec2" }))?.code).toBe("NoSuchResourceException");
  });

  test("is told apart from what does not exist", () => {
    const described = opened.call(
      { service: "ecs", operation: "DescribeServices" },
      { cluster: "dr", services: ["nobody"] },
      STANDBY,
    );
    expect(described).toMatchObject({ services: [], failures: [{ reason: "MISSING" }] });
    expect(refusal(() => update({ service: "nobody", desiredCount: 1 }))?.code).toBe("ServiceNotFoundException");
    expect(refusal(() => update({ cluster: "nowhere" }))?.code).toBe("ClusterNotFoundException");
    expect(refusal(() => update({ taskDefinition: "inventory:stable" }))).toMatchObject({
      ...{ code: "ClientException", message: "Unable to describe task definition." },
    });
  });
});

describe("registering a scalable target", () => {
  test("clamps the running count up to its minimum", () => {
    register({ MinCapacity: 4, MaxCapacity: 10 });
    expect(service()).toMatchObject({ desiredCount: 1 });
    advance(opened.world, 4);
    expect(service()).toMatchObject({ desiredCount: 4 });
    advance(opened.world, 75);
    expect(service()).toMatchObject({ runningCount: 4 });
  });

  test("clamps even when it only suspends", () => {
    register({ MinCapacity: 2, MaxCapacity: 10 });
    advance(opened.world, 4);
    update({ desiredCount: 0 });
    register({ SuspendedState: { DynamicScalingInSuspended: true } });
    advance(opened.world, 4);
    expect(service()).toMatchObject({ desiredCount: 2 });
    const targets = opened.call(
      { service: "application-autoscaling", operation: "DescribeScalableTargets" },
      { ServiceNamespace: "ecs" },
      STANDBY,
    );
    expect(at(targets, "ScalableTargets", 0, "SuspendedState")).toEqual({
      ...{ DynamicScalingInSuspended: true, DynamicScalingOutSuspended: false, ScheduledScalingSuspended: false },
    });
  });

  test("to zero fences the service", () => {
    register({ MinCapacity: 0, MaxCapacity: 0 });
    advance(opened.world, 70);
    expect(service()).toMatchObject({ desiredCount: 0, runningCount: 0 });
  });

  test("is refused for bounds that cross and services that do not exist", () => {
    expect(refusal(() => register({ MinCapacity: 11 }))?.code).toBe("ValidationException");
    expect(refusal(() => register({ ResourceId: "service/dr/nobody" }))?.code).toBe("ValidationException");
  });
});

describe("target health", () => {
  test("turns healthy after its threshold of checks in a row: 20 to 30 s for 2 checks 10 s apart", () => {
    update({ desiredCount: 2 });
    advance(opened.world, 110);
    const timeOf = (kind: string) => opened.world.log.read(0, kind).at(-1)?.worldMs ?? 0;
    const waitedMs = timeOf("elb.targets-healthy") - timeOf("ecs.tasks-running");
    expect(waitedMs).toBeGreaterThanOrEqual(19_000);
    expect(waitedMs).toBeLessThanOrEqual(31_000);
  });

  const deepStandby = () => {
    opened.stop();
    const spec = inventorySpec();
    for (const { targetGroups } of spec.elb?.loadBalancers ?? []) {
      for (const group of targetGroups) group.healthCheckPath = "/health?check=db";
    }
    opened = openTraffic(spec);
  };

  test("that is deep is red on a read-only database and green once it is promoted", () => {
    deepStandby();
    advance(opened.world, 31);
    expect(targetStates()).toEqual(["unhealthy"]);
    opened.call(
      { service: "rds", operation: "PromoteReadReplica" },
      { DBInstanceIdentifier: "inventory-replica" },
      STANDBY,
    );
    advance(opened.world, 160);
    expect(targetStates()).toEqual(["healthy"]);
  });

  test("is asked of known target groups only, in their own region", () => {
    const groups = opened.call({ service: "elasticloadbalancing", operation: "DescribeTargetGroups" }, {}, STANDBY);
    const TargetGroupArn = at(groups, "TargetGroups", 0, "TargetGroupArn");
    const asked = () =>
      opened.call({ service: "elasticloadbalancing", operation: "DescribeTargetHealth" }, { TargetGroupArn }, HOME);
    expect(refusal(asked)?.code).toBe("TargetGroupNotFound");
  });

  test("that stays red past the grace period costs the task its life", () => {
    deepStandby();
    const scheduler = opened.traffic.ecs.find(STANDBY, "dr", "inventory");
    const first = scheduler?.tasks[0];
    advance(opened.world, 590);
    expect(first?.status).toBe("RUNNING");
    advance(opened.world, 30);
    expect(first?.desiredStatus).toBe("STOPPED");
    expect(first?.stoppedReason).toContain("Task failed ELB health checks");
  });
});
