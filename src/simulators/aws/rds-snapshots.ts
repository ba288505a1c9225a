import { z } from "zod";
import type { World } from "../world/world.ts";
import type { DatabaseChanges } from "./database-changes.ts";
import type { DatabaseFleet } from "./database-fleet.ts";
import { engineOf, type Instance, parseDatabaseArn } from "./database-instance.ts";
import { page } from "./paging.ts";
import { type AwsCall, AwsError, type AwsOperation, XmlList } from "./service.ts";
import { CopyOptions, copySnapshot, Tags } from "./snapshot-copy.ts";
import { snapshotName } from "./snapshot-name.ts";
import type { Content, Snapshot, SnapshotShelf } from "./snapshot-shelf.ts";

const CreateInput = z.strictObject({
  DBSnapshotIdentifier: snapshotName(255),
  DBInstanceIdentifier: z.string(),
  Tags,
});

const CopyInput = z.strictObject({
  SourceDBSnapshotIdentifier: z.string(),
  TargetDBSnapshotIdentifier: snapshotName(255),
  ...CopyOptions,
});

const DescribeInput = z.strictObject({
  DBInstanceIdentifier: z.string().optional(),
  DBSnapshotIdentifier: z.string().toLowerCase().optional(),
  SnapshotType: z.enum(["automated", "manual"]).optional(),
  MaxRecords: z.coerce.number().int().min(20).max(100).default(100),
  Marker: z.string().optional(),
});

const HOUR_MS = 3_600_000;

export interface SnapshotParts {
  readonly world: World;
  readonly fleet: DatabaseFleet;
  readonly changes: DatabaseChanges;
  readonly shelf: SnapshotShelf;
}

/** Snapshots of the simulated instances. An instance with backups starts out with last night's automated one. */
export function snapshotOperations(parts: SnapshotParts): Readonly<Record<string, AwsOperation>> {
  addLastNights(parts);
  return {
    CreateDBSnapshot: { mutates: true, handle: (call) => create(parts, call) },
    CopyDBSnapshot: { mutates: true, handle: (call) => copy(parts, call) },
    DescribeDBSnapshots: { mutates: false, handle: (call) => describe(parts, call) },
  };
}

function addLastNights({ world, fleet, shelf }: SnapshotParts): void {
  const takenMs = world.clock.now() - 8 * HOUR_MS;
  const stamp = new Date(takenMs).toISOString().slice(0, 16).replace(/[T:]/g, "-");
  for (const instance of fleet.instances) {
    if (instance.backupRetentionDays === 0 || instance.cluster !== undefined) continue;
    const identifier = `rds:${instance.identifier}-${stamp}`;
    const { region, kmsKeyId } = instance;
    const content = { ...contentOf(instance), commits: () => [] };
    const source = { ...sourceOf(instance), content };
    shelf.add({ identifier, region, source, type: "automated", kmsKeyId, tags: [], takenMs });
  }
}

function sourceOf(instance: Instance) {
  const { identifier, region, engine, resourceId, kmsKeyId } = instance;
  return { identifier, region, engine, engineVersion: engineOf(instance).version, resourceId, kmsKeyId };
}

/** All that it holds now. */
function contentOf({ commits, instanceClass, backupRetentionDays }: Instance): Content {
  const { length } = commits;
  return { commits: () => commits.slice(0, length), instanceClass, backupRetentionDays };
}

function create({ world, fleet, changes, shelf }: SnapshotParts, { input, region, requestId }: AwsCall) {
  const wanted = CreateInput.parse(input);
  const instance = fleet.require({ region, instance: wanted.DBInstanceIdentifier });
  if (instance.cluster !== undefined) {
    const instead = "Please use the CreateDBClusterSnapshot API instead.";
    throw new AwsError("InvalidParameterValue", `The specified instance is a member of a cluster. ${instead}`);
  }
  shelf.requireRoom(region, wanted.DBSnapshotIdentifier);
  if (instance.kmsKeyId !== undefined) shelf.requireKey(region, instance.kmsKeyId, "source");
  // Added once the change is accepted, so that a refused snapshot leaves nothing behind.
  const created: { snapshot?: Snapshot } = {};
  const begunMs = world.clock.now();
  const content = contentOf(fleet.caughtUp({ region, instance: instance.identifier }));
  const lastsMs = changes.snapshot(instance, () => {
    if (created.snapshot) shelf.finish(created.snapshot, { status: "available", takenMs: begunMs });
  });
  const { kmsKeyId } = instance;
  const source = { ...sourceOf(instance), content };
  const facts = { identifier: wanted.DBSnapshotIdentifier, region, source, kmsKeyId };
  const snapshot = shelf.add({ ...facts, type: "manual", tags: wanted.Tags });
  snapshot.lastsMs = lastsMs;
  created.snapshot = snapshot;
  shelf.accepted(snapshot, requestId);
  return { DBSnapshot: view(shelf, snapshot) };
}

function copy({ world, changes, shelf }: SnapshotParts, call: AwsCall) {
  const { SourceDBSnapshotIdentifier, TargetDBSnapshotIdentifier, ...options } = CopyInput.parse(call.input);
  const wanted = { source: SourceDBSnapshotIdentifier, target: TargetDBSnapshotIdentifier, ...options };
  const made = copySnapshot({ world, shelf, schedule: (done) => changes.copySnapshot(done) }, wanted, call);
  return { DBSnapshot: view(shelf, made) };
}

function describe({ shelf }: SnapshotParts, { input, region }: AwsCall) {
  const wanted = DescribeInput.parse(input);
  const database = wanted.DBInstanceIdentifier?.toLowerCase();
  const ref = parseDatabaseArn(database ?? "");
  const found = shelf
    .in(region)
    .filter(({ source }) => database === undefined || source.identifier === (ref?.instance ?? database))
    .filter(({ identifier }) => (wanted.DBSnapshotIdentifier ?? identifier) === identifier)
    .filter(({ type }) => (wanted.SnapshotType ?? type) === type);
  if (wanted.DBSnapshotIdentifier !== undefined && found.length === 0) throw shelf.missing(wanted.DBSnapshotIdentifier);
  const { entries, marker } = page(found, ({ identifier }) => identifier, {
    size: wanted.MaxRecords,
    marker: wanted.Marker,
  });
  const views = entries.map((entry) => view(shelf, entry));
  return { Marker: marker, DBSnapshots: new XmlList("DBSnapshot", views) };
}

function view(shelf: SnapshotShelf, snapshot: Snapshot) {
  const { source, kmsKeyId } = snapshot;
  return {
    DBSnapshotIdentifier: snapshot.identifier,
    DBInstanceIdentifier: source.identifier,
    SnapshotCreateTime: snapshot.takenMs === undefined ? undefined : new Date(snapshot.takenMs),
    Engine: source.engine,
    EngineVersion: source.engineVersion,
    AllocatedStorage: 100,
    Status: snapshot.status,
    SnapshotType: snapshot.type,
    PercentProgress: shelf.progressOf(snapshot),
    SourceRegion: snapshot.copiedFrom,
    SourceDBSnapshotIdentifier: snapshot.copyOf,
    Encrypted: kmsKeyId !== undefined,
    KmsKeyId: kmsKeyId,
    DBSnapshotArn: snapshot.arn,
    DbiResourceId: source.resourceId,
    TagList: new XmlList("Tag", snapshot.tags),
  };
}
