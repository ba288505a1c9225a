import type { World } from "../world/world.ts";
import { ClusterChanges } from "./cluster-changes.ts";
import { DatabaseChanges } from "./database-changes.ts";
import { keyFor } from "./database-cluster.ts";
import { DatabaseFleet, type RdsDeps } from "./database-fleet.ts";
import { busy, type Instance, keepBackups, newInstance, parseDatabaseArn } from "./database-instance.ts";
import { page } from "./paging.ts";
import { clusterSnapshotOperations } from "./rds-cluster-snapshots.ts";
import { clusterOperations } from "./rds-clusters.ts";
import { addRdsControls } from "./rds-controls.ts";
import { RdsEvents } from "./rds-events.ts";
import { CreateReplica, Delete, DescribeEvents, DescribeInstances, Modify, Promote, Reboot } from "./rds-input.ts";
import { logOperations } from "./rds-logs.ts";
import { maintenanceOperations } from "./rds-maintenance.ts";
import { restoreOperations } from "./rds-restores.ts";
import { snapshotOperations } from "./rds-snapshots.ts";
import { eventView, instanceView } from "./rds-view.ts";
import {
  type AwsCall,
  AwsError,
  type AwsOperation,
  type AwsService,
  type DatabaseEngine,
  type DatabaseRef,
  XmlList,
} from "./service.ts";
import { keepingOperations, tagsOn } from "./snapshot-keeping.ts";
import { FAMILIES, SnapshotShelf } from "./snapshot-shelf.ts";
import { DatabaseSpec, RdsSpec, type RdsSpecInput } from "./specs.ts";

export interface Rds {
  readonly service: AwsService;
  readonly engine: DatabaseEngine;
  /** Instances that speak PostgreSQL, each with the host name that clients find it by. */
  readonly speakPostgres: () => readonly (DatabaseRef & { readonly endpoint: string })[];
  /** Tags of the resource with this ARN; undefined where it has none. */
  readonly tagsOf: (arn: string) => Readonly<Record<string, string>> | undefined;
  /** Instances that are replicas, or were. */
  readonly replicasIn: (region: string) => readonly string[];
  /** `ReplicaLag` at a world time: seconds, -1 broken, undefined where RDS publishes no sample. */
  readonly replicaLagAt: (ref: DatabaseRef, worldMs: number) => number | undefined;
}

/**
 * Simulated RDS: instances with cross-region read replicas, Aurora clusters inside one region, and their snapshots. Logs
 * `rds.promotion-accepted`, `db.lost-rows`, `rds.promotion-observable`, and the like of failovers and snapshots; steered by
 * `POST /rds/lag` and `POST /rds/instance`, shown by `GET /rds`.
 */
export function createRds(world: World, input: RdsSpecInput, deps: RdsDeps): Rds {
  const spec = RdsSpec.parse(input);
  const fleet = new DatabaseFleet(world, deps, spec);
  const events = new RdsEvents(world);
  const changes = new DatabaseChanges(world, { fleet, events }, spec);
  const clusters = new ClusterChanges(world, { fleet, events }, spec);
  const parts: Parts = { world, deps, fleet, events, changes };
  const shelf = { world, keys: deps.keys, quota: spec.snapshotQuota };
  const shelves = {
    instance: new SnapshotShelf(FAMILIES.instance, shelf),
    cluster: new SnapshotShelf(FAMILIES.cluster, shelf),
  };
  addRdsControls(world, fleet);
  return {
    service: {
      name: "rds",
      protocol: "query",
      invalidParameter: "InvalidParameterValue",
      namespace: "http://rds.amazonaws.com/doc/2014-10-31/",
      operations: {
        ...instanceOperations(parts),
        ...maintenanceOperations(fleet),
        ...snapshotOperations({ world, fleet, changes, shelf: shelves.instance }),
        ...restoreOperations({ world, fleet, changes, shelf: shelves.instance }),
        ...logOperations(world, fleet),
        ...clusterOperations({ fleet, changes: clusters }),
        ...clusterSnapshotOperations({ world, fleet, changes: clusters, copies: changes, shelf: shelves.cluster }),
        ...keepingOperations(world, shelves),
      },
    },
    engine: fleet,
    speakPostgres: () =>
      fleet.instances
        .filter(({ engine }) => engine.startsWith("postgres"))
        .map(({ region, identifier: instance, endpoint }) => ({ region, instance, endpoint })),
    tagsOf: tagsOn(Object.values(shelves)),
    replicasIn: (region) =>
      fleet.instances.filter((one) => one.region === region && one.replication).map(({ identifier }) => identifier),
    replicaLagAt: (ref, worldMs) => fleet.replicaLagAt(ref, worldMs),
  };
}

interface Parts {
  readonly world: World;
  readonly deps: RdsDeps;
  readonly fleet: DatabaseFleet;
  readonly events: RdsEvents;
  readonly changes: DatabaseChanges;
}

