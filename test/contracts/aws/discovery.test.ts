import { expect, test } from "@jest/globals";
import {
  CLUSTER,
  DB_NAME,
  factOf,
  groupArn,
  HOME,
  NAME,
  PRIMARY,
  PRIVATE_ZONE,
  STANDBY,
  siteIn,
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
