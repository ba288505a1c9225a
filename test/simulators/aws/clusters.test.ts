import {
  CreateDBSnapshotCommand,
  DescribeDBClustersCommand,
  DescribeDBInstancesCommand,
  DescribeEventsCommand,
  FailoverDBClusterCommand,
} from "@aws-sdk/client-rds";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { createTraffic, type Traffic } from "../../../src/simulators/application/traffic.ts";
import { createResolver } from "../../../src/simulators/dns/resolver.ts";
import {
  type AwsWorld,
  CLUSTER,
  HOME,
  READER_ENDPOINT,
  refusalOf,
  startAwsWorld,
  WRITER_ENDPOINT,
} from "./aws-world.ts";

let aws: AwsWorld;
let traffic: Traffic;
beforeEach(async () => {
  aws = await startAwsWorld({ isStill: true });
  traffic = createTraffic(aws.world, { route53: { zones: [] } }, aws.rds.engine);
});
afterEach(async () => {
  traffic.stop();
  await aws.stop();
});

const describeCluster = async () => {
  const wanted = new DescribeDBClustersCommand({ DBClusterIdentifier: CLUSTER });
  return (await aws.clients.rdsHome.send(wanted)).DBClusters?.[0];
};
const writers = async () =>
  (await describeCluster())?.DBClusterMembers?.filter(({ IsClusterWriter }) => IsClusterWriter).map(
    ({ DBInstanceIdentifier }) => DBInstanceIdentifier,
  );
const failOver = (TargetDBInstanceIdentifier?: string, DBClusterIdentifier = CLUSTER) =>
  aws.clients.rdsHome.send(new FailoverDBClusterCommand({ DBClusterIdentifier, TargetDBInstanceIdentifier }));
const write = (instance: string, id = instance) =>
  aws.rds.engine.write({ region: HOME, instance }, { id, writer: "test" });
const advance = (seconds: number) => aws.world.clock.jump(seconds * 1_000);

describe("a simulated Aurora cluster", () => {
  test("takes writes on one member, and all members hold what was written", () => {
    expect(write("orders-1", "row")).toEqual({ ok: true });
    expect(write("orders-2")).toEqual({ ok: false, reason: "read-only" });
    expect(aws.rds.engine.rows({ region: HOME, instance: "orders-3" }).has("row")).toBe(true);
  });

  test("fails over: stale, failing over without a writer, then another member writes and nothing is lost", async () => {
    write("orders-1", "before");
    expect((await failOver("orders-2")).DBCluster?.Status).toBe("available");
    advance(5);
    expect(await describeCluster()).toMatchObject({ Status: "available" });
    expect(write("orders-1", "still")).toEqual({ ok: true });
    advance(6);
    expect(await describeCluster()).toMatchObject({ Status: "failing-over" });
    expect(await writers()).toEqual(["orders-1"]);
    for (const each of ["orders-1", "orders-2"]) expect(write(each)).toEqual({ ok: false, reason: "restarting" });
    advance(24);
    expect(await writers()).toEqual(["orders-2"]);
    expect(write("orders-2", "after")).toEqual({ ok: true });
    advance(16);
    expect(await describeCluster()).toMatchObject({ Status: "available" });
    expect(write("orders-1")).toEqual({ ok: false, reason: "read-only" });
    const rows = aws.rds.engine.rows({ region: HOME, instance: "orders-1" });
    expect(["before", "still", "after"].every((id) => rows.has(id))).toBe(true);
    expect(aws.world.log.read(0, "rds.").map(({ kind }) => kind)).toEqual([
      "rds.failover-accepted",
      "rds.writer-moved",
      "rds.failover-observable",
    ]);
  });

  test("without a target goes to the first in line, and the next such call leads on", async () => {
    await failOver();
    advance(60);
    expect(await writers()).toEqual(["orders-3"]);
    await failOver();
    advance(60);
    expect(await writers()).toEqual(["orders-1"]);
  });

  test("refuses what it cannot do, each by its own code", async () => {
    const codeOf = async (call: Promise<unknown>) => (await refusalOf(call)).code;
    expect(await codeOf(failOver("orders-1"))).toBe("InvalidDBInstanceState");
    expect(await codeOf(failOver("app"))).toBe("InvalidDBInstanceState");
    expect(await codeOf(failOver("nobody"))).toBe("DBInstanceNotFound");
    expect(await codeOf(failOver("orders-2", "nobody"))).toBe("DBClusterNotFoundFault");
    const snapshot = { DBSnapshotIdentifier: "s", DBInstanceIdentifier: "orders-1" };
    const ofMember = aws.clients.rdsHome.send(new CreateDBSnapshotCommand(snapshot));
    expect(await codeOf(ofMember)).toBe("InvalidParameterValue");
    await failOver("orders-2");
    expect(await codeOf(failOver("orders-2"))).toBe("InvalidDBClusterStateFault");
    advance(12);
    expect(await codeOf(failOver("orders-3"))).toBe("InvalidDBClusterStateFault");
  });

  test("lists its members among the instances, with their cluster and tier", async () => {
    const Filters = [{ Name: "db-cluster-id", Values: [CLUSTER] }];
    const { DBInstances } = await aws.clients.rdsHome.send(new DescribeDBInstancesCommand({ Filters }));
    expect(DBInstances?.map((one) => [one.DBInstanceIdentifier, one.PromotionTier, one.Engine])).toEqual([
      ["orders-1", 1, "aurora-postgresql"],
      ["orders-2", 2, "aurora-postgresql"],
      ["orders-3", 0, "aurora-postgresql"],
    ]);
  });

  test("tells of its failover in events", async () => {
    await failOver("orders-2");
    advance(60);
    const wanted = { SourceIdentifier: CLUSTER, SourceType: "db-cluster", EventCategories: ["failover"] } as const;
    const command = new DescribeEventsCommand({ ...wanted, EventCategories: [...wanted.EventCategories] });
    const { Events } = await aws.clients.rdsHome.send(command);
    expect(Events?.map(({ Message }) => Message?.split(" ")[0])).toEqual(["Started", "Completed"]);
  });
});

describe("the endpoints of a cluster", () => {
  const leadsTo = (name: string, resolver = createResolver(aws.world.clock, traffic.authorities.vpc)) => {
    const { finalName } = resolver.resolve(name);
    return aws.rds.engine.locate(finalName.replace(/\.$/, ""))?.instance;
  };

  test("lead to the writer, and to each reader in turn", () => {
    expect(leadsTo(WRITER_ENDPOINT)).toBe("orders-1");
    const readers = [leadsTo(READER_ENDPOINT), leadsTo(READER_ENDPOINT)];
    expect(new Set(readers)).toEqual(new Set(["orders-2", "orders-3"]));
  });

  test("move some seconds after the writer, and clients follow when their TTL has passed", async () => {
    const client = createResolver(aws.world.clock, traffic.authorities.vpc);
    await failOver("orders-2");
    advance(10 + 24 + 3);
    expect(leadsTo(WRITER_ENDPOINT, client)).toBe("orders-1");
    advance(2);
    expect(leadsTo(WRITER_ENDPOINT)).toBe("orders-2");
    expect(leadsTo(WRITER_ENDPOINT, client)).toBe("orders-1");
    advance(5);
    expect(leadsTo(WRITER_ENDPOINT, client)).toBe("orders-2");
  });
});
