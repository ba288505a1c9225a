import { describe, expect, test } from "@jest/globals";
import type { Known } from "../../../src/domain/service/observed.ts";
import { eventually } from "../../harness/eventually.ts";
import {
  CLUSTER,
  DB_NAME,
  factOf,
  groupArn,
  guarded,
  HASTY,
  HOME,
  NAME,
  OBSERVE_ROLE,
  PRIMARY,
  PRIVATE_ZONE,
  REPLICA,
  ROLE,
  STANDBY,
  siteIn,
  ZONE,
} from "./inventory-world.ts";
import { quietWire } from "./quiet-wire.ts";
import { worldOfEachTest } from "./world-of-each-test.ts";

const inventory = worldOfEachTest();

const MEMBERS = ["orders-1", "orders-2"] as const;
const database = (instance: string, signal?: AbortSignal) => inventory().aws.databases.describe(HOME, instance, signal);
const rules = (group: string) => inventory().aws.firewall.rules(HOME, group);
const service = (name: string) => inventory().aws.compute.service(STANDBY, siteIn(STANDBY, { service: name }));
const hasLeft = () =>
  eventually("call that has left", async () => (await inventory().reads("DescribeDBInstances")) === 1 || undefined);
const whyOf = (known: Known<unknown>) => (known.known ? known : { ...known, atMs: expect.any(Number) });

