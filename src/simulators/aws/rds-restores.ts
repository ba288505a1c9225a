import { z } from "zod";
import type { World } from "../world/world.ts";
import type { DatabaseChanges } from "./database-changes.ts";
import type { DatabaseFleet } from "./database-fleet.ts";
import { type Instance, newInstance } from "./database-instance.ts";
import { BackupWindow, Flag, RetentionDays } from "./rds-input.ts";
import { instanceView } from "./rds-view.ts";
import { earliestRestorableMs, hasRecovery, latestRestorableMs } from "./recovery-window.ts";
import { type AwsCall, AwsError, type AwsOperation } from "./service.ts";
import { snapshotName } from "./snapshot-name.ts";
import type { Content, SnapshotShelf } from "./snapshot-shelf.ts";
import { DatabaseSpec } from "./specs.ts";

/** The only subnet group that this world has. */
const SUBNET_GROUP = "databases";

/** What both ask for. What is left out of it is not the original's but the vendor's default, except class and backups. */
const Options = {
  DBInstanceClass: z.string().startsWith("db.").optional(),
  MultiAZ: Flag.default(false),
  DeletionProtection: Flag.default(false),
  VpcSecurityGroupIds: z.array(z.string()).default([]),
  DBParameterGroupName: z.string().optional(),
  DBSubnetGroupName: z.string().default(SUBNET_GROUP),
  EnableCloudwatchLogsExports: z.array(z.string()).default([]),
  BackupRetentionPeriod: RetentionDays.optional(),
  PreferredBackupWindow: BackupWindow.optional(),
};

const FromSnapshot = z.strictObject({
  DBInstanceIdentifier: snapshotName(63),
  DBSnapshotIdentifier: z.string(),
  ...Options,
});

const ToTime = z.strictObject({
  SourceDBInstanceIdentifier: z.string().optional(),
  SourceDbiResourceId: z.string().optional(),
  TargetDBInstanceIdentifier: snapshotName(63),
  RestoreTime: z.coerce.date().optional(),
  UseLatestRestorableTime: Flag.default(false),
  ...Options,
});

interface Parts {
  readonly world: World;
  readonly fleet: DatabaseFleet;
  readonly changes: DatabaseChanges;
  /** Of instances. */
  readonly shelf: SnapshotShelf;
}

/** New instances made of what is kept of others, which go on as they are. Logs `rds.restore-accepted` and `rds.restore-observable`. */
export function restoreOperations(parts: Parts): Readonly<Record<string, AwsOperation>> {
  return {
    RestoreDBInstanceFromDBSnapshot: { mutates: true, handle: (call) => fromSnapshot(parts, call) },
    RestoreDBInstanceToPointInTime: { mutates: true, handle: (call) => toTime(parts, call) },
  };
}

function fromSnapshot(parts: Parts, call: AwsCall) {
  const { DBInstanceIdentifier: identifier, DBSnapshotIdentifier: named, ...options } = FromSnapshot.parse(call.input);
  const { shelf } = parts;
  requireFree(parts, call.region, identifier);
  const snapshot = shelf.require(call.region, named);
  // Its ARN may be of another region, from which nothing is restored.
  if (snapshot.region !== call.region) throw shelf.missing(named);
  if (snapshot.status !== "available") {
    throw new AwsError(shelf.family.errors.state, `Cannot restore from the snapshot in the ${snapshot.status} state.`);
  }
  const { content, engine } = snapshot.source;
  if (!content) throw new Error(`Snapshot ${snapshot.identifier} has no content`);
  const { kmsKeyId } = snapshot;
  return begin(
    parts,
    { identifier, content, engine, kmsKeyId, from: `snapshot ${snapshot.identifier}`, options },
    call,
  );
}

function toTime(parts: Parts, call: AwsCall) {
  const parsed = ToTime.parse(call.input);
  const { SourceDBInstanceIdentifier: name, SourceDbiResourceId: id, ...wanted } = parsed;
  const { TargetDBInstanceIdentifier: identifier, RestoreTime, UseLatestRestorableTime: isLatest, ...options } = wanted;
  const source = originalOf(parts, call.region, { name, id });
  const untilMs = momentOf(source, { asked: RestoreTime?.getTime(), isLatest, nowMs: parts.world.clock.now() });
  requireFree(parts, call.region, identifier);
  const { instanceClass, backupRetentionDays, engine, kmsKeyId } = source;
  const commits = source.commits.filter(({ atMs }) => atMs <= untilMs);
  const content = { commits: () => commits, instanceClass, backupRetentionDays };
  const from = `DB instance ${source.identifier} to ${identifier}`;
  return begin(parts, { identifier, content, engine, kmsKeyId, from, options }, call);
}

