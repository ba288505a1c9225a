import type { World } from "../world/world.ts";
import { arnOf, parseArn } from "./arn.ts";
import type { Commit } from "./database-instance.ts";
import type { KeyRing } from "./kms.ts";
import { AwsError } from "./service.ts";

/** What a snapshot is taken of, as it was then. */
export interface SnapshotSource {
  readonly identifier: string;
  readonly region: string;
  readonly engine: string;
  readonly engineVersion: string;
  readonly resourceId: string;
  readonly kmsKeyId: string | undefined;
  /** Of an instance: what one that is restored from it begins with. */
  readonly content?: Content;
}

export interface Content {
  /** A database only ever adds commits: a copy for each snapshot would fill the memory of a world that is played for a year. */
  readonly commits: () => readonly Commit[];
  readonly instanceClass: string;
  readonly backupRetentionDays: number;
}

export interface Tag {
  readonly Key: string;
  readonly Value?: string | undefined;
}

export interface Snapshot {
  readonly identifier: string;
  readonly region: string;
  readonly arn: string;
  readonly source: SnapshotSource;
  readonly type: "automated" | "manual";
  readonly kmsKeyId: string | undefined;
  /** ARN of the original of a copy, and its region. */
  readonly copyOf: string | undefined;
  readonly copiedFrom: string | undefined;
  tags: readonly Tag[];
  readonly begunMs: number;
  /** World milliseconds from the call to the end. */
  lastsMs: number;
  /** World time of its content; undefined until it is there. */
  takenMs: number | undefined;
  status: "creating" | "available" | "failed" | "deleting";
}

/** How RDS names the two families of snapshots. */
export interface Family {
  /** In an ARN. */
  readonly kind: "snapshot" | "cluster-snapshot";
  readonly noun: "DBSnapshot" | "DBClusterSnapshot";
  readonly errors: {
    readonly missing: string;
    readonly exists: string;
    readonly state: string;
  };
}

export const FAMILIES = {
  instance: {
    ...{ kind: "snapshot", noun: "DBSnapshot" },
    errors: {
      missing: "DBSnapshotNotFound",
      exists: "DBSnapshotAlreadyExists",
      state: "InvalidDBSnapshotState",
    },
  },
  cluster: {
    ...{ kind: "cluster-snapshot", noun: "DBClusterSnapshot" },
    errors: {
      missing: "DBClusterSnapshotNotFoundFault",
      exists: "DBClusterSnapshotAlreadyExistsFault",
      state: "InvalidDBClusterSnapshotStateFault",
    },
  },
} as const satisfies Record<string, Family>;

type NewSnapshot = Pick<Snapshot, "identifier" | "region" | "source" | "type" | "kmsKeyId" | "tags"> &
  Partial<Pick<Snapshot, "copyOf" | "copiedFrom" | "takenMs">>;

/** All snapshots of one family. Logs `rds.snapshot-accepted` and `rds.snapshot-available`. */
export class SnapshotShelf {
  readonly family: Family;
  readonly #world: World;
  readonly #keys: KeyRing;
  readonly #quota: number;
  #snapshots: Snapshot[] = [];

  constructor(family: Family, parts: { world: World; keys: KeyRing; quota: number }) {
    this.family = family;
    this.#world = parts.world;
    this.#keys = parts.keys;
    this.#quota = parts.quota;
  }

  in(region: string): Snapshot[] {
    return this.#snapshots.filter((one) => one.region === region);
  }

  /** By name in the region, or by ARN in any. Throws the family's NotFound. */
  require(region: string, nameOrArn: string): Snapshot {
    const arn = parseArn("rds", nameOrArn);
    if (nameOrArn.startsWith("arn:") && arn?.kind !== this.family.kind) throw this.missing(nameOrArn);
    const name = arn?.name ?? nameOrArn.toLowerCase();
    const found = this.in(arn?.region ?? region).find(({ identifier }) => identifier === name);
    if (!found) throw this.missing(nameOrArn);
    return found;
  }

  missing(identifier: string): AwsError {
    return new AwsError(this.family.errors.missing, `${this.family.noun} ${identifier} not found.`, 404);
  }

  /** Throws where the name is taken, or the region has as many manual ones as it may. */
  requireRoom(region: string, identifier: string): void {
    if (this.in(region).some((one) => one.identifier === identifier)) {
      throw new AwsError(
        this.family.errors.exists,
        `Cannot create the snapshot because a snapshot with the identifier ${identifier} already exists.`,
      );
    }
    if (this.in(region).filter(({ type }) => type === "manual").length >= this.#quota) {
      throw new AwsError("SnapshotQuotaExceeded", "The request would exceed the maximum number of snapshots.");
    }
  }

  /** ARN of a key that may be used now. Throws KMSKeyNotAccessibleFault. */
  requireKey(region: string, name: string, whose: "source" | "target"): string {
    const key = this.#keys.find(region, name);
    if (key?.state === "Enabled") return key.arn;
    const why = "does not exist, is not enabled or you do not have permissions to access it.";
    throw new AwsError("KMSKeyNotAccessibleFault", `The ${whose} snapshot KMS key [${name}] ${why}`);
  }

  add(facts: NewSnapshot): Snapshot {
    const { identifier, region, takenMs } = facts;
    const snapshot: Snapshot = {
      ...{ copyOf: undefined, copiedFrom: undefined, ...facts },
      arn: arnOf("rds", region, `${this.family.kind}:${identifier}`),
      begunMs: this.#world.clock.now(),
      lastsMs: 0,
      takenMs,
      status: takenMs === undefined ? "creating" : "available",
    };
    this.#snapshots.push(snapshot);
    return snapshot;
  }

  remove(snapshot: Snapshot): void {
    this.#snapshots = this.#snapshots.filter((other) => other !== snapshot);
  }

  accepted(snapshot: Snapshot, requestId: string): void {
    this.#world.log.append("rds.snapshot-accepted", { ...this.#named(snapshot), requestId });
  }

  finish(snapshot: Snapshot, outcome: { readonly status: "available" | "failed"; readonly takenMs: number }): void {
    // Deleting a copy that is being made ends the making of it.
    if (snapshot.status === "deleting") return;
    snapshot.status = outcome.status;
    if (outcome.status === "failed") return;
    snapshot.takenMs = outcome.takenMs;
    this.#world.log.append("rds.snapshot-available", this.#named(snapshot));
  }

  /** Of a hundred, as Describe shows it: an estimate that grows with the time. */
  progressOf({ status, begunMs, lastsMs }: Snapshot): number {
    if (status !== "creating") return status === "available" ? 100 : 0;
    return lastsMs === 0 ? 0 : Math.min(99, Math.floor((100 * (this.#world.clock.now() - begunMs)) / lastsMs));
  }

  #named({ identifier, region, source, copyOf }: Snapshot) {
    return { snapshot: identifier, region, of: source.identifier, kind: this.family.kind, ...(copyOf && { copyOf }) };
  }
}
