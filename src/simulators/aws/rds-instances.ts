import { type Instance, keepBackups, parseDatabaseArn } from "./database-instance.ts";
import { page } from "./paging.ts";
import { Delete, DescribeEvents, DescribeInstances, Modify, Promote, Reboot } from "./rds-input.ts";
import type { RdsParts } from "./rds-parts.ts";
import { createReplica } from "./rds-replicas.ts";
import { eventView, instanceView } from "./rds-view.ts";
import { type AwsCall, AwsError, type AwsOperation, XmlList } from "./service.ts";

export function instanceOperations(parts: RdsParts): Record<string, AwsOperation> {
  const one = (instance: Instance, status?: string) => ({
    DBInstance: instanceView(parts.fleet, instance, { nowMs: parts.world.clock.now(), status }),
  });
  return {
    DescribeDBInstances: { mutates: false, handle: (call) => describeInstances(parts, call) },
    DescribeEvents: { mutates: false, handle: (call) => describeEvents(parts, call) },
    PromoteReadReplica: {
      mutates: true,
      handle: (call) => {
        const wanted = Promote.parse(call.input);
        const replica = parts.fleet.require({ region: call.region, instance: wanted.DBInstanceIdentifier });
        requireKey(parts, replica);
        const { BackupRetentionPeriod: retentionDays, PreferredBackupWindow: window } = wanted;
        parts.changes.promote(replica, { retentionDays, window }, call);
        return one(replica, "modifying");
      },
    },
    CreateDBInstanceReadReplica: { mutates: true, handle: (call) => one(createReplica(parts, call)) },
    ModifyDBInstance: {
      mutates: true,
      handle: (call) => {
        const wanted = Modify.parse(call.input);
        const instance = parts.fleet.require({ region: call.region, instance: wanted.DBInstanceIdentifier });
        modify(parts, instance, wanted);
        return one(instance);
      },
    },
    DeleteDBInstance: {
      mutates: true,
      handle: ({ input, region }) => {
        const wanted = Delete.parse(input);
        const instance = parts.fleet.require({ region, instance: wanted.DBInstanceIdentifier });
        remove(parts, instance, wanted.SkipFinalSnapshot);
        return one(instance, "deleting");
      },
    },
    RebootDBInstance: {
      mutates: true,
      handle: (call) => {
        const wanted = Reboot.parse(call.input);
        const instance = parts.fleet.require({ region: call.region, instance: wanted.DBInstanceIdentifier });
        return one(instance, parts.changes.reboot(instance, wanted.ForceFailover) ? "rebooting" : undefined);
      },
    },
  };
}

/** Storage that is encrypted under a key that cannot be used any more keeps nothing new. */
function requireKey({ deps }: RdsParts, { region, storageEncrypted, kmsKeyId }: Instance): void {
  if (!storageEncrypted || kmsKeyId === undefined || deps.keys.find(region, kmsKeyId)?.state === "Enabled") return;
  throw new AwsError("KMSKeyNotAccessibleFault", `The KMS key ${kmsKeyId} does not exist or is not enabled.`);
}

const FILTERS = new Set(["db-instance-id", "db-cluster-id"]);

function describeInstances({ fleet, world }: RdsParts, { input, region }: AwsCall) {
  const wanted = DescribeInstances.parse(input);
  const isInstance = (instance: Instance, name: string) => {
    const ref = parseDatabaseArn(name) ?? { region, instance: name };
    return instance.region === ref.region && instance.identifier === ref.instance.toLowerCase();
  };
  const fits = (instance: Instance, { Name, Values }: { Name: string; Values: readonly string[] }) =>
    Values.some((value) => (Name === "db-cluster-id" ? instance.cluster === value : isInstance(instance, value)));
  for (const { Name } of wanted.Filters) {
    if (!FILTERS.has(Name)) throw new AwsError("InvalidParameterValue", `Unrecognized filter name: ${Name}`);
  }
  if (wanted.DBInstanceIdentifier !== undefined) {
    const ref = parseDatabaseArn(wanted.DBInstanceIdentifier) ?? { region, instance: wanted.DBInstanceIdentifier };
    fleet.require({ ...ref, region });
  }
  const found = fleet.instances.filter(
    (instance) =>
      instance.region === region &&
      (wanted.DBInstanceIdentifier === undefined || isInstance(instance, wanted.DBInstanceIdentifier)) &&
      wanted.Filters.every((filter) => fits(instance, filter)),
  );
  const { entries, marker } = page(found, ({ identifier }) => identifier, {
    size: wanted.MaxRecords,
    marker: wanted.Marker,
  });
  const views = entries.map((instance) => instanceView(fleet, instance, { nowMs: world.clock.now() }));
  return { Marker: marker, DBInstances: new XmlList("DBInstance", views) };
}

