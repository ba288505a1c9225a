import { CreateDBInstanceReadReplicaCommand, RDSClient } from "@aws-sdk/client-rds";
import { describe, expect, test } from "@jest/globals";
import {
  CLUSTER,
  DB_NAME,
  factOf,
  groupArn,
  HOME,
  KEY,
  NAME,
  PRIMARY,
  PRIVATE_ZONE,
  STANDBY,
  siteIn,
  UNFINISHED,
  ZONE,
} from "./inventory-world.ts";
import { worldOfEachTest } from "./world-of-each-test.ts";

const inventory = worldOfEachTest([
  { id: "ZSHOP", name: "shop.mycomputer.com" },
  { id: "ZINSIDE1", name: "mycomputer.com", private: true },
  { id: "ZINSIDE2", name: "mycomputer.com", private: true },
]);

const absent = { known: false, cause: "absent" };

test("from a service to its target groups, and the load balancer in front, each by a question of its own", async () => {
  const { discovery } = inventory().aws;
  const { cluster, service } = siteIn(HOME);
  const found = factOf(await discovery.service(HOME, { cluster, service }));
  expect(found).toEqual({ service, targetGroups: [groupArn(HOME)] });
  expect(await inventory().reads("DescribeScalableTargets")).toBe(0);
  expect(factOf(await discovery.scaling(HOME, { cluster, service }))).toMatchObject({ min: 2, max: 12 });
  expect(factOf(await discovery.scaling(HOME, { cluster, service: "nobody" }))).toBe("not-scaled");
  expect(factOf(await discovery.loadBalancers(HOME, groupArn(HOME)))).toEqual([
    {
      ...{ arn: expect.stringContaining("primary-alb"), name: "primary-alb", kind: "application" },
      ...{ dnsName: "primary-alb.eu-west-1.elb.amazonaws.com", zone: "Z32O12XQLNTSW2" },
    },
  ]);
});

test("from a database to its endpoint and security groups", async () => {
  const { discovery } = inventory().aws;
  expect(factOf(await discovery.database(HOME, PRIMARY))).toEqual({
    ...{ instance: PRIMARY, engine: "postgres", securityGroups: ["sg-home"] },
    endpoint: { host: "inventory-db.abc.eu-west-1.rds.amazonaws.com", port: 5432 },
  });
  expect(factOf(await discovery.database(HOME, "orders-2"))).toMatchObject({ cluster: CLUSTER });
});

describe("what stands there and lawfully lacks something is understood, and said in words", () => {
  test("a replica that is being created has no endpoint yet, and has one at the next look", async () => {
    const { aws, endpoint, advance } = inventory();
    const credentials = { accessKeyId: "AKIASIMULATEDWORLD00", secretAccessKey: "not-a-secret" };
    const rds = new RDSClient({ region: STANDBY, endpoint, credentials, maxAttempts: 1 });
    const copy = { DBInstanceIdentifier: "inventory-second", KmsKeyId: KEY };
    const source = `arn:aws:rds:${HOME}:111122223333:db:${PRIMARY}`;
    await rds.send(new CreateDBInstanceReadReplicaCommand({ ...copy, SourceDBInstanceIdentifier: source }));
    rds.destroy();

    expect(await aws.discovery.database(STANDBY, "inventory-second")).toMatchObject({
      ...{ known: false, cause: "failed", why: "inventory-second has no endpoint yet: it is being created" },
    });
    advance(6 * 3_600);
    expect(factOf(await aws.discovery.database(STANDBY, "inventory-second"))).toMatchObject({
      endpoint: { host: expect.stringContaining("inventory-second"), port: 5432 },
    });
  });

  test("a cluster that is being created has no endpoint yet", async () => {
    expect(await inventory().aws.clusters.describe(STANDBY, UNFINISHED.cluster)).toMatchObject({
      ...{ known: false, cause: "failed", why: "guests has no endpoint yet: it is being created" },
    });
  });

  test("a gateway load balancer has no name", async () => {
    expect(await inventory().aws.discovery.loadBalancers(STANDBY, UNFINISHED.targetGroup)).toMatchObject({
      ...{ known: false, why: "inspection is a gateway load balancer, which has no DNS name" },
    });
  });

  test("a service that somebody else rolls out has no task definition of its own, and the rest of it is known", async () => {
    const { aws } = inventory();
    const site = {
      cluster: "dr",
      service: UNFINISHED.service,
      tasks: 1,
      max_tasks: 1,
      target_health: "process" as const,
    };
    const facts = factOf(await aws.compute.describe(STANDBY, site));

    expect(facts).toMatchObject({ status: "ACTIVE", desired: 1, controller: "EXTERNAL" });
    expect(facts).not.toHaveProperty("taskDefinition");
    expect(await aws.compute.ground({ region: STANDBY, site, facts })).toMatchObject({
      ...{ known: false, why: "the service has no task definition of its own" },
    });
  });
});

test("what is not there is absent, not empty", async () => {
  const { discovery } = inventory().aws;
  const { cluster } = siteIn(HOME);
  expect(await discovery.service(HOME, { cluster, service: "nobody" })).toMatchObject(absent);
  expect(await discovery.loadBalancers(STANDBY, groupArn(HOME))).toMatchObject(absent);
  expect(await discovery.database(STANDBY, PRIMARY)).toMatchObject(absent);
});

test("a name belongs to the zones with its longest suffix, public and private ones apart", async () => {
  const zones = async (name: string) =>
    factOf(await inventory().aws.discovery.zones(name)).map(
      ({ id, isPrivate }) => `${id}${isPrivate ? " private" : ""}`,
    );
  const inside = ["ZINSIDE1 private", "ZINSIDE2 private"];
  expect((await zones(NAME)).toSorted()).toEqual([ZONE, ...inside]);
  expect((await zones("a.b.shop.mycomputer.com")).toSorted()).toEqual([...inside, "ZSHOP"]);
  expect(await zones(`${DB_NAME}.`)).toEqual([`${PRIVATE_ZONE} private`]);
  expect(await zones("workshop.example.org")).toEqual([]);
});