describe("looks that are asked for in the same turn", () => {
  test("at databases leave as one call, whoever asks, and each is told of its own", async () => {
    const asked = [PRIMARY, ...MEMBERS, PRIMARY];
    const seen = await Promise.all(asked.map((instance) => database(instance)));
    expect(seen.map((one) => factOf(one).instance)).toEqual(asked);
    expect(await inventory().reads("DescribeDBInstances")).toBe(1);
  });

  test("at security groups leave as one call", async () => {
    const [home, app] = await Promise.all([rules("sg-home"), rules("sg-app")]);
    expect(factOf(home).length).toBeGreaterThan(factOf(app).length);
    expect(await inventory().reads("DescribeSecurityGroups")).toBe(1);
  });

  test("at what carries security groups leave as one call to each API, and each is told of its own groups", async () => {
    const { firewall } = inventory().aws;
    const carriers = (...groups: string[]) =>
      Promise.all([firewall.interfacesWith(HOME, groups), firewall.databasesWith(HOME, groups)]);
    const [home, app, both] = await Promise.all([
      carriers("sg-home"),
      carriers("sg-app"),
      carriers("sg-home", "sg-app"),
    ]);
    const saidOf = (both: Awaited<ReturnType<typeof carriers>>) =>
      both.flatMap((known) => factOf(known).map(({ group, says }) => `${group} ${says}`));
    const databases = [PRIMARY, ...MEMBERS].map((instance) => `sg-home database ${instance}`);
    const bastion = "eni-0bastion (i-0b2, bastion)";
    const onHome = [`sg-home ${bastion}`, ...databases].toSorted();
    const onApp = [`sg-app ${bastion}`, "sg-app eni-0lambda (AWS Lambda VPC ENI-report)"];
    expect(saidOf(home).toSorted()).toEqual(onHome);
    expect(saidOf(app).toSorted()).toEqual(onApp);
    expect(saidOf(both).toSorted()).toEqual([...onApp, ...onHome].toSorted());
    expect(await inventory().reads("DescribeNetworkInterfaces")).toBe(1);
    expect(await inventory().reads("DescribeDBInstances")).toBe(1);
  });

  test("at services, and at their auto scaling, leave as one call each", async () => {
    const [one, next, mails] = await Promise.all(["inventory", "inventory-next", "inventory-mails"].map(service));
    expect([one, next, mails].map((each) => each && factOf(each).desired)).toEqual([1, 2, 1]);
    expect([one, next, mails].map((each) => each && factOf(each).scaling?.max)).toEqual([3, undefined, undefined]);
    expect(await inventory().reads("DescribeServices")).toBe(1);
    expect(await inventory().reads("DescribeScalableTargets")).toBe(1);
  });

  test("at more services than AWS takes in one call leave as two", async () => {
    const names = ["inventory", ...Array.from({ length: 10 }, (_, at) => `inventory-${at}`)];
    const [known, ...unknown] = await Promise.all(names.map(service));
    expect(known && factOf(known).desired).toBe(1);
    expect(unknown).toHaveLength(10);
    for (const each of unknown) expect(each).toMatchObject({ known: false, cause: "absent" });
    expect(await inventory().reads("DescribeServices")).toBe(2);
  });

  test("at the replication lag of replicas leave as one call, and each is told of its own", async () => {
    inventory().advance(61);
    const lag = (instance: string) => inventory().aws.databases.lag(STANDBY, instance);
    const [own, other, again] = await Promise.all([lag(REPLICA), lag("another"), lag(REPLICA)]);
    expect(own && factOf(own).seconds).toBeCloseTo(3, 0);
    expect(again).toMatchObject({ known: true, value: own && factOf(own) });
    expect(other).toMatchObject({ known: false, why: "CloudWatch has no recent replication lag of another" });
    expect(await inventory().reads("GetMetricData")).toBe(1);
  });

  test("at the tasks of one service read its lists once, and those of several are described in one call", async () => {
    const { compute } = inventory().connect({ pace: { perSecond: 1, burst: 1 } });
    const names = ["inventory", "inventory-next", "inventory-mails", "inventory"];
    const asked = names.map((name) => compute.tasksLeft(STANDBY, siteIn(STANDBY, { service: name })));
    const lists = () => inventory().reads("ListTasks");
    for (let second = 0; second < 6 && (await quietWire(lists, second + 1)) < 6; second++) inventory().advance(1);
    // By now all have asked to describe theirs.
    inventory().advance(1);
    const left = await Promise.all(asked);
    expect(left.map((each) => factOf(each))).toEqual([1, 2, 1, 1]);
    expect(await inventory().reads("ListTasks")).toBe(6);
    expect(await inventory().reads("DescribeTasks")).toBe(1);
  });

  test("at the targets of one group leave as one call", async () => {
    const facts = await Promise.all(
      ["inventory", "inventory-next"].map((name) =>
        inventory().aws.compute.describe(STANDBY, siteIn(STANDBY, { service: name })),
      ),
    );
    expect(facts.map((each) => factOf(each).targets?.total)).toEqual([1, 2]);
    expect(await inventory().reads("DescribeTargetHealth")).toBe(1);
  });

  test("at the records of one name leave as one call, and those of another name by their own", async () => {
    const { traffic } = inventory().aws;
    const zones = [
      [ZONE, NAME],
      [ZONE, NAME],
      [ZONE, "geo.mycomputer.com"],
      [PRIVATE_ZONE, DB_NAME],
    ] as const;
    const seen = await Promise.all(zones.map(([zone, name]) => traffic.records(zone, name)));
    expect(seen.map((each) => factOf(each).length)).toEqual([2, 2, 2, 1]);
    expect(await inventory().reads("ListResourceRecordSets")).toBe(3);
  });

  test("at what services start on leave as one call each", async () => {
    const { compute, discovery } = inventory().aws;
    const sites = ["inventory", "inventory-next"].map((name) => siteIn(STANDBY, { service: name }));
    const facts = (await Promise.all(sites.map((site) => compute.service(STANDBY, site)))).map(factOf);
    const grounds = facts.map((each, at) =>
      compute.ground({ region: STANDBY, site: sites[at] ?? siteIn(STANDBY), facts: each }),
    );
    const [balancers, ...seen] = await Promise.all([discovery.loadBalancers(STANDBY, groupArn(STANDBY)), ...grounds]);
    expect(seen.map((each) => factOf(each).targetType)).toEqual(["ip", "ip"]);
    expect(factOf(balancers).map(({ name }) => name)).toEqual(["secondary-alb"]);
    expect(await inventory().reads("DescribeTargetGroups")).toBe(1);
    expect(await inventory().reads("DescribeTargetGroupAttributes")).toBe(1);
    expect(await inventory().reads("DescribeTaskDefinition")).toBe(1);
  });

  test("at the maintenance of databases, and at clusters and their members, leave as one call each", async () => {
    const { databases, clusters } = inventory().aws;
    const pending = await Promise.all([PRIMARY, ...MEMBERS].map((each) => databases.maintenance(HOME, each)));
    expect(pending.map((each) => factOf(each))).toEqual([[], [], []]);
    expect(await inventory().reads("DescribePendingMaintenanceActions")).toBe(1);
    const seen = await Promise.all([CLUSTER, CLUSTER, "nobody"].map((each) => clusters.describe(HOME, each)));
    expect(seen.slice(0, 2).map((each) => factOf(each).members.map(({ status }) => status))).toEqual(
      [1, 2].map(() => ["available", "available"]),
    );
    expect(seen[2]).toMatchObject({
      known: false,
      cause: "absent",
      why: expect.stringContaining("describe cluster nobody"),
    });
    expect(await inventory().reads("DescribeDBInstances")).toBe(1);
    // And once more for each of the two, as one of them is not there.
    expect(await inventory().reads("DescribeDBClusters")).toBe(2);
  });

  test("in other regions, clusters and sessions leave by calls of their own", async () => {
    const account = inventory().connect({ role: { arn: OBSERVE_ROLE, sessionName: "bot-1" }, executeRole: ROLE });
    const [one, other] = ["dr-F-1", "dr-F-2"].map((sessionName) => account.as({ sessionName }));
    await Promise.all([
      ...[account, one, other].map((each) => each?.databases.describe(HOME, PRIMARY)),
      one?.databases.describe(STANDBY, REPLICA),
    ]);
    expect(await inventory().reads("DescribeDBInstances", HOME)).toBe(3);
    expect(await inventory().reads("DescribeDBInstances", STANDBY)).toBe(1);
    await Promise.all([
      one?.compute.service(HOME, siteIn(HOME)),
      one?.compute.service(HOME, { ...siteIn(HOME), cluster: "dr" }),
    ]);
    expect(await inventory().reads("DescribeServices", HOME)).toBe(2);
  });

  test("are never answered by what was looked at before they were asked for", async () => {
    const slow = {
      vendor: "aws",
      operation: "DescribeDBInstances",
      effect: { kind: "delay", machineMs: 600 },
    } as const;
    inventory().world.faults.plan({ ...slow, times: 1 });
    const early = database(PRIMARY);
    await hasLeft();
    const late = database(PRIMARY);
    await early;
    expect(factOf(await late).instance).toBe(PRIMARY);
    expect(await inventory().reads("DescribeDBInstances")).toBe(2);
    await database(PRIMARY);
    expect(await inventory().reads("DescribeDBInstances")).toBe(3);
  });
});