function instanceOperations(parts: Parts): Record<string, AwsOperation> {
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
function requireKey({ deps }: Parts, { region, storageEncrypted, kmsKeyId }: Instance): void {
  if (!storageEncrypted || kmsKeyId === undefined || deps.keys.find(region, kmsKeyId)?.state === "Enabled") return;
  throw new AwsError("KMSKeyNotAccessibleFault", `The KMS key ${kmsKeyId} does not exist or is not enabled.`);
}

const FILTERS = new Set(["db-instance-id", "db-cluster-id"]);

function describeInstances({ fleet, world }: Parts, { input, region }: AwsCall) {
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

function createReplica({ fleet, changes, world, deps }: Parts, { input, region, requestId }: AwsCall): Instance {
  const wanted = CreateReplica.parse(input);
  const named = wanted.SourceDBInstanceIdentifier;
  const sourceRef = parseDatabaseArn(named) ?? { region, instance: named.toLowerCase() };
  const identifier = wanted.DBInstanceIdentifier;
  const source = requireSource({ fleet, world }, sourceRef, { region, kmsKeyId: wanted.KmsKeyId });
  if (wanted.KmsKeyId !== undefined && deps.keys.find(region, wanted.KmsKeyId)?.state !== "Enabled") {
    throw new AwsError("KMSKeyNotAccessibleFault", `The KMS key ${wanted.KmsKeyId} does not exist or is not enabled.`);
  }
  if (fleet.find({ region, instance: identifier })) {
    throw new AwsError("DBInstanceAlreadyExists", "DB Instance already exists");
  }
  const lagSeconds = 1;
  const spec = DatabaseSpec.parse({
    ...{ identifier, region, engine: source.engine, storageEncrypted: source.storageEncrypted, lagSeconds },
    kmsKey: wanted.KmsKeyId,
    instanceClass: wanted.DBInstanceClass ?? source.instanceClass,
    multiAz: wanted.MultiAZ,
    deletionProtection: wanted.DeletionProtection,
    backupRetentionDays: wanted.BackupRetentionPeriod,
    endpoint: fleet.endpointFor(region, identifier, `c${requestId.slice(0, 8)}.${region}.rds.amazonaws.com`),
    securityGroups: wanted.VpcSecurityGroupIds,
    replicaOf: { region: sourceRef.region, identifier: source.identifier },
  });
  const birth = { createdMs: world.clock.now(), random: world.random.fork(`rds-replica-${requestId}`) };
  const replica = newInstance(spec, keyFor(spec, deps.keys), birth);
  fleet.add(replica);
  changes.create(replica, lagSeconds * 1_000);
  return replica;
}

function requireSource(
  { fleet, world }: Pick<Parts, "fleet" | "world">,
  ref: DatabaseRef,
  target: { readonly region: string; readonly kmsKeyId: string | undefined },
): Instance {
  const isElsewhere = ref.region !== target.region;
  if (isElsewhere && world.regions.isUnreachable(ref.region)) {
    throw new AwsError("ServiceUnavailable", `The source region ${ref.region} does not answer.`, 503);
  }
  const source = fleet.require(ref);
  if (source.backupRetentionDays === 0) {
    throw new AwsError(
      "InvalidDBInstanceState",
      "Automated backups are not enabled for this database instance. To enable automated backups, use ModifyDBInstance " +
        "to set the backup retention period to a non-zero value.",
    );
  }
  if (isElsewhere && source.storageEncrypted && target.kmsKeyId === undefined) {
    throw new AwsError(
      "InvalidParameterCombination",
      "A replica of an encrypted source in another region needs a KmsKeyId.",
    );
  }
  return source;
}

/** Gone at once; in AWS it takes minutes. */
function remove({ fleet }: Parts, instance: Instance, isWithoutSnapshot: boolean): void {
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
  if (instance.change) throw busy();
  fleet.remove(instance);
}

function modify({ changes }: Parts, instance: Instance, wanted: Modify): void {
  const { BackupRetentionPeriod: retention, VpcSecurityGroupIds: groups } = wanted;
  // Switching backups on or off waits for the maintenance window unless asked for at once; other lengths do not.
  const isSwitch = retention !== undefined && (retention === 0) !== (instance.backupRetentionDays === 0);
  const isDeferred = isSwitch && !wanted.ApplyImmediately;
  // What is wanted at once takes along all that was waiting for the maintenance window.
  const waited = wanted.ApplyImmediately ? instance.pendingRetentionDays : undefined;
  if (wanted.ApplyImmediately) instance.pendingRetentionDays = undefined;
  const now = isDeferred ? undefined : (retention ?? waited);
  changes.modify(instance, (atMs) => {
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

function describeEvents({ events, world }: Parts, { input, region }: AwsCall) {
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
