import { z } from "zod";
import type { World } from "../world/world.ts";
import type { ClusterChanges } from "./cluster-changes.ts";
import type { DatabaseChanges } from "./database-changes.ts";
import type { Cluster } from "./database-cluster.ts";
import type { DatabaseFleet } from "./database-fleet.ts";
import { engineOf } from "./database-instance.ts";
import { page } from "./paging.ts";
import { type AwsCall, type AwsOperation, XmlList } from "./service.ts";
import { CopyOptions, copySnapshot, Tags } from "./snapshot-copy.ts";
import { snapshotName } from "./snapshot-name.ts";
import type { Snapshot, SnapshotShelf } from "./snapshot-shelf.ts";

const CreateInput = z.strictObject({
  DBClusterSnapshotIdentifier: snapshotName(63),
  DBClusterIdentifier: z.string(),
  Tags,
});

const CopyInput = z.strictObject({
  SourceDBClusterSnapshotIdentifier: z.string(),
  TargetDBClusterSnapshotIdentifier: snapshotName(63),
  ...CopyOptions,
});

const DescribeInput = z.strictObject({
  DBClusterIdentifier: z.string().toLowerCase().optional(),
  DBClusterSnapshotIdentifier: z.string().toLowerCase().optional(),
  SnapshotType: z.enum(["automated", "manual"]).optional(),
  MaxRecords: z.coerce.number().int().min(20).max(100).default(100),
  Marker: z.string().optional(),
});

interface Parts {
  readonly world: World;
  readonly fleet: DatabaseFleet;
  readonly changes: ClusterChanges;
  /** A copy takes as long as an instance's. */
  readonly copies: Pick<DatabaseChanges, "copySnapshot">;
  readonly shelf: SnapshotShelf;
}

/** Manual snapshots of the simulated Aurora clusters, and their copies. */
export function clusterSnapshotOperations(parts: Parts): Readonly<Record<string, AwsOperation>> {
  return {
    CreateDBClusterSnapshot: { mutates: true, handle: (call) => create(parts, call) },
    CopyDBClusterSnapshot: { mutates: true, handle: (call) => copy(parts, call) },
    DescribeDBClusterSnapshots: { mutates: false, handle: (call) => describe(parts, call) },
  };
}

function sourceOf(cluster: Cluster) {
  const { identifier, region, engine, resourceId, kmsKeyId } = cluster;
  return { identifier, region, engine, engineVersion: engineOf(cluster).version, resourceId, kmsKeyId };
}

function create({ world, fleet, changes, shelf }: Parts, { input, region, requestId }: AwsCall) {
  const wanted = CreateInput.parse(input);
  const cluster = fleet.requireCluster(region, wanted.DBClusterIdentifier);
  const { kmsKeyId } = cluster;
  shelf.requireRoom(region, wanted.DBClusterSnapshotIdentifier);
  if (kmsKeyId !== undefined) shelf.requireKey(region, kmsKeyId, "source");
  const created: { snapshot?: Snapshot } = {};
  const begunMs = world.clock.now();
  const lastsMs = changes.snapshot(cluster, () => {
    if (created.snapshot) shelf.finish(created.snapshot, { status: "available", takenMs: begunMs });
  });
  const facts = { identifier: wanted.DBClusterSnapshotIdentifier, region, source: sourceOf(cluster), kmsKeyId };
  const snapshot = shelf.add({ ...facts, type: "manual", tags: wanted.Tags });
  snapshot.lastsMs = lastsMs;
  created.snapshot = snapshot;
  shelf.accepted(snapshot, requestId);
  return { DBClusterSnapshot: view(shelf, snapshot) };
}

function copy({ world, copies, shelf }: Parts, call: AwsCall) {
  const parsed = CopyInput.parse(call.input);
  const { SourceDBClusterSnapshotIdentifier: source, TargetDBClusterSnapshotIdentifier: target, ...options } = parsed;
  const copying = { world, shelf, schedule: (done: () => void) => copies.copySnapshot(done) };
  return { DBClusterSnapshot: view(shelf, copySnapshot(copying, { source, target, ...options }, call)) };
}

function describe({ shelf }: Parts, { input, region }: AwsCall) {
  const wanted = DescribeInput.parse(input);
  const found = shelf
    .in(region)
    .filter(({ source }) => (wanted.DBClusterIdentifier ?? source.identifier) === source.identifier)
    .filter(({ identifier }) => (wanted.DBClusterSnapshotIdentifier ?? identifier) === identifier)
    .filter(({ type }) => (wanted.SnapshotType ?? type) === type);
  if (wanted.DBClusterSnapshotIdentifier !== undefined && found.length === 0) {
    throw shelf.missing(wanted.DBClusterSnapshotIdentifier);
  }
  const { entries, marker } = page(found, ({ identifier }) => identifier, {
    size: wanted.MaxRecords,
    marker: wanted.Marker,
  });
  const views = entries.map((entry) => view(shelf, entry));
  return { Marker: marker, DBClusterSnapshots: new XmlList("DBClusterSnapshot", views) };
}

function view(shelf: SnapshotShelf, snapshot: Snapshot) {
  const { source, kmsKeyId } = snapshot;
  return {
    DBClusterSnapshotIdentifier: snapshot.identifier,
    DBClusterIdentifier: source.identifier,
    SnapshotCreateTime: snapshot.takenMs === undefined ? undefined : new Date(snapshot.takenMs),
    Engine: source.engine,
    EngineVersion: source.engineVersion,
    Status: snapshot.status,
    SnapshotType: snapshot.type,
    PercentProgress: shelf.progressOf(snapshot),
    SourceDBClusterSnapshotArn: snapshot.copyOf,
    StorageEncrypted: kmsKeyId !== undefined,
    KmsKeyId: kmsKeyId,
    DBClusterSnapshotArn: snapshot.arn,
    DbClusterResourceId: source.resourceId,
    TagList: new XmlList("Tag", snapshot.tags),
  };
}