describe("of looks that share a call", () => {
  test("one at a database that is not there says so in AWS's own words, as it does alone, and the others are answered", async () => {
    const [there, missing] = await Promise.all([database(PRIMARY), database("nobody-made-it")]);
    expect(factOf(there).instance).toBe(PRIMARY);
    const alone = whyOf(await database("nobody-made-it"));
    expect(missing).toEqual(alone);
    expect(alone).toMatchObject({
      ...{ known: false, cause: "absent" },
      why: expect.stringMatching(
        /^Could not describe nobody-made-it in eu-west-1: AWS does not know it there \(AWS said “DBInstanceNotFound: /,
      ),
    });
  });

  test("one at a security group that is not there says so, and the others are answered", async () => {
    const [there, missing] = await Promise.all([rules("sg-home"), rules("sg-nobody")]);
    expect(factOf(there).length).toBeGreaterThan(0);
    expect(missing).toMatchObject({
      known: false,
      cause: "absent",
      why: expect.stringContaining("InvalidGroup.NotFound"),
    });
    expect(missing).toEqual(whyOf(await rules("sg-nobody")));
  });

  test("one that gives up ends alone, with its own reason", async () => {
    const giveUp = new AbortController();
    inventory().world.faults.plan({
      ...{ vendor: "aws", operation: "DescribeDBInstances", times: 1 },
      effect: { kind: "delay", machineMs: 300 },
    });
    const given = database(PRIMARY, giveUp.signal);
    const kept = database("orders-1");
    await hasLeft();
    giveUp.abort(new Error("no time"));
    await expect(given).rejects.toThrow("no time");
    expect(factOf(await kept).instance).toBe("orders-1");
    expect(await inventory().reads("DescribeDBInstances")).toBe(1);
  });

  test("an answer that does not come is said to each, of what it asked for", async () => {
    const { databases } = guarded(inventory().connect(HASTY));
    inventory().world.faults.plan({ vendor: "aws", operation: "DescribeDBInstances", effect: { kind: "hang" } });
    const silent = await Promise.all(MEMBERS.map((instance) => databases.describe(HOME, instance)));
    for (const [at, one] of silent.entries())
      expect(one).toMatchObject({
        ...{ known: false, cause: "unreachable" },
        why: expect.stringContaining(`Could not describe ${MEMBERS[at]} in ${HOME}: no answer`),
      });
    expect(await inventory().reads("DescribeDBInstances")).toBe(1);
  });
});

describe("a role that may see one of them by its name only", () => {
  const statement = (Action: string, Resource: string | string[]) => ({ Effect: "Allow" as const, Action, Resource });
  const arn = (service: string, thing: string) => `arn:aws:${service}:${STANDBY}:111122223333:${thing}`;
  const Statement = [
    statement("rds:DescribeDBInstances", arn("rds", `db:${REPLICA}`)),
    statement("ecs:DescribeServices", [arn("ecs", "service/dr/inventory"), arn("ecs", "service/dr/inventory-next")]),
    statement("application-autoscaling:DescribeScalableTargets", "*"),
  ];
  const narrow = worldOfEachTest([], {
    roles: [{ arn: OBSERVE_ROLE, policies: [{ Version: "2012-10-17", Statement }] }],
  });

  test("sees it all the same, and is denied the other alone", async () => {
    const { databases, compute } = narrow().connect({ role: { arn: OBSERVE_ROLE, sessionName: "bot-1" } });
    const [own, other] = await Promise.all([REPLICA, "another"].map((each) => databases.describe(STANDBY, each)));
    expect(own && factOf(own).instance).toBe(REPLICA);
    expect(other).toMatchObject({ known: false, cause: "denied", why: expect.stringContaining("describe another") });
    const services = ["inventory", "inventory-next", "inventory-mails"];
    const seenThere = await Promise.all(
      services.map((each) => compute.service(STANDBY, siteIn(STANDBY, { service: each }))),
    );
    expect(seenThere.map((each) => (each.known ? each.value.desired : each.cause))).toEqual([1, 2, "denied"]);
  });
});
