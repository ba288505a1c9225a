import {
  CreateDBInstanceReadReplicaCommand,
  CreateDBSnapshotCommand,
  DescribeDBInstancesCommand,
  DescribeDBLogFilesCommand,
  DescribeEventsCommand,
  PromoteReadReplicaCommand,
  RestoreDBInstanceFromDBSnapshotCommand,
  type RestoreDBInstanceFromDBSnapshotCommandInput,
  RestoreDBInstanceToPointInTimeCommand,
  type RestoreDBInstanceToPointInTimeCommandInput,
} from "@aws-sdk/client-rds";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { type AwsWorld, HOME, PRIMARY, refusalOf, START_MS, startAwsWorld } from "./aws-world.ts";

const MINUTE_MS = 60_000;

let aws: AwsWorld;
beforeEach(async () => {
  aws = await startAwsWorld({ isStill: true });
});
afterEach(() => aws.stop());

const jump = (seconds: number) => aws.world.clock.jump(seconds * 1_000);
const home = () => aws.clients.rdsHome;
const write = (id: string) => aws.rds.engine.write(PRIMARY, { id, writer: "test" });
const seen = async (DBInstanceIdentifier: string, rds = home()) =>
  (await rds.send(new DescribeDBInstancesCommand({ DBInstanceIdentifier }))).DBInstances?.[0];
const rowsOf = (instance: string) => [...aws.rds.engine.rows({ region: HOME, instance })];
const toTime = (wanted: Partial<RestoreDBInstanceToPointInTimeCommandInput>) =>
  home().send(
    new RestoreDBInstanceToPointInTimeCommand({
      ...{ SourceDBInstanceIdentifier: "app", TargetDBInstanceIdentifier: "app-clean" },
      ...wanted,
    }),
  );
const fromSnapshot = (wanted: Partial<RestoreDBInstanceFromDBSnapshotCommandInput> = {}) =>
  home().send(
    new RestoreDBInstanceFromDBSnapshotCommand({
      ...{ DBInstanceIdentifier: "app-again", DBSnapshotIdentifier: "before" },
      ...wanted,
    }),
  );
const snapshot = () =>
  home().send(new CreateDBSnapshotCommand({ DBInstanceIdentifier: "app", DBSnapshotIdentifier: "before" }));

describe("a restore to a point in time", () => {
  test("is created, backed up and available, with what had been written until then; its source goes on", async () => {
    write("kept");
    jump(600);
    write("spoilt");
    jump(600);
    const RestoreTime = new Date(START_MS + 5 * MINUTE_MS);

    const { DBInstance } = await toTime({ RestoreTime, DBInstanceClass: "db.r6g.xlarge", MultiAZ: true });
    expect(DBInstance).toMatchObject({
      ...{ DBInstanceStatus: "creating", DBInstanceClass: "db.r6g.xlarge", MultiAZ: true, Engine: "postgres" },
      ...{ DeletionProtection: false, BackupRetentionPeriod: 7, StorageEncrypted: true },
    });
    expect(DBInstance?.Endpoint).toBeUndefined();
    jump(91);
    expect(await seen("app-clean")).toMatchObject({ DBInstanceStatus: "backing-up" });
    jump(31);

    expect(await seen("app-clean")).toMatchObject({
      ...{ DBInstanceStatus: "available", Endpoint: { Address: expect.stringMatching(/^app-clean\./), Port: 5432 } },
    });
    expect(rowsOf("app-clean")).toEqual(["kept"]);
    expect(rowsOf("app")).toEqual(["kept", "spoilt"]);
    const { Events = [] } = await home().send(
      new DescribeEventsCommand({ SourceIdentifier: "app-clean", SourceType: "db-instance" }),
    );
    expect(Events.map(({ Message }) => Message)).toContain("Restored from DB instance app to app-clean.");
    const logged = aws.world.log.read(0, "rds.restore");
    expect(logged.map(({ kind }) => kind)).toEqual(["rds.restore-accepted", "rds.restore-observable"]);
  });

  test("leads to the newest moment that is kept, five minutes back at most", async () => {
    jump(420);
    write("newest");
    const latest = (await seen("app"))?.LatestRestorableTime?.getTime();
    expect(latest).toBe(START_MS + 5 * MINUTE_MS);
    await toTime({ UseLatestRestorableTime: true });
    jump(200);
    expect(rowsOf("app-clean")).toEqual([]);
  });

  test("is refused outside of what is kept, by both bounds", async () => {
    expect(await refusalOf(toTime({ RestoreTime: new Date("2024-01-15T03:30:00.000Z") }))).toMatchObject({
      name: "InvalidParameterValue",
      message:
        "The specified instance cannot be restored to a time earlier than 2026-11-14T09:00:00Z because its backup retention period is set to 7 days.",
    });
    expect(await refusalOf(toTime({ RestoreTime: new Date(START_MS + MINUTE_MS) }))).toMatchObject({
      name: "InvalidParameterValue",
      message: "The specified instance cannot be restored to a time later than 2026-11-21T09:00:00Z.",
    });
  });

  test("is refused without a moment, with two, of nothing, under a name that is taken, and of what keeps no backups", async () => {
    const isLatest = { UseLatestRestorableTime: true };
    const refusals = await Promise.all([
      refusalOf(toTime({})),
      refusalOf(toTime({ ...isLatest, RestoreTime: new Date(START_MS) })),
      refusalOf(toTime({ ...isLatest, SourceDBInstanceIdentifier: "nobody" })),
      refusalOf(toTime({ ...isLatest, TargetDBInstanceIdentifier: "app" })),
      refusalOf(toTime({ ...isLatest, TargetDBInstanceIdentifier: "app--2" })),
      refusalOf(toTime({ ...isLatest, DBSubnetGroupName: "nobody" })),
      refusalOf(toTime({ ...isLatest, SourceDBInstanceIdentifier: "orders-1" })),
      refusalOf(
        aws.clients.rds.send(
          new RestoreDBInstanceToPointInTimeCommand({
            ...{ SourceDBInstanceIdentifier: "app-rep", TargetDBInstanceIdentifier: "app-clean", ...isLatest },
          }),
        ),
      ),
    ]);
    expect(refusals.map(({ name }) => name)).toEqual([
      ...["InvalidParameterCombination", "InvalidParameterCombination", "DBInstanceNotFoundFault"],
      ...["DBInstanceAlreadyExistsFault", "InvalidParameterValue", "DBSubnetGroupNotFoundFault"],
      ...["InvalidParameterValue", "PointInTimeRestoreNotEnabledFault"],
    ]);
  });

  test("leads back to the promotion of a replica and no further: its backups began there", async () => {
    await aws.clients.rds.send(new PromoteReadReplicaCommand({ DBInstanceIdentifier: "app-rep" }));
    jump(900);
    const back = aws.clients.rds.send(
      new RestoreDBInstanceToPointInTimeCommand({
        ...{ SourceDBInstanceIdentifier: "app-rep", TargetDBInstanceIdentifier: "app-clean" },
        RestoreTime: new Date(START_MS),
      }),
    );
    expect((await refusalOf(back)).message).toContain("cannot be restored to a time earlier than 2026-11-21T09:01:");
  });
});

