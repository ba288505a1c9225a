import { DescribeKeyCommand } from "@aws-sdk/client-kms";
import {
  CopyDBClusterSnapshotCommand,
  CopyDBSnapshotCommand,
  CreateDBClusterSnapshotCommand,
  CreateDBSnapshotCommand,
  DescribeDBSnapshotsCommand,
} from "@aws-sdk/client-rds";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { type AwsWorld, CLUSTER, DISABLED_KEY, HOME, refusalOf, startAwsWorld } from "./aws-world.ts";

let aws: AwsWorld;
beforeEach(async () => {
  aws = await startAwsWorld({ isStill: true, rds: { snapshotQuota: 2 } });
});
afterEach(() => aws.stop());

const advance = (seconds: number) => aws.world.clock.jump(seconds * 1_000);
const take = (DBSnapshotIdentifier: string) =>
  aws.clients.rdsHome.send(new CreateDBSnapshotCommand({ DBSnapshotIdentifier, DBInstanceIdentifier: "app" }));
const arn = (name: string) => `arn:aws:rds:${HOME}:111122223333:snapshot:${name}`;
const copy = (KmsKeyId?: string, source = arn("one")) =>
  aws.clients.rds.send(
    new CopyDBSnapshotCommand({
      SourceDBSnapshotIdentifier: source,
      TargetDBSnapshotIdentifier: "one",
      KmsKeyId,
    }),
  );
const statusOf = async (name: string, client = aws.clients.rdsHome) => {
  const { DBSnapshots } = await client.send(new DescribeDBSnapshotsCommand({ DBSnapshotIdentifier: name }));
  return [DBSnapshots?.[0]?.Status, DBSnapshots?.[0]?.PercentProgress];
};
const codeOf = async (call: Promise<unknown>) => (await refusalOf(call)).code;
const KMS_KEY = "alias/databases";

describe("simulated snapshots", () => {
  test("grow until they are available", async () => {
    await take("one");
    const [, early] = await statusOf("one");
    advance(30);
    const [status, late] = await statusOf("one");
    expect([status, Number(late) > Number(early)]).toEqual(["creating", true]);
    advance(11);
    expect(await statusOf("one")).toEqual(["available", 100]);
    expect(aws.world.log.read(0, "rds.snapshot").map(({ kind }) => kind)).toEqual([
      "rds.snapshot-accepted",
      "rds.snapshot-available",
    ]);
  });

  test("are refused under a name that is too long: 255 characters for an instance's, 63 for a cluster's", async () => {
    const ofCluster = (DBClusterSnapshotIdentifier: string) =>
      aws.clients.rdsHome.send(
        new CreateDBClusterSnapshotCommand({ DBClusterSnapshotIdentifier, DBClusterIdentifier: CLUSTER }),
      );
    await take("a".repeat(255));
    await ofCluster("a".repeat(63));

    expect(await codeOf(take("b".repeat(256)))).toBe("InvalidParameterValue");
    expect(await codeOf(ofCluster("b".repeat(64)))).toBe("InvalidParameterValue");
    expect(await codeOf(take("two--hyphens"))).toBe("InvalidParameterValue");
  });

  test("are as many as the quota allows, in each family", async () => {
    for (const name of ["one", "two"]) {
      await take(name);
      advance(60);
    }
    expect(await codeOf(take("three"))).toBe("SnapshotQuotaExceeded");
    const ofCluster = { DBClusterSnapshotIdentifier: "three", DBClusterIdentifier: CLUSTER };
    await aws.clients.rdsHome.send(new CreateDBClusterSnapshotCommand(ofCluster));
  });

  test("are copied by a call in the target region, which has to name a key of its own", async () => {
    await take("one");
    expect(await codeOf(copy(KMS_KEY))).toBe("InvalidDBSnapshotState");
    advance(60);
    expect(await codeOf(copy())).toBe("InvalidParameterCombination");
    expect(await codeOf(copy("alias/nobody"))).toBe("KMSKeyNotAccessibleFault");
    expect(await codeOf(copy(DISABLED_KEY.id))).toBe("KMSKeyNotAccessibleFault");
    expect(await codeOf(copy(KMS_KEY, "one"))).toBe("DBSnapshotNotFound");
    await copy(KMS_KEY);
    advance(121);
    expect(await statusOf("one", aws.clients.rds)).toEqual(["available", 100]);
  });

  test("of another account are not found, neither looked at nor copied, whatever is called the same here", async () => {
    await take("one");
    advance(60);
    const theirs = `arn:aws:rds:${HOME}:444455556666:snapshot:one`;

    expect(await codeOf(statusOf(theirs))).toBe("DBSnapshotNotFound");
    expect(await codeOf(copy(KMS_KEY, theirs))).toBe("DBSnapshotNotFound");
    expect((await copy(KMS_KEY)).DBSnapshot?.DBSnapshotIdentifier).toBe("one");
  });

  test("of clusters are copied by the same rules", async () => {
    const id = "orders-now";
    const ofCluster = { DBClusterSnapshotIdentifier: id, DBClusterIdentifier: CLUSTER };
    await aws.clients.rdsHome.send(new CreateDBClusterSnapshotCommand(ofCluster));
    advance(61);
    const source = `arn:aws:rds:${HOME}:111122223333:cluster-snapshot:${id}`;
    const names = { SourceDBClusterSnapshotIdentifier: source, TargetDBClusterSnapshotIdentifier: id };
    const made = (KmsKeyId?: string) => aws.clients.rds.send(new CopyDBClusterSnapshotCommand({ ...names, KmsKeyId }));
    expect(await codeOf(made())).toBe("InvalidParameterCombination");
    await made(KMS_KEY);
    expect(await codeOf(made(KMS_KEY))).toBe("DBClusterSnapshotAlreadyExistsFault");
  });

  test("that are being copied fail when their source goes away", async () => {
    await take("one");
    advance(60);
    await copy(KMS_KEY);
    aws.world.regions.set(HOME, "dark");
    advance(121);
    expect(await statusOf("one", aws.clients.rds)).toEqual(["failed", 0]);
  });

  test("need the key that they are encrypted with", async () => {
    await aws.control("POST", "/kms/key", { region: HOME, key: KMS_KEY, state: "PendingDeletion" });
    expect(await codeOf(take("one"))).toBe("KMSKeyNotAccessibleFault");
    const { KeyMetadata } = await aws.clients.kms.send(new DescribeKeyCommand({ KeyId: KMS_KEY }));
    expect(KeyMetadata).toMatchObject({ KeyState: "Enabled", MultiRegion: true });
  });
});
