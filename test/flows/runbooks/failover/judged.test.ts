import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { type Mode, type Plan, stepOf } from "../../../../src/domain/plan-run/plan.ts";
import { observe } from "../../../../src/flows/observe.ts";
import { runbookOf } from "../../../../src/flows/runbooks/index.ts";
import { eventually } from "../../../harness/eventually.ts";
import { type FailoverWorld, startFailoverWorld } from "../../../harness/failover-world.ts";
import { uncheckedIn } from "../../../harness/plans.ts";
import { siteOf, standbyOf } from "../../../harness/site.ts";

const SPEED = 20;

let at: FailoverWorld;
beforeAll(async () => {
  at = await startFailoverWorld({ example: "inventory", speed: SPEED });
});
afterAll(() => at.stop());

interface Judged {
  readonly refusals: string;
  readonly acceptances: readonly string[];
  readonly unchecked: string;
  readonly plan?: Plan;
}

/** What a plan to the standby says now. */
async function judged(mode: Mode = "unplanned"): Promise<Judged> {
  const { service, inventory, cloud, clock } = at;
  const answer = runbookOf({ runbook: "failover", id: "F-1" }).plan(
    {
      ...{ id: "F-1", service, inventory, reason: "a rehearsal", incident: undefined, requester: "farid" },
      ...{ observed: await observe(service, cloud), nowMs: clock.now() },
    },
    { mode, to: standbyOf(service) },
  );
  if (answer.kind === "refused") return { refusals: answer.reasons.join(" "), acceptances: [], unchecked: "" };
  const { acceptances, unchecked } = answer.plan;
  return {
    refusals: "",
    acceptances: acceptances.map(({ id }) => id),
    unchecked: uncheckedIn({ unchecked }),
    plan: answer.plan,
  };
}

const words = async (id: string): Promise<string> => {
  const { plan } = await judged();
  return plan?.acceptances.find((acceptance) => acceptance.id === id)?.words ?? "";
};

/** Of an ordinary plan while both sides answer. */
const ORDINARY = ["data-loss", "sessions-not-proven", "healthy-primary"];

const standby = () => {
  const { cluster, service, tasks } = siteOf(at.service, standbyOf(at.service)).compute;
  return { region: standbyOf(at.service), cluster, service, tasks };
};

async function setService(changes: object): Promise<void> {
  const { tasks: _file, ...named } = standby();
  await at.client.post("/ecs/service", { ...named, ...changes });
}

async function setCluster(changes: object): Promise<void> {
  const { region, cluster: name } = standby();
  await at.client.post("/ecs/cluster", { region, name, ...changes });
}