function remove({ changes }: RdsParts, instance: Instance, isWithoutSnapshot: boolean): void {
  if (instance.deletionProtection)
    throw new AwsError(
      "InvalidParameterCombination",
      "Cannot delete protected DB Instance, please disable deletion protection and try again.",
    );
  if (!isWithoutSnapshot && instance.source === undefined)
    throw new AwsError(
      "InvalidParameterCombination",
      "FinalDBSnapshotIdentifier is required unless SkipFinalSnapshot is specified.",
    );
  changes.delete(instance);
}

function modify({ changes }: RdsParts, instance: Instance, wanted: Modify): void {
  const { BackupRetentionPeriod: retention, VpcSecurityGroupIds: groups } = wanted;
  // Switching backups on or off waits for the maintenance window unless asked for at once; other lengths do not.
  const isSwitch = retention !== undefined && (retention === 0) !== (instance.backupRetentionDays === 0);
  const isDeferred = isSwitch && !wanted.ApplyImmediately;
  // What is wanted at once takes along all that was waiting for the maintenance window.
  const waited = wanted.ApplyImmediately ? instance.pendingRetentionDays : undefined;
  if (wanted.ApplyImmediately) instance.pendingRetentionDays = undefined;
  const now = isDeferred ? undefined : (retention ?? waited);
  const isUpgrade = wanted.EngineVersion !== undefined && wanted.EngineVersion !== instance.engineVersion;
  changes[isUpgrade ? "upgrade" : "modify"](instance, (atMs) => {
    instance.engineVersion = wanted.EngineVersion ?? instance.engineVersion;
    keepBackups(instance, now ?? instance.backupRetentionDays, atMs);
    if (groups !== undefined) instance.securityGroups = groups;
    instance.multiAz = wanted.MultiAZ ?? instance.multiAz;
    // It is used from the next reboot on.
    instance.parameterGroup = wanted.DBParameterGroupName ?? instance.parameterGroup;
    const { EnableLogTypes = [], DisableLogTypes = [] } = wanted.CloudwatchLogsExportConfiguration ?? {};
    const kept = instance.logExports.filter((log) => !DisableLogTypes.includes(log));
    instance.logExports = [...new Set([...kept, ...EnableLogTypes])];
  });
  if (isDeferred) instance.pendingRetentionDays = retention;
  instance.deletionProtection = wanted.DeletionProtection ?? instance.deletionProtection;
  instance.backupWindow = wanted.PreferredBackupWindow ?? instance.backupWindow;
  instance.maintenanceWindow = wanted.PreferredMaintenanceWindow ?? instance.maintenanceWindow;
}

function describeEvents({ events, world }: RdsParts, { input, region }: AwsCall) {
  const wanted = DescribeEvents.parse(input);
  if (wanted.SourceIdentifier !== undefined && wanted.SourceType === undefined) {
    throw new AwsError(
      "InvalidParameterCombination",
      "Cannot specify a source identifier without specifying a source type.",
    );
  }
  const toMs = wanted.EndTime?.getTime() ?? world.clock.now();
  const fromMs = wanted.StartTime?.getTime() ?? toMs - wanted.Duration * 60_000;
  const found = events
    .between(region, fromMs, toMs)
    .filter(({ identifier }) => wanted.SourceIdentifier === undefined || identifier === wanted.SourceIdentifier)
    .filter(({ sourceType }) => wanted.SourceType === undefined || sourceType === wanted.SourceType)
    .filter(({ category }) => wanted.EventCategories?.includes(category) ?? true)
    .map((event, index) => ({ event, key: `${String(event.atMs).padStart(20, "0")}-${index}` }));
  const { entries, marker } = page(found, ({ key }) => key, { size: wanted.MaxRecords, marker: wanted.Marker });
  return {
    Marker: marker,
    Events: new XmlList(
      "Event",
      entries.map(({ event }) => eventView(event)),
    ),
  };
}
