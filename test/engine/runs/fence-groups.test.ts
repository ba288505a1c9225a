import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { stateOf } from "../../../src/domain/plan-run/run.ts";
import { watchOldSide } from "../../../src/engine/runs/fence-watch.ts";
import { computesIn, storesIn } from "../../../src/flows/resources/site.ts";
import { drive, executorDeps, openLedger } from "../../harness/drive.ts";
import { eventually } from "../../harness/eventually.ts";
import { mutationsOf, runOf, startRun, verdictOf } from "../../harness/failover-runs.ts";
import { type FailoverWorld, startFailoverWorld } from "../../harness/failover-world.ts";
import { standbyOf } from "../../harness/site.ts";

const SPEED = 60;
const LATE = "sg-0late";
/** Another machine carries it. */
const SHARED = "sg-0shared";
const DENIED = { kind: "error", status: 400, code: "AccessDenied" } as const;

let at: FailoverWorld;
beforeEach(async () => {
  const home = "eu-west-1";
  at = await startFailoverWorld({
    ...{ example: "inventory", speed: SPEED, sessionSeconds: 1 },
    moreEc2: {
      securityGroups: [
        {
          id: SHARED,
          region: home,
          name: "tools",
          ingress: [{ fromPort: 5432, toPort: 5432, source: "172.16.0.0/12" }],
        },
        {
          ...{ id: LATE, region: home, name: "reports" },
          ingress: [
            { fromPort: 5432, toPort: 5432, source: "172.16.0.0/12", description: "reports" },
            // What does not lead to the database is nobody's business here.
            { fromPort: 22, toPort: 22, source: "192.0.2.0/24", description: "bastion" },
          ],
        },
      ],
      networkInterfaces: [
        {
          ...{ id: "eni-0tools", region: home, description: "build machine", instanceId: "i-0c3" },
          securityGroups: [SHARED],
        },
      ],
    },
  });
});
afterEach(() => at.stop());

const databaseAt = () => {
  const [store] = storesIn(at.service, at.service.home);
  if (!store) throw new Error("the service has a store");
  return store.database;
};

/** Somebody attaches a second group to the old database, and RDS has done it. */
async function attachLate(group = LATE): Promise<void> {
  const { home } = at.service;
  const { instance, security_group: own } = databaseAt();
  const input = { DBInstanceIdentifier: instance, VpcSecurityGroupIds: [own, group], ApplyImmediately: "true" };
  await at.client.click("rds:ModifyDBInstance", home, input);
  await eventually("second security group", async () => {
    const facts = await at.others.databases.describe(home, instance);
    return (facts.known && facts.value.securityGroups.includes(group)) || undefined;
  });
}

async function lateRules(group = LATE) {
  const rules = await at.others.firewall.rules(at.service.home, group);
  if (!rules.known) throw new Error(rules.why);
  return rules.value.map(({ fromPort, description }) => [fromPort, description]);
}
const BOTH = [
  [5432, "reports"],
  [22, "bastion"],
];

test("guard captured first: what others change between plan and fence is given back as they left it", async () => {
  const { home } = at.service;
  const [api] = computesIn(at.service, home);
  if (!api) throw new Error("the service has a compute");
  const { cluster, service, tasks } = api.compute;
  await startRun(at);
  await at.client.click("ec2:AuthorizeSecurityGroupIngress", home, {
    GroupId: databaseAt().security_group,
    IpPermissions: [{ IpProtocol: "tcp", FromPort: 5432, ToPort: 5432, IpRanges: [{ CidrIp: "198.51.100.0/24" }] }],
  });
  await at.client.click("ecs:UpdateService", home, { cluster, service, desiredCount: tasks + 1 });
  const rules = await at.others.firewall.rules(home, databaseAt().security_group);
  at.whole.world.faults.plan({ vendor: "aws", operation: "PromoteReadReplica", effect: DENIED });
  at.whole.world.faults.plan({
    ...{ vendor: "aws", operation: "RegisterScalableTarget", region: standbyOf(at.service), effect: DENIED },
  });

  const run = await drive(at);

  expect(run.state).toBe("unwound");
  const [rulesNow, computeNow] = await Promise.all([
    at.others.firewall.rules(home, databaseAt().security_group),
    at.others.compute.describe(home, api.compute),
  ]);
  const sources = (read: typeof rules) =>
    read.known ? read.value.map(({ source }) => JSON.stringify(source)).sort() : [];
  expect(sources(rulesNow)).toEqual(sources(rules));
  expect(sources(rulesNow)).toHaveLength(2);
  expect(computeNow.known && computeNow.value.desired).toBe(tasks + 1);
});