interface Original {
  readonly name: string | undefined;
  readonly id: string | undefined;
}

function originalOf({ fleet }: Parts, region: string, { name, id }: Original): Instance {
  if (name === undefined && id === undefined) {
    const why = "Either SourceDBInstanceIdentifier or SourceDbiResourceId must be specified.";
    throw new AwsError("InvalidParameterCombination", why);
  }
  const known = fleet.instances.find((one) => one.region === region && one.resourceId === id)?.identifier;
  const source = fleet.require({ region, instance: name ?? known ?? String(id) });
  if (source.cluster !== undefined) {
    const instead = "Please use the RestoreDBClusterToPointInTime API instead.";
    throw new AwsError("InvalidParameterValue", `The specified instance is a member of a cluster. ${instead}`);
  }
  if (!hasRecovery(source)) {
    const why = `Point-in-time restore is not enabled for DB instance ${source.identifier}.`;
    throw new AwsError("PointInTimeRestoreNotEnabled", why);
  }
  return source;
}

interface Moment {
  readonly asked: number | undefined;
  readonly isLatest: boolean;
  readonly nowMs: number;
}

function momentOf(source: Instance, { asked, isLatest, nowMs }: Moment): number {
  if ((asked !== undefined) === isLatest) {
    const why = "Specify either RestoreTime or UseLatestRestorableTime, and not both.";
    throw new AwsError("InvalidParameterCombination", why);
  }
  const [fromMs, toMs] = [earliestRestorableMs(source, nowMs), latestRestorableMs(nowMs)];
  const atMs = asked ?? toMs;
  const refused = (bound: string) =>
    new AwsError("InvalidParameterValue", `The specified instance cannot be restored to a time ${bound}`);
  if (atMs > toMs) throw refused(`later than ${second(toMs)}.`);
  if (atMs < fromMs) {
    const days = source.backupRetentionDays;
    throw refused(`earlier than ${second(fromMs)} because its backup retention period is set to ${days} days.`);
  }
  return atMs;
}

const second = (ms: number): string => new Date(ms).toISOString().replace(/\.\d+Z$/, "Z");

function requireFree({ fleet }: Parts, region: string, instance: string): void {
  if (fleet.find({ region, instance })) throw new AwsError("DBInstanceAlreadyExists", "DB Instance already exists");
}

interface Wanted {
  readonly identifier: string;
  readonly content: Content;
  readonly engine: string;
  readonly kmsKeyId: string | undefined;
  readonly from: string;
  readonly options: z.infer<z.ZodObject<typeof Options>>;
}

function begin({ world, fleet, changes, shelf }: Parts, wanted: Wanted, { region, requestId }: AwsCall) {
  const { identifier, content, kmsKeyId, from, options } = wanted;
  if (options.DBSubnetGroupName !== SUBNET_GROUP) {
    const why = `DBSubnetGroup ${options.DBSubnetGroupName} not found.`;
    throw new AwsError("DBSubnetGroupNotFoundFault", why, 404);
  }
  if (kmsKeyId !== undefined) shelf.requireKey(region, kmsKeyId, "source");
  const spec = DatabaseSpec.parse({
    ...{ identifier, region, engine: wanted.engine, storageEncrypted: kmsKeyId !== undefined },
    instanceClass: options.DBInstanceClass ?? content.instanceClass,
    multiAz: options.MultiAZ,
    deletionProtection: options.DeletionProtection,
    parameterGroup: options.DBParameterGroupName,
    logExports: options.EnableCloudwatchLogsExports,
    backupRetentionDays: options.BackupRetentionPeriod ?? content.backupRetentionDays,
    endpoint: fleet.endpointFor(region, identifier, `c${requestId.slice(0, 8)}.${region}.rds.amazonaws.com`),
    securityGroups: options.VpcSecurityGroupIds,
  });
  const birth = { createdMs: world.clock.now(), random: world.random.fork(`rds-restore-${requestId}`) };
  const instance = newInstance(spec, kmsKeyId, birth);
  instance.backupWindow = options.PreferredBackupWindow ?? instance.backupWindow;
  fleet.add(instance);
  const facts = { instance: identifier, region, from, acceptedMs: birth.createdMs, requestId };
  world.log.append("rds.restore-accepted", facts);
  changes.restore(instance, content.commits(), from);
  return { DBInstance: instanceView(fleet, instance, { nowMs: world.clock.now() }) };
}
