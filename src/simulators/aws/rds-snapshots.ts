import { z } from "zod";
import type { World } from "../world/world.ts";
import type { DatabaseChanges } from "./database-changes.ts";
import type { DatabaseFleet } from "./database-fleet.ts";
import { databaseArn, engineOf, type Instance, parseDatabaseArn } from "./database-instance.ts";
import { page } from "./paging.ts";
import { kmsKeyArn } from "./rds-view.ts";
import { type AwsCall, AwsError, type AwsOperation, XmlList } from "./service.ts";
import { ACCOUNT_ID } from "./specs.ts";

interface Snapshot {
  readonly identifier: string;
  readonly region: string;
  readonly database: Instance;
  readonly type: "automated" | "manual";
  readonly kmsKeyId: string | undefined;
  readonly copiedFrom: string | undefined;
  /** World time, epoch milliseconds. */
  readonly createdMs: number;
  status: "creating" | "available";
}

const Tags = z.array(z.strictObject({ Key: z.string(), Value: z.string().optional() })).optional();

const CreateInput = z.strictObject({
  DBSnapshotIdentifier: z.string().toLowerCase(),
  DBInstanceIdentifier: z.string(),
  Tags,
});

const CopyInput = z.strictObject({
  SourceDBSnapshotIdentifier: z.string(),
  TargetDBSnapshotIdentifier: z.string().toLowerCase(),
  KmsKeyId: z.string().optional(),
  CopyTags: z.string().optional(),
  PreSignedUrl: z.string().optional(),
  Tags,
});

const DescribeInput = z.strictObject({
  DBInstanceIdentifier: z.string().optional(),
  DBSnapshotIdentifier: z.string().toLowerCase().optional(),
  SnapshotType: z.enum(["automated", "manual"]).optional(),
  MaxRecords: z.coerce.number().int().min(20).max(100).default(100),
  Marker: z.string().optional(),
});

const HOUR_MS = 3_600_000;