describe("what the standby's tasks need is judged before the keys", () => {
  test("an ordinary service needs no further words", async () => {
    expect(await judged()).toMatchObject({ refusals: "", acceptances: ORDINARY });
  });

  test.each(["CODE_DEPLOY", "EXTERNAL"])(
    "a service that %s rolls out is refused: nobody sees its tasks start",
    async (deploymentController) => {
      await setService({ deploymentController });

      expect((await judged()).refusals).toContain(`has deployment controller ${deploymentController}`);
      await setService({ deploymentController: "ECS" });
    },
  );

  test("somebody's deployment that is under way is accepted in words, and once it is through nothing is asked", async () => {
    const { region, cluster, service } = standby();
    await at.setSpeed(1);
    await at.client.click("ecs:UpdateService", region, { cluster, service, desiredCount: 1 });
    await at.client.click("ecs:UpdateService", region, { cluster, service, forceNewDeployment: true });

    expect((await judged()).acceptances).toEqual([...ORDINARY, "deployment-under-way"]);
    expect(await words("deployment-under-way")).toMatch(/^I accept that somebody's deployment of .* is under way: /);
    await at.setSpeed(SPEED);
    await eventually("deployment that is through", async () => {
      const { acceptances } = await judged();
      return acceptances.includes("deployment-under-way") ? undefined : true;
    });
    expect((await judged()).acceptances).toEqual(ORDINARY);
    await at.client.click("ecs:UpdateService", region, { cluster, service, desiredCount: 0 });
  }, 60_000);

  test("Fargate Spot alone is accepted in words", async () => {
    await setService({ capacityProviders: ["FARGATE_SPOT"] });

    expect(await judged()).toMatchObject({ refusals: "", acceptances: [...ORDINARY, "spot-only"] });
    await setService({ capacityProviders: ["FARGATE", "FARGATE_SPOT"] });
    expect(await judged()).toMatchObject({ refusals: "", acceptances: ORDINARY });
    await setService({ capacityProviders: [] });
  });

  test("a capacity provider that the cluster does not have is refused", async () => {
    await setService({ capacityProviders: ["machines"] });

    expect((await judged()).refusals).toContain("capacity provider machines, which the ECS cluster");
    await setCluster({ capacityProviders: ["machines"] });
    expect(await judged()).toMatchObject({ refusals: "", acceptances: ORDINARY });
    await setService({ capacityProviders: [] });
    await setCluster({});
  });

  test("machines that are not there are refused, and a few are accepted in words", async () => {
    await setService({ launchType: "EC2" });

    expect((await judged()).refusals).toContain("has no machine to start a task on");
    await setCluster({ containerInstances: 1 });
    expect(await judged()).toMatchObject({ refusals: "", acceptances: [...ORDINARY, "fixed-machines"] });
    expect(await words("fixed-machines")).toContain("on the 1 machine that its cluster has now");
    await setService({ launchType: "FARGATE" });
    await setCluster({});
  });

  test("a cluster of which nobody may ask is shown as not checked", async () => {
    await setService({ launchType: "EC2" });
    at.whole.world.faults.plan({
      ...{ vendor: "aws", operation: "DescribeClusters" },
      effect: { kind: "error", status: 400, code: "AccessDeniedException" },
    });

    expect(await judged()).toMatchObject({ refusals: "", acceptances: ORDINARY });
    expect((await judged()).unchecked).toMatch(/what the tasks of .* would start on: .*AccessDenied/);
    at.whole.world.faults.clear();
    await setService({ launchType: "FARGATE" });
  });
});

const setDefinition = (changes: object) =>
  at.client.post("/ecs/task-definition", { family: standby().service, ...changes });
const setSubnet = (addresses: number) =>
  at.client.post("/ec2/subnet", { region: standby().region, id: "subnet-0a1b2c3d4e5f60718", addresses });

describe("how long the old side's tasks go on after they are told to stop", () => {
  const setDelay = (deregistrationDelaySeconds: number) => {
    const { target_group: group = "" } = siteOf(at.service, at.service.home).compute;
    const named = { region: at.service.home, name: group.split("/")[1] };
    return at.client.post("/elb/target-group", { ...named, deregistrationDelaySeconds });
  };
  const MINUTE = 60_000;
  const deadlineIn = ({ plan }: Judged) => (plan ? stepOf(plan, "fence").deadlineMs : undefined);

  test("guard drain: is waited for by the fence of a planned move, however long it is", async () => {
    expect(deadlineIn(await judged("planned"))).toBe(15 * MINUTE);
    await setDelay(1_200);
    await setDefinition({ stopTimeoutSeconds: 120 });

    expect(deadlineIn(await judged("planned"))).toBe(27 * MINUTE);
    expect(deadlineIn(await judged("unplanned"))).toBe(15 * MINUTE);
    await setDelay(30);
    await setDefinition({ stopTimeoutSeconds: 30 });
  });

  test("refuses a planned move where it is absurd, with its parts and what to do, and no other one", async () => {
    await setDelay(3_600);

    const { refusals } = await judged("planned");
    expect(refusals).toContain(
      "may go on for 1 h after they are told to stop. First target group inventory waits 3600 s",
    );
    expect(refusals).toContain("then the containers have 30 s (stopTimeout of the task definition)");
    expect(refusals).toContain("Bring both together below 30 min, or use mode unplanned.");
    expect(await judged("unplanned")).toMatchObject({ refusals: "" });
    await setDelay(30);
  });

  test("is shown as unknown where TwoKey may not look", async () => {
    at.whole.world.faults.plan({
      ...{ vendor: "aws", operation: "DescribeTargetGroupAttributes" },
      effect: { kind: "error", status: 403, code: "AccessDenied" },
    });

    const { refusals, unchecked } = await judged("planned");
    expect(refusals).toBe("");
    expect(unchecked).toMatch(/how long the tasks of .+ in eu-west-1 go on after they are told to stop: /);
    at.whole.world.faults.clear();
  });
});

describe("the network and the image of the standby's tasks are judged before the keys", () => {
  test("a few free addresses are accepted in words, and none refuses", async () => {
    await setSubnet(1);

    expect(await judged()).toMatchObject({ refusals: "", acceptances: [...ORDINARY, "few-addresses"] });
    expect(await words("few-addresses")).toMatch(/have addresses for 1 of the \d+ tasks that are wanted$/);
    await setSubnet(0);
    expect((await judged()).refusals).toContain("have no free address");
    await setSubnet(4_000);
  });

  test("no free address is accepted in words where one of its tasks runs already", async () => {
    const { region, cluster, service } = standby();
    const runs = async (desiredCount: number) => {
      await at.client.click("ecs:UpdateService", region, { cluster, service, desiredCount });
      await eventually(`standby with ${desiredCount} tasks`, async () => {
        const seen = await at.cloud.compute.describe(region, siteOf(at.service, region).compute);
        return seen.known && seen.value.running === desiredCount && seen.value.pending === 0;
      });
    };
    await runs(1);
    await setSubnet(0);

    expect(await judged()).toMatchObject({ refusals: "", acceptances: expect.arrayContaining(["few-addresses"]) });
    await setSubnet(4_000);
    await runs(0);
  });

  test("one of several subnets that is not there is accepted in words that name it", async () => {
    const [ordinary, gone] = ["subnet-0a1b2c3d4e5f60718", "subnet-gone"];
    await setService({ subnets: [ordinary, gone] });

    expect(await judged()).toMatchObject({ refusals: "", acceptances: [...ORDINARY, "subnet-gone"] });
    expect(await words("subnet-gone")).toContain(
      "names subnet-gone, which does not exist: a task that ECS would start",
    );
    await setService({ subnets: [ordinary] });
    expect(await judged()).toMatchObject({ refusals: "", acceptances: ORDINARY });
  });

  test("subnets that are not there have no address", async () => {
    await setService({ subnets: ["subnet-gone"] });

    expect((await judged()).refusals).toContain(
      "names subnet-gone, which does not exist, so not one more task would start. Give it subnets that are there first.",
    );
    await setService({ subnets: ["subnet-0a1b2c3d4e5f60718"] });
  });

  test.each(["bridge", "host"])(
    "network mode %s is refused: no target would be known as a task's own",
    async (networkMode) => {
      await setDefinition({ networkMode });

      expect((await judged()).refusals).toContain(`has network mode ${networkMode}`);
      await setDefinition({ networkMode: "awsvpc" });
    },
  );

  test("so is a target group of machines", async () => {
    const { target_group: group = "" } = siteOf(at.service, standby().region).compute;
    const named = { region: standby().region, name: group.split("/")[1] };
    await at.client.post("/elb/target-group", { ...named, targetType: "instance" });

    expect((await judged()).refusals).toContain("a target group of type instance");
    await at.client.post("/elb/target-group", { ...named, targetType: "ip" });
  });

  test("an image of the registry in the region that is left is accepted in words; one of elsewhere needs none", async () => {
    const imageIn = (region: string) => `111122223333.dkr.ecr.${region}.amazonaws.com/inventory:7`;
    await setDefinition({ image: imageIn(at.service.home) });

    expect(await judged()).toMatchObject({ refusals: "", acceptances: [...ORDINARY, "image-of-old-side"] });
    expect(await words("image-of-old-side")).toContain(imageIn(at.service.home));
    for (const image of [imageIn("us-west-2"), "ghcr.io/mycomputer/inventory:7"]) {
      await setDefinition({ image });
      expect((await judged()).acceptances).toEqual(ORDINARY);
    }
    await setDefinition({ image: imageIn(standbyOf(at.service)) });
  });

  test("one of another region that is not there is refused, as one of its own region is", async () => {
    for (const region of [at.service.home, "us-west-2"]) {
      const image = `111122223333.dkr.ecr.${region}.amazonaws.com/inventory:8`;
      await setDefinition({ image });
      await at.client.post("/ecr/remove", { region, image });

      expect((await judged()).refusals).toContain(`starts its tasks from ${image}, which ECR does not have there`);
    }
    await setDefinition({ image: `111122223333.dkr.ecr.${standby().region}.amazonaws.com/inventory:9` });
  });

  test("with no task running, one of a region whose ECR gives no answer is refused", async () => {
    const { home: region } = at.service;
    const image = `111122223333.dkr.ecr.${region}.amazonaws.com/inventory:7`;
    await setDefinition({ image });
    await at.client.post("/regions", { region, service: "ecr", mode: "refusing" });

    expect((await judged()).refusals).toContain(
      `starts its tasks from ${image}, and ECR gives no answer in ${region}: not one task would start. Copy the image`,
    );
    const { region: there, cluster, service } = standby();
    await at.client.click("ecs:UpdateService", there, { cluster, service, desiredCount: 1 });
    const seen = await judged();
    expect(seen).toMatchObject({ refusals: "", acceptances: [...ORDINARY, "image-of-old-side"] });
    expect(seen.unchecked).toContain(`whether image ${image} of`);
    await at.client.click("ecs:UpdateService", there, { cluster, service, desiredCount: 0 });
    await eventually("a standby without tasks", async () => {
      const now = await at.others.compute.service(there, siteOf(at.service, there).compute);
      return now.known && now.value.running + now.value.pending === 0 ? true : undefined;
    });
    await setService({ launchType: "EC2" });
    await setCluster({ containerInstances: 1 });
    expect((await judged()).acceptances).toEqual([...ORDINARY, "fixed-machines", "image-of-old-side"]);
    await setService({ launchType: "FARGATE" });
    await setCluster({});
    await at.client.post("/regions", { region, service: "ecr", mode: "up" });
    await setDefinition({ image: `111122223333.dkr.ecr.${there}.amazonaws.com/inventory:9` });
  }, 60_000);

  test("one that ECR does not have any more is refused, and one that nobody may look for is shown", async () => {
    const { region } = standby();
    const image = `111122223333.dkr.ecr.${region}.amazonaws.com/team/inventory:8`;
    await setDefinition({ image });
    expect(await judged()).toMatchObject({ refusals: "", acceptances: ORDINARY });
    await at.client.post("/ecr/remove", { region, image });

    expect((await judged()).refusals).toContain(
      `starts its tasks from ${image}, which ECR does not have there. Push it`,
    );
    at.whole.world.faults.plan({
      ...{ vendor: "aws", operation: "DescribeImages" },
      effect: { kind: "error", status: 400, code: "AccessDeniedException" },
    });
    expect((await judged()).refusals).toBe("");
    expect((await judged()).unchecked).toMatch(/whether image .*team\/inventory:8 of .* is there: .*AccessDenied/);
    at.whole.world.faults.clear();
    await setDefinition({ image: image.replace("8", "9") });
  });
});

describe("the quota of Fargate in the standby's region is judged before the keys", () => {
  const setQuota = (vcpus: number | null, provider = "FARGATE") =>
    at.client.post("/ecs/quota", { region: standby().region, provider, vcpus });

  test("one that is too small for all tasks is accepted in words, with the number and what to ask AWS for", async () => {
    const { tasks, region } = standby();
    await setDefinition({ cpuUnits: 2_048 });
    await setQuota(tasks * 2);
    expect(await judged()).toMatchObject({ refusals: "", acceptances: ORDINARY });
    await setQuota(tasks * 2 - 1);

    expect(await judged()).toMatchObject({ refusals: "", acceptances: [...ORDINARY, "quota-too-small"] });
    expect(await words("quota-too-small")).toContain(
      `has room for at most ${tasks - 1} of ${tasks} tasks: the account may run ${tasks * 2 - 1} vCPUs there (Fargate On-Demand vCPU resource count, L-3032A538), and a task takes 2`,
    );
    expect((await judged("planned")).acceptances).toContain("quota-too-small");
    expect(region).not.toBe(at.service.home);
  });

  test("one that has no room for a single task is refused, unless some run", async () => {
    const { region, cluster, service } = standby();
    await setQuota(1);

    const { refusals } = await judged();
    expect(refusals).toContain("the account may run 1 vCPU there (Fargate On-Demand vCPU resource count, L-3032A538)");
    expect(refusals).toContain("not one task of 2 vCPUs would start. Ask AWS for more in Service Quotas first.");
    await setQuota(2);
    await at.client.click("ecs:UpdateService", region, { cluster, service, desiredCount: 1 });
    await setQuota(1);
    expect((await judged()).acceptances).toEqual([...ORDINARY, "quota-too-small"]);
    await at.client.click("ecs:UpdateService", region, { cluster, service, desiredCount: 0 });
    await eventually("a standby without tasks", async () => {
      const now = await at.others.compute.service(region, siteOf(at.service, region).compute);
      return now.known && now.value.running + now.value.pending === 0 ? true : undefined;
    });
  }, 60_000);

  test("those of all its capacity providers count together, and Fargate Spot has its own", async () => {
    await setQuota(2);
    await setService({ capacityProviders: ["FARGATE", "FARGATE_SPOT"] });

    expect(await judged()).toMatchObject({ refusals: "", acceptances: ORDINARY });
    await setQuota(0, "FARGATE_SPOT");
    expect((await judged()).acceptances).toEqual([...ORDINARY, "quota-too-small"]);
    expect(await words("quota-too-small")).toContain("Fargate Spot vCPU resource count, L-36FBB829");
    // What is left of each makes no room together.
    const { tasks } = standby();
    await setQuota(tasks * 2 - 1);
    await setQuota(1, "FARGATE_SPOT");
    expect(await words("quota-too-small")).toContain(`has room for at most ${tasks - 1} of ${tasks} tasks`);
    await setService({ capacityProviders: [] });
  });

  test("one that cannot be read is shown as unknown, and never taken for enough", async () => {
    await setQuota(null);

    const { refusals, acceptances, unchecked } = await judged();
    expect({ refusals, acceptances }).toEqual({ refusals: "", acceptances: ORDINARY });
    expect(unchecked).toMatch(/whether the account's quota allows \d+ tasks of .+ in eu-central-1: Could not /);
    await setQuota(1);
    const plane = { region: standby().region, service: "servicequotas" };
    await at.client.post("/regions", { ...plane, mode: "throttled" });
    expect(await judged()).toMatchObject({
      ...{ refusals: "", acceptances: ORDINARY },
      unchecked: expect.stringMatching(/whether the account's quota allows .+AWS asks for fewer calls/),
    });
    await at.client.post("/regions", { ...plane, mode: "up" });
    await setQuota(4_000);
    await setDefinition({ cpuUnits: 256 });
    expect((await judged()).unchecked).not.toContain("quota");
  });
});

const replica = () => {
  const { region } = standby();
  return { region, instance: siteOf(at.service, region).database.instance };
};
const setReplica = (changes: object) => at.client.post("/rds/instance", { ...replica(), ...changes });
const setKey = (state: string) =>
  at.client.post("/kms/key", { region: replica().region, key: "alias/databases", state });

describe("what the standby's database needs is judged before the keys", () => {
  test("a class below the primary's is accepted in words that name both", async () => {
    await setReplica({ instanceClass: "db.t4g.medium" });

    expect(await judged()).toMatchObject({ refusals: "", acceptances: [...ORDINARY, "smaller-class"] });
    expect(await words("smaller-class")).toContain("is a db.t4g.medium, smaller than");
    await setReplica({ instanceClass: "db.r6g.2xlarge" });
    expect((await judged()).acceptances).toEqual(ORDINARY);
    await setReplica({ instanceClass: "db.r6g.large" });
  });

  test("maintenance that is due within a day is accepted in words; what waits for somebody needs none", async () => {
    const maintenance = [{ action: "system-update", description: "New Operating System update is available" }];
    await setReplica({ maintenance });
    expect((await judged()).acceptances).toEqual(ORDINARY);

    await setReplica({ maintenance: maintenance.map((each) => ({ ...each, inSeconds: 7_200 })) });
    expect((await judged()).acceptances).toEqual([...ORDINARY, "maintenance-due"]);
    expect(await words("maintenance-due")).toMatch(/down for maintenance \(system-update\) from .*Z on$/);
    await setReplica({ maintenance: maintenance.map((each) => ({ ...each, inSeconds: 3 * 86_400 })) });
    expect((await judged()).acceptances).toEqual(ORDINARY);
    await setReplica({ maintenance: [] });
  });

  test("maintenance that nobody may ask for is shown as not checked", async () => {
    at.whole.world.faults.plan({
      ...{ vendor: "aws", operation: "DescribePendingMaintenanceActions" },
      effect: { kind: "error", status: 403, code: "AccessDenied" },
    });

    expect((await judged()).unchecked).toMatch(/maintenance of .*: .*AccessDenied/);
    at.whole.world.faults.clear();
  });

  test("storage that is full is refused: RDS promotes no such replica", async () => {
    await setReplica({ status: "storage-full" });

    expect((await judged()).refusals).toContain(
      "is storage-full (it has no room left); a replica in that status cannot be promoted",
    );
    await setReplica({ status: "available" });
  });

  test.each(["Disabled", "PendingDeletion"])(
    "a key that is %s is refused, and RDS would refuse the promotion",
    async (state) => {
      await setKey(state);

      const { region, instance } = replica();
      expect((await judged()).refusals).toContain(`The KMS key of ${instance} in ${region} is ${state}`);
      await expect(at.others.databases.promote({ region, instance, backupRetentionDays: 7 })).rejects.toMatchObject({
        message: expect.stringContaining("KMSKeyNotAccessibleFault"),
      });
      const { service, inventory, cloud, clock } = at;
      const snapshot = runbookOf({ runbook: "snapshot", id: "F-2" }).plan(
        {
          ...{ id: "F-2", service, inventory, reason: "a rehearsal", incident: undefined, requester: "farid" },
          ...{ observed: await observe(service, cloud), nowMs: clock.now() },
        },
        {},
      );
      expect(snapshot).toMatchObject({
        kind: "refused",
        reasons: [expect.stringContaining("no copy can be encrypted")],
      });
      await setKey("Enabled");
      expect((await judged()).refusals).toBe("");
    },
  );
});