test("guard captured first: what others take out between plan and fence stays out", async () => {
  const { home } = at.service;
  const late = {
    GroupId: databaseAt().security_group,
    IpPermissions: [{ IpProtocol: "tcp", FromPort: 5432, ToPort: 5432, IpRanges: [{ CidrIp: "198.51.100.0/24" }] }],
  };
  await at.client.click("ec2:AuthorizeSecurityGroupIngress", home, late);
  await startRun(at);
  await at.client.click("ec2:RevokeSecurityGroupIngress", home, late);
  at.whole.world.faults.plan({
    ...{ vendor: "aws", operation: "RegisterScalableTarget", region: standbyOf(at.service), effect: DENIED },
  });

  const run = await drive(at);

  expect(run.state).toBe("unwound");
  const rules = await at.others.firewall.rules(home, databaseAt().security_group);
  expect(rules.known && rules.value.map(({ source }) => source)).toEqual([{ kind: "ipv4", cidr: "10.0.0.0/8" }]);
});

test("guard captured first: what others change while the tasks of a planned move drain is given back as it was closed", async () => {
  const { home } = at.service;
  const rule = (cidr: string) => ({
    GroupId: databaseAt().security_group,
    IpPermissions: [{ IpProtocol: "tcp", FromPort: 5432, ToPort: 5432, IpRanges: [{ CidrIp: cidr }] }],
  });
  const sources = async () => {
    const read = await at.others.firewall.rules(home, databaseAt().security_group);
    return read.known ? read.value.map(({ source }) => JSON.stringify(source)).sort() : [];
  };
  await at.client.click("ec2:AuthorizeSecurityGroupIngress", home, rule("192.0.2.0/24"));
  await startRun(at, { mode: "planned" });
  at.whole.world.faults.plan({
    ...{ vendor: "aws", operation: "RegisterScalableTarget", region: standbyOf(at.service), effect: DENIED },
  });
  const changedMeanwhile = async () => {
    await eventually("tasks that drain", async () => {
      const { state, data } = stateOf(await runOf(at), "fence");
      return (state === "asked" && "later" in data) || undefined;
    });
    await at.client.click("ec2:RevokeSecurityGroupIngress", home, rule("192.0.2.0/24"));
    await at.client.click("ec2:AuthorizeSecurityGroupIngress", home, rule("198.51.100.0/24"));
    return sources();
  };
  let changed: Promise<string[]> | undefined;

  const run = await drive(at, {
    onIntent: (step) => {
      if (step === "fence") changed = changedMeanwhile();
    },
  });

  const whenClosed = (await changed) ?? [];
  expect(run.state).toBe("unwound");
  expect(
    mutationsOf(at).some((call) => call.startsWith("RevokeSecurityGroupIngress") && call.includes("198.51.100.0")),
  ).toBe(true);
  expect(whenClosed.join()).toContain("198.51.100.0/24");
  expect(await sources()).toEqual(whenClosed);
});

describe("a security group that somebody attaches to the old database after planning", () => {
  test("is closed with the others, but for what leads elsewhere", async () => {
    await startRun(at);
    await attachLate();

    const run = await drive(at);

    expect([run.state, run.why]).toEqual(["verified", ""]);
    expect(await lateRules()).toEqual([[22, "bastion"]]);
    expect(run.captured?.["stores.stock"]).toHaveProperty(LATE);
    expect(await verdictOf(at)).toMatchObject({ splitBrain: [] });
  });

  test("is given back exactly when the run unwinds", async () => {
    await startRun(at);
    await attachLate();
    at.whole.world.faults.plan({ vendor: "aws", operation: "PromoteReadReplica", effect: DENIED });
    at.whole.world.faults.plan({
      ...{ vendor: "aws", operation: "RegisterScalableTarget", region: standbyOf(at.service), effect: DENIED },
    });

    const run = await drive(at);

    expect([run.state, run.pastNoReturn]).toEqual(["unwound", false]);
    expect(mutationsOf(at).filter((each) => each.startsWith("RevokeSecurityGroupIngress"))).toHaveLength(2);
    expect(new Set(await lateRules())).toEqual(new Set(BOTH));
  });

  test("is never edited where another machine carries it: all else is closed, and people are told whom it would cut", async () => {
    await startRun(at);
    await attachLate(SHARED);

    const run = await drive(at);

    expect([run.state, run.pastNoReturn]).toEqual(["stopped", false]);
    expect(run.why).toMatch(/would be cut off \(sg-0shared: eni-0tools \(i-0c3, build machine\)\)/);
    expect(await lateRules(SHARED)).toEqual([[5432, undefined]]);
    expect(await lateRules(databaseAt().security_group)).toEqual([]);
  });

  test("after the end is seen by the watch, and closed", async () => {
    await startRun(at);
    expect((await drive(at)).state).toBe("verified");
    await attachLate();

    const ledger = await openLedger(at, "watcher");
    const deps = { ...executorDeps(at, ledger), worker: "watcher" };
    await eventually("closed second group", async () => {
      const now = await runOf(at);
      await watchOldSide(now, deps, new AbortController().signal);
      return (now.watch.lostAtMs !== undefined && now.watch.state === "fenced") || undefined;
    });
    await ledger.close();
    expect(await lateRules()).toEqual([[22, "bastion"]]);
  });
});