describe("a restore from a snapshot", () => {
  test("holds what the snapshot held, with the class and the backups of its original, and a replica can follow it", async () => {
    write("kept");
    await snapshot();
    write("later");
    jump(60);

    await fromSnapshot({ VpcSecurityGroupIds: ["sg-home"] });
    expect(await seen("app-again")).toMatchObject({ DBInstanceStatus: "creating", DBInstanceClass: "db.r6g.large" });
    jump(130);
    expect(await seen("app-again")).toMatchObject({ DBInstanceStatus: "available", BackupRetentionPeriod: 7 });
    expect(rowsOf("app-again")).toEqual(["kept"]);
    expect(aws.rds.engine.write({ region: HOME, instance: "app-again" }, { id: "new", writer: "test" }).ok).toBe(true);
    await home().send(
      new CreateDBInstanceReadReplicaCommand({
        ...{ DBInstanceIdentifier: "app-again-rep", SourceDBInstanceIdentifier: "app-again" },
      }),
    );
    jump(61);
    expect(rowsOf("app-again-rep")).toEqual(["kept", "new"]);
  });

  test("is refused while the snapshot is taken, of none, and of one in another region", async () => {
    expect(await refusalOf(fromSnapshot())).toMatchObject({ name: "DBSnapshotNotFoundFault" });
    const { DBSnapshot } = await snapshot();
    expect(await refusalOf(fromSnapshot())).toMatchObject({ name: "InvalidDBSnapshotStateFault" });
    jump(60);
    const elsewhere = aws.clients.rds.send(
      new RestoreDBInstanceFromDBSnapshotCommand({
        ...{ DBInstanceIdentifier: "app-again", DBSnapshotIdentifier: DBSnapshot?.DBSnapshotArn },
      }),
    );
    expect(await refusalOf(elsewhere)).toMatchObject({ name: "DBSnapshotNotFoundFault" });
    expect(await refusalOf(fromSnapshot({ DBInstanceIdentifier: "app" }))).toMatchObject({
      name: "DBInstanceAlreadyExistsFault",
    });
  });
});

describe("the logs of an instance", () => {
  const logs = async (wanted: object = {}, rds = home()) =>
    (await rds.send(new DescribeDBLogFilesCommand({ DBInstanceIdentifier: "app", ...wanted }))).DescribeDBLogFiles ??
    [];

  test("are one for each hour of three days, found by a part of their names", async () => {
    expect(await logs()).toHaveLength(72);
    expect(await logs({ FilenameContains: "error/postgresql.log.2026-11-21-08" })).toEqual([
      { LogFileName: "error/postgresql.log.2026-11-21-08", LastWritten: START_MS, Size: 10_800 },
    ]);
    expect(await logs({ FilenameContains: "trace" })).toEqual([]);
    expect(await logs({ FileLastWritten: START_MS - 1 })).toHaveLength(2);
    const first = await home().send(new DescribeDBLogFilesCommand({ DBInstanceIdentifier: "app", MaxRecords: 50 }));
    expect(await logs({ MaxRecords: 50, Marker: first.Marker })).toHaveLength(22);
  });

  test("are not there before the instance is, nor of one that nobody has", async () => {
    await toTime({ UseLatestRestorableTime: true });
    expect(await refusalOf(logs({ DBInstanceIdentifier: "app-clean" }))).toMatchObject({
      name: "DBInstanceNotReadyFault",
    });
    expect(await refusalOf(logs({}, aws.clients.rds))).toMatchObject({ name: "DBInstanceNotFoundFault" });
  });
});
