import {
  CopyDBSnapshotCommand,
  CreateDBInstanceReadReplicaCommand,
  CreateDBSnapshotCommand,
  DeleteDBInstanceCommand,
  DescribeDBInstancesCommand,
  DescribeDBSnapshotsCommand,
  DescribeEventsCommand,
  ModifyDBInstanceCommand,
  PromoteReadReplicaCommand,
  RebootDBInstanceCommand,
} from "@aws-sdk/client-rds";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { type AwsWorld, HOME, PRIMARY, REPLICA, refusalOf, STANDBY, startAwsWorld, until } from "./aws-world.ts";

describe("simulated RDS", () => {
  let aws: AwsWorld;
  beforeEach(async () => {
    aws = await startAwsWorld();
  });
  afterEach(() => aws.stop());

  /** Time goes on only by jumps, so that a slow machine misses no state. */
  const standStill = async () => {
    await aws.stop();
    aws = await startAwsWorld({ isStill: true });
  };

  const replica = async () => {
    const { DBInstances } = await aws.clients.rds.send(
      new DescribeDBInstancesCommand({ DBInstanceIdentifier: "app-rep" }),
    );
    return DBInstances?.[0];
  };
  const promote = () =>
    aws.clients.rds.send(new PromoteReadReplicaCommand({ DBInstanceIdentifier: "app-rep", BackupRetentionPeriod: 7 }));
  const write = (id: string) => aws.rds.engine.write(PRIMARY, { id, writer: "test" });

  test("a promotion shows a stale available, then modifying, rebooting, backing-up, available", async () => {
    await standStill();
    const reply = await promote();
    expect(reply.DBInstance?.DBInstanceStatus).toBe("modifying");
    expect(reply.DBInstance?.ReadReplicaSourceDBInstanceIdentifier).toContain(":db:app");
    const seen: string[] = [];
    await until(async () => {
      aws.world.clock.jump(1_000);
      const now = await replica();
      const story = `${now?.DBInstanceStatus}${now?.ReadReplicaSourceDBInstanceIdentifier ? " replica" : ""}`;
      if (seen.at(-1) !== story) seen.push(story);
      return story === "available" ? true : undefined;
    });
    expect(seen).toEqual(["available replica", "modifying replica", "rebooting replica", "backing-up", "available"]);
    expect((await replica())?.BackupRetentionPeriod).toBe(7);
    expect((await replica())?.StatusInfos).toBeUndefined();
  });

  test("a promoted replica is writable from the moment that the log calls observable, 80 s after it was accepted", async () => {
    await standStill();
    const outcomes = new Set<string>();
    await promote();
    const observable = await until(() => {
      aws.world.clock.jump(1_000);
      const outcome = aws.rds.engine.write(REPLICA, { id: "on-standby", writer: "test" });
      outcomes.add(outcome.ok ? "ok" : outcome.reason);
      return outcome.ok ? aws.world.log.read(0, "rds.promotion-observable")[0]?.facts : undefined;
    });
    expect([...outcomes]).toEqual(["read-only", "restarting", "ok"]);
    expect(Number(observable["observableMs"]) - Number(observable["acceptedMs"])).toBeCloseTo(80_000, 6);
    expect(aws.rds.engine.write(PRIMARY, { id: "on-home", writer: "test" })).toEqual({ ok: true });
    expect(aws.rds.engine.rows(REPLICA).has("on-home")).toBe(false);
  });

  test("a second promotion is refused as busy while the first runs and as not a replica afterwards", async () => {
    await standStill();
    await promote();
    const early = await refusalOf(promote());
    expect(early).toMatchObject({ name: "InvalidDBInstanceStateFault", code: "InvalidDBInstanceState" });
    expect(early.message).not.toMatch(/not a read replica/);
    aws.world.clock.jump(200_000);
    expect(await refusalOf(promote())).toEqual({
      name: "InvalidDBInstanceStateFault",
      code: "InvalidDBInstanceState",
      message: "DB Instance is not a read replica",
    });
    expect(aws.world.log.read(0, "rds.promotion-accepted")).toHaveLength(1);
  });

  test("a replica that is being backed up cannot be promoted", async () => {
    await standStill();
    await aws.clients.rds.send(
      new CreateDBSnapshotCommand({ DBInstanceIdentifier: "app-rep", DBSnapshotIdentifier: "before" }),
    );
    await until(async () => {
      aws.world.clock.jump(1_000);
      return (await replica())?.DBInstanceStatus === "backing-up" ? true : undefined;
    });
    expect(await refusalOf(promote())).toMatchObject({ code: "InvalidDBInstanceState" });
  });

  test("a promotion takes a name of its own region and no ARN", async () => {
    const { rdsHome, rds } = aws.clients;
    const elsewhere = rdsHome.send(new PromoteReadReplicaCommand({ DBInstanceIdentifier: "app-rep" }));
    expect(await refusalOf(elsewhere)).toMatchObject({ name: "DBInstanceNotFoundFault", code: "DBInstanceNotFound" });
    const arn = (await replica())?.DBInstanceArn;
    const byArn = rds.send(new PromoteReadReplicaCommand({ DBInstanceIdentifier: arn }));
    expect(await refusalOf(byArn)).toMatchObject({ code: "DBInstanceNotFound" });
  });

  test("rows reach the replica after the lag, and what an outage kept back is counted as lost", async () => {
    await aws.control("POST", "/rds/lag", { ...REPLICA, seconds: 30 });
    aws.world.clock.jump(60_000);
    write("early");
    expect(aws.rds.engine.rows(REPLICA).has("early")).toBe(false);
    const early = aws.world.clock.now();
    aws.world.clock.jump(35_000);
    expect(aws.rds.engine.rows(REPLICA).has("early")).toBe(true);
    write("late-1");
    write("late-2");
    aws.world.regions.set(HOME, "dark");
    aws.world.clock.jump(600_000);
    expect(aws.rds.engine.rows(REPLICA).size).toBe(1);
    await promote();
    aws.world.clock.jump(200_000);
    const lost = aws.world.log.read(0, "db.lost-rows")[0]?.facts;
    expect(lost).toMatchObject({ instance: "app-rep", lostRows: 2 });
    expect(Math.abs(Number(lost?.["lastReplicatedCommitMs"]) - early)).toBeLessThan(5_000);
    aws.world.regions.set(HOME, "up");
    aws.world.clock.jump(600_000);
    expect(aws.rds.engine.rows(REPLICA).size).toBe(1);
  });

  test("a replica catches up when its source comes back before any promotion", async () => {
    aws.world.regions.set(HOME, "refusing");
    expect(write("never")).toEqual({ ok: false, reason: "unreachable" });
    expect((await replica())?.StatusInfos?.[0]).toMatchObject({ Normal: false, Status: "error" });
    aws.world.regions.set(HOME, "up");
    write("after");
    aws.world.clock.jump(60_000);
    expect([...aws.rds.engine.rows(REPLICA)]).toEqual(["after"]);
  });

  test("describe filters by name and by ARN and pages", async () => {
    const arn = (await replica())?.DBInstanceArn ?? "";
    for (const value of ["APP-REP", arn]) {
      const filtered = await aws.clients.rds.send(
        new DescribeDBInstancesCommand({ Filters: [{ Name: "db-instance-id", Values: [value] }], MaxRecords: 20 }),
      );
      expect(filtered.DBInstances?.map((one) => one.DBInstanceIdentifier)).toEqual(["app-rep"]);
      expect(filtered.Marker).toBeUndefined();
    }
    const { DBInstances } = await aws.clients.rdsHome.send(new DescribeDBInstancesCommand({}));
    expect(DBInstances?.[0]?.ReadReplicaDBInstanceIdentifiers).toEqual([arn]);
    expect(DBInstances?.[0]?.LatestRestorableTime).toBeInstanceOf(Date);
    expect(DBInstances?.[0]?.DeletionProtection).toBe(true);
  });

  test("more instances than a page holds come with a marker", async () => {
    const databases = Array.from({ length: 45 }, (_, index) => ({
      ...{ identifier: `db-${String(index).padStart(2, "0")}`, region: STANDBY, endpoint: `db-${index}.example` },
    }));
    const large = await startAwsWorld({ rds: { databases } });
    const sizes: number[] = [];
    let Marker: string | undefined;
    do {
      const answer = await large.clients.rds.send(new DescribeDBInstancesCommand({ MaxRecords: 20, Marker }));
      sizes.push(answer.DBInstances?.length ?? 0);
      Marker = answer.Marker;
    } while (Marker);
    await large.stop();
    expect(sizes).toEqual([20, 20, 5]);
  });

  test("a replica in another region is created from an ARN and follows its source", async () => {
    write("before");
    const { rdsHome, rds } = aws.clients;
    const source = (await rdsHome.send(new DescribeDBInstancesCommand({}))).DBInstances?.[0]?.DBInstanceArn;
    const create = (KmsKeyId?: string) =>
      rds.send(
        new CreateDBInstanceReadReplicaCommand({
          ...{ DBInstanceIdentifier: "app-new", SourceDBInstanceIdentifier: source, SourceRegion: HOME, KmsKeyId },
        }),
      );
    expect(await refusalOf(create())).toMatchObject({ code: "InvalidParameterCombination" });
    expect((await create("alias/dr")).DBInstance?.DBInstanceStatus).toBe("creating");
    expect(await refusalOf(create("alias/dr"))).toMatchObject({ name: "DBInstanceAlreadyExistsFault" });
    const ref = { region: STANDBY, instance: "app-new" };
    expect(aws.rds.engine.write(ref, { id: "x", writer: "test" })).toEqual({ ok: false, reason: "no-such-host" });
    aws.world.clock.jump(120_000);
    write("after");
    aws.world.clock.jump(10_000);
    expect([...aws.rds.engine.rows(ref)]).toEqual(["before", "after"]);
  });

  test("snapshots are made, copied to the other region with a key of it, and never twice under a name", async () => {
    const { rdsHome, rds } = aws.clients;
    const make = () =>
      rdsHome.send(new CreateDBSnapshotCommand({ DBInstanceIdentifier: "app", DBSnapshotIdentifier: "Manual-1" }));
    const { DBSnapshot } = await make();
    expect(DBSnapshot).toMatchObject({ DBSnapshotIdentifier: "manual-1", Status: "creating", Encrypted: true });
    expect(await refusalOf(make())).toMatchObject({ name: "DBSnapshotAlreadyExistsFault" });
    aws.world.clock.jump(60_000);
    const copy = (KmsKeyId?: string) =>
      rds.send(
        new CopyDBSnapshotCommand({
          SourceDBSnapshotIdentifier: DBSnapshot?.DBSnapshotArn,
          TargetDBSnapshotIdentifier: "copy-1",
          KmsKeyId,
        }),
      );
    expect(await refusalOf(copy())).toMatchObject({ code: "InvalidParameterCombination" });
    await copy("alias/dr");
    aws.world.clock.jump(3_600_000);
    const copies = await rds.send(new DescribeDBSnapshotsCommand({ DBSnapshotIdentifier: "copy-1" }));
    expect(copies.DBSnapshots?.[0]).toMatchObject({ Status: "available", SourceRegion: HOME });
    const all = await rdsHome.send(new DescribeDBSnapshotsCommand({ DBInstanceIdentifier: "app" }));
    expect(all.DBSnapshots?.map(({ SnapshotType }) => SnapshotType).sort()).toEqual(["automated", "manual"]);
    const missing = rds.send(new DescribeDBSnapshotsCommand({ DBSnapshotIdentifier: "nope" }));
    expect(await refusalOf(missing)).toMatchObject({ name: "DBSnapshotNotFoundFault" });
  });

  test("backups are switched on at once only when asked to, and security groups are swapped a little later", async () => {
    const modify = (change: object) =>
      aws.clients.rds.send(new ModifyDBInstanceCommand({ DBInstanceIdentifier: "app-rep", ...change }));
    const deferred = await modify({ BackupRetentionPeriod: 7, DeletionProtection: false });
    expect(deferred.DBInstance).toMatchObject({ BackupRetentionPeriod: 0, DeletionProtection: false });
    expect(deferred.DBInstance?.PendingModifiedValues?.BackupRetentionPeriod).toBe(7);
    aws.world.clock.jump(60_000);
    await modify({ BackupRetentionPeriod: 7, ApplyImmediately: true, VpcSecurityGroupIds: ["sg-quarantine"] });
    expect((await replica())?.BackupRetentionPeriod).toBe(0);
    aws.world.clock.jump(60_000);
    expect((await replica())?.BackupRetentionPeriod).toBe(7);
    expect(aws.rds.engine.write(REPLICA, { id: "x", writer: "test" })).toEqual({
      ok: false,
      reason: "connect-timeout",
    });
  });

  test("a promotion keeps the backup window that it is given, and a change those of a standing instance", async () => {
    const { rds, rdsHome } = aws.clients;
    const window = { PreferredBackupWindow: "22:15-23:00" };
    await rds.send(new PromoteReadReplicaCommand({ DBInstanceIdentifier: "app-rep", ...window }));
    aws.world.clock.jump(600_000);
    expect(await replica()).toMatchObject(window);
    const both = { PreferredBackupWindow: "23:45-00:20", PreferredMaintenanceWindow: "mon:02:00-mon:03:00" };
    const { DBInstance } = await rdsHome.send(new ModifyDBInstanceCommand({ DBInstanceIdentifier: "app", ...both }));
    expect(DBInstance).toMatchObject(both);
  });

  test.each<[string, (at: AwsWorld["clients"]) => Promise<unknown>, { code: string; says: string }]>([
    [
      "a page of 19",
      ({ rds }) => rds.send(new DescribeDBInstancesCommand({ MaxRecords: 19 })),
      { code: "InvalidParameterValue", says: "19" },
    ],
    [
      "a retention of 36 days",
      ({ rds }) =>
        rds.send(new PromoteReadReplicaCommand({ DBInstanceIdentifier: "app-rep", BackupRetentionPeriod: 36 })),
      { code: "InvalidParameterValue", says: "BackupRetentionPeriod" },
    ],
    [
      "a backup window of ten minutes",
      ({ rds }) =>
        rds.send(
          new PromoteReadReplicaCommand({ DBInstanceIdentifier: "app-rep", PreferredBackupWindow: "23:55-00:05" }),
        ),
      { code: "InvalidParameterValue", says: "at least 30 minutes" },
    ],
    [
      "events of a name without its type",
      ({ rds }) => rds.send(new DescribeEventsCommand({ SourceIdentifier: "app-rep" })),
      { code: "InvalidParameterCombination", says: "source type" },
    ],
  ])("%s is refused in the vendor's manner", async (_what, ask, { code, says }) => {
    const refusal = await refusalOf(ask(aws.clients));
    expect(refusal).toMatchObject({ code, message: expect.stringContaining(says) });
    expect(refusal.message).not.toMatch(/✖|\n/);
  });

  test("an engine that is upgraded does not run meanwhile, and takes no promotion", async () => {
    await standStill();
    await aws.clients.rds.send(
      new ModifyDBInstanceCommand({
        ...{ DBInstanceIdentifier: "app-rep", EngineVersion: "17.2" },
        ...{ AllowMajorVersionUpgrade: true, ApplyImmediately: true },
      }),
    );
    aws.world.clock.jump(60_000);

    expect(await replica()).toMatchObject({ DBInstanceStatus: "upgrading", EngineVersion: "16.4" });
    expect(await refusalOf(promote())).toMatchObject({ name: "InvalidDBInstanceStateFault" });
    expect(aws.rds.engine.connect(REPLICA)).toEqual({ ok: false, reason: "restarting" });
    aws.world.clock.jump(1_200_000);
    expect(await replica()).toMatchObject({ DBInstanceStatus: "available", EngineVersion: "17.2" });
  });

  test("an instance is deleted without its protection only, and its name can be given to a replica then", async () => {
    const remove = (SkipFinalSnapshot = true) =>
      aws.clients.rds.send(new DeleteDBInstanceCommand({ DBInstanceIdentifier: "app-rep", SkipFinalSnapshot }));
    await aws.clients.rds.send(
      new ModifyDBInstanceCommand({ DBInstanceIdentifier: "app-rep", DeletionProtection: true }),
    );
    aws.world.clock.jump(60_000);
    expect(await refusalOf(remove())).toMatchObject({ name: "InvalidParameterCombination" });
    await aws.clients.rds.send(
      new ModifyDBInstanceCommand({ DBInstanceIdentifier: "app-rep", DeletionProtection: false }),
    );
    aws.world.clock.jump(60_000);

    expect((await remove()).DBInstance?.DBInstanceStatus).toBe("deleting");
    const asked = { DBInstanceIdentifier: "app-rep" };
    const described = async () => {
      const { DBInstances } = await aws.clients.rds.send(new DescribeDBInstancesCommand(asked));
      return DBInstances?.[0]?.DBInstanceStatus;
    };
    expect(await described()).toBe("deleting");
    for (const other of [
      remove(),
      aws.clients.rds.send(new PromoteReadReplicaCommand(asked)),
      aws.clients.rds.send(new RebootDBInstanceCommand(asked)),
      aws.clients.rds.send(new ModifyDBInstanceCommand({ ...asked, MultiAZ: true })),
      aws.clients.rds.send(new CreateDBSnapshotCommand({ ...asked, DBSnapshotIdentifier: "last" })),
    ])
      expect(await refusalOf(other)).toMatchObject({ name: "InvalidDBInstanceStateFault" });
    aws.world.clock.jump(600_000);
    expect(await refusalOf(described())).toMatchObject({ name: "DBInstanceNotFoundFault" });
  });

  describe("a reboot with failover", () => {
    const reboot = (ForceFailover = true) =>
      aws.clients.rdsHome.send(new RebootDBInstanceCommand({ DBInstanceIdentifier: "app", ForceFailover }));
    const zones = async () => {
      const { DBInstances } = await aws.clients.rdsHome.send(
        new DescribeDBInstancesCommand({ DBInstanceIdentifier: "app" }),
      );
      return [DBInstances?.[0]?.AvailabilityZone, DBInstances?.[0]?.SecondaryAvailabilityZone];
    };
    const told = async () => {
      const wanted = { SourceIdentifier: "app", SourceType: "db-instance", EventCategories: ["failover"] } as const;
      const { Events } = await aws.clients.rdsHome.send(
        new DescribeEventsCommand({ ...wanted, EventCategories: ["failover"] }),
      );
      return Events?.map(({ Message }) => Message?.split(" ")[0]);
    };

    test("swaps the zones, which Describe shows minutes after the database is back", async () => {
      aws.world.clock.setSpeed(1);
      expect((await reboot()).DBInstance?.DBInstanceStatus).toBe("rebooting");
      aws.world.clock.jump(15_000);
      expect(write("x")).toEqual({ ok: false, reason: "restarting" });
      expect(await refusalOf(reboot())).toMatchObject({ code: "InvalidDBInstanceState" });
      aws.world.clock.jump(80_000);
      expect(write("x")).toEqual({ ok: true });
      expect(await zones()).toEqual(["us-east-1a", "us-east-1b"]);
      aws.world.clock.jump(100_000);
      expect(await zones()).toEqual(["us-east-1b", "us-east-1a"]);
    });

    test("that meets the stale status of another one moves the zones back", async () => {
      aws.world.clock.setSpeed(1);
      await reboot();
      await reboot();
      aws.world.clock.jump(300_000);
      expect(await zones()).toEqual(["us-east-1a", "us-east-1b"]);
      expect(await told()).toHaveLength(3);
    });

    test("soon after another one is taken and abandoned, which only an event tells", async () => {
      aws.world.clock.setSpeed(1);
      await reboot();
      aws.world.clock.jump(100_000);
      expect((await reboot()).DBInstance?.DBInstanceStatus).toBe("available");
      expect((await told())?.at(-1)).toBe("Abandoning");
      aws.world.clock.jump(300_000);
      expect(await zones()).toEqual(["us-east-1b", "us-east-1a"]);
    });

    test("is refused for an instance without a standby", async () => {
      const single = new RebootDBInstanceCommand({ DBInstanceIdentifier: "app-rep", ForceFailover: true });
      const refusal = await refusalOf(aws.clients.rds.send(single));
      expect(refusal).toMatchObject({ code: "InvalidParameterCombination" });
    });
  });
});