/** Snapshots of the simulated databases. An instance with backups starts out with last night's automated one. */
export class RdsSnapshots {
  readonly operations: Readonly<Record<string, AwsOperation>> = {
    CreateDBSnapshot: { mutates: true, handle: (call) => this.#create(call) },
    CopyDBSnapshot: { mutates: true, handle: (call) => this.#copy(call) },
    DescribeDBSnapshots: { mutates: false, handle: (call) => this.#describe(call) },
  };
  readonly #world: World;
  readonly #fleet: DatabaseFleet;
  readonly #changes: DatabaseChanges;
  readonly #snapshots: Snapshot[] = [];

  constructor(world: World, fleet: DatabaseFleet, changes: DatabaseChanges) {
    this.#world = world;
    this.#fleet = fleet;
    this.#changes = changes;
    const lastNightMs = world.clock.now() - 8 * HOUR_MS;
    for (const database of fleet.instances.filter((instance) => instance.backupRetentionDays > 0)) {
      const stamp = new Date(lastNightMs).toISOString().slice(0, 16).replace(/[T:]/g, "-");
      this.#add(database, { identifier: `rds:${database.identifier}-${stamp}`, type: "automated", atMs: lastNightMs });
    }
  }

  #create({ input, region }: AwsCall) {
    const wanted = CreateInput.parse(input);
    const database = this.#fleet.require({ region, instance: wanted.DBInstanceIdentifier });
    this.#requireFree(region, wanted.DBSnapshotIdentifier);
    // Added once the change is accepted, so that a refused snapshot leaves nothing behind.
    const created: { snapshot?: Snapshot } = {};
    this.#changes.snapshot(database, () => finish(created.snapshot));
    created.snapshot = this.#add(database, { identifier: wanted.DBSnapshotIdentifier, type: "manual" });
    return { DBSnapshot: view(created.snapshot) };
  }

  /** Called in the destination; the source is a name there or an ARN of another region. */
  #copy({ input, region }: AwsCall) {
    const wanted = CopyInput.parse(input);
    const source = this.#require(region, wanted.SourceDBSnapshotIdentifier);
    if (this.#world.regions.isUnreachable(source.region)) {
      throw new AwsError("ServiceUnavailable", `The source region ${source.region} does not answer.`, 503);
    }
    if (source.status !== "available") {
      throw new AwsError("InvalidDBSnapshotState", `Snapshot ${source.identifier} is not available.`);
    }
    if (source.kmsKeyId && source.region !== region && !wanted.KmsKeyId) {
      throw new AwsError("InvalidParameterCombination", "An encrypted snapshot needs a KmsKeyId of this region.");
    }
    this.#requireFree(region, wanted.TargetDBSnapshotIdentifier);
    const copy = this.#add(source.database, {
      ...{ identifier: wanted.TargetDBSnapshotIdentifier, type: "manual", region, copiedFrom: arnOf(source) },
      ...(wanted.KmsKeyId === undefined ? {} : { kmsKeyId: wanted.KmsKeyId }),
    });
    this.#changes.copySnapshot(() => finish(copy));
    return { DBSnapshot: view(copy) };
  }

  #describe({ input, region }: AwsCall) {
    const wanted = DescribeInput.parse(input);
    const database = wanted.DBInstanceIdentifier?.toLowerCase();
    const ref = parseDatabaseArn(database ?? "");
    const found = this.#snapshots.filter(
      (snapshot) =>
        snapshot.region === region &&
        (database === undefined || snapshot.database.identifier === (ref?.instance ?? database)) &&
        (wanted.DBSnapshotIdentifier === undefined || snapshot.identifier === wanted.DBSnapshotIdentifier) &&
        (wanted.SnapshotType === undefined || snapshot.type === wanted.SnapshotType),
    );
    if (wanted.DBSnapshotIdentifier !== undefined && found.length === 0) throw missing(wanted.DBSnapshotIdentifier);
    const { entries, marker } = page(found, ({ identifier }) => identifier, wanted.MaxRecords, wanted.Marker);
    return { Marker: marker, DBSnapshots: new XmlList("DBSnapshot", entries.map(view)) };
  }

  #add(
    database: Instance,
    facts: Pick<Snapshot, "identifier" | "type"> & {
      region?: string;
      copiedFrom?: string;
      kmsKeyId?: string;
      /** When it was completed; absent: it begins now. */
      atMs?: number;
    },
  ): Snapshot {
    const region = facts.region ?? database.region;
    const snapshot: Snapshot = {
      ...{ identifier: facts.identifier, type: facts.type, region, database },
      kmsKeyId: facts.kmsKeyId ?? (database.storageEncrypted ? kmsKeyArn(region) : undefined),
      copiedFrom: facts.copiedFrom,
      createdMs: facts.atMs ?? this.#world.clock.now(),
      status: facts.atMs === undefined ? "creating" : "available",
    };
    this.#snapshots.push(snapshot);
    return snapshot;
  }

  #require(region: string, nameOrArn: string): Snapshot {
    const [, arnRegion, arnName] = /^arn:aws:rds:([a-z0-9-]+):\d{12}:snapshot:(.+)$/.exec(nameOrArn) ?? [];
    const name = (arnName ?? nameOrArn).toLowerCase();
    const found = this.#snapshots.find((one) => one.region === (arnRegion ?? region) && one.identifier === name);
    if (!found) throw missing(nameOrArn);
    return found;
  }

  #requireFree(region: string, identifier: string): void {
    if (!this.#snapshots.some((one) => one.region === region && one.identifier === identifier)) return;
    throw new AwsError(
      "DBSnapshotAlreadyExists",
      `Cannot create the snapshot because a snapshot with the identifier ${identifier} already exists.`,
    );
  }
}

function finish(snapshot: Snapshot | undefined): void {
  if (snapshot) snapshot.status = "available";
}

function missing(identifier: string): AwsError {
  return new AwsError("DBSnapshotNotFound", `DBSnapshot ${identifier} not found.`, 404);
}

function arnOf({ region, identifier }: Snapshot): string {
  return `arn:aws:rds:${region}:${ACCOUNT_ID}:snapshot:${identifier}`;
}

function view(snapshot: Snapshot) {
  const { database, kmsKeyId } = snapshot;
  return {
    DBSnapshotIdentifier: snapshot.identifier,
    DBInstanceIdentifier: database.identifier,
    SnapshotCreateTime: new Date(snapshot.createdMs),
    Engine: database.engine,
    EngineVersion: engineOf(database).version,
    AllocatedStorage: 100,
    Status: snapshot.status,
    SnapshotType: snapshot.type,
    PercentProgress: snapshot.status === "available" ? 100 : 0,
    SourceRegion: snapshot.copiedFrom === undefined ? undefined : database.region,
    SourceDBSnapshotIdentifier: snapshot.copiedFrom,
    Encrypted: kmsKeyId !== undefined,
    KmsKeyId: kmsKeyId,
    DBSnapshotArn: arnOf(snapshot),
    DbiResourceId: database.resourceId,
    SourceDBInstanceArn: databaseArn({ region: database.region, instance: database.identifier }),
  };
}
