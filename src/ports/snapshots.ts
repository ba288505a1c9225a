import type { Known } from "../domain/service/observed.ts";
import type { Region } from "../domain/service/service.ts";
import type { Act } from "./databases.ts";

/** Snapshots of instances and of clusters are two different things to RDS: the same name may stand for one of each. */
export interface SnapshotName {
  readonly of: "instance" | "cluster";
  readonly id: string;
}

export interface SnapshotFacts extends SnapshotName {
  readonly arn: string;
  /** The instance or cluster that it was taken of. */
  readonly source: string;
  /** `creating` and `copying` end in `available` or `failed`. */
  readonly status: string;
  readonly percent: number;
  /** Of its content, world time; absent until it is there. */
  readonly takenAtMs?: number;
  readonly engine: string;
  readonly engineVersion: string;
  readonly encrypted: boolean;
  /** ARN of the KMS key in the snapshot's region. */
  readonly kmsKey?: string;
  /** ARN of the snapshot that this one is a copy of. */
  readonly copyOf?: string;
  readonly tags: Readonly<Record<string, string>>;
}

export interface KeyFacts {
  readonly arn: string;
  /** KMS name: `Enabled`, `Disabled`, `PendingDeletion` … Only an enabled key encrypts. */
  readonly state: string;
  readonly isUsable: boolean;
  readonly managedBy: "customer" | "aws";
  /** Whether the key has, or may have, replicas of the same id in other regions. */
  readonly multiRegion: boolean;
}

export interface SnapshotWish extends SnapshotName {
  readonly region: Region;
  /** Instance or cluster, as `of` says. */
  readonly source: string;
  readonly tags: Readonly<Record<string, string>>;
}

export interface CopyWish extends SnapshotName {
  readonly from: Region;
  readonly to: Region;
  /** Name of the copy. */
  readonly copyId: string;
  /** Id, ARN or alias of a key in `to`. An encrypted snapshot is refused without it. */
  readonly kmsKey?: string;
  readonly tags: Readonly<Record<string, string>>;
}

export type SnapshotAnswer =
  | (Act & { readonly kind: "accepted" })
  /** A snapshot has that name already; whether it is the wanted one, `find` tells. */
  | (Act & { readonly kind: "already-exists" })
  /** The database, or the snapshot to be copied, is not ready for it: ask again later. */
  | (Act & { readonly kind: "busy"; readonly why: string });

/**
 * Manual snapshots of instances and clusters, and their copies. Errors as in `Databases`; a key that cannot be used and a
 * full quota are StepFailed.
 */
export interface Snapshots {
  find(region: Region, snapshot: SnapshotName, signal?: AbortSignal): Promise<Known<SnapshotFacts>>;
  create(wish: SnapshotWish, signal?: AbortSignal): Promise<SnapshotAnswer>;
  /** Asked for in `to`, which reads from `from`: both have to be there. */
  copy(wish: CopyWish, signal?: AbortSignal): Promise<SnapshotAnswer>;
  /** A KMS key by id, ARN or alias. */
  keyState(region: Region, key: string, signal?: AbortSignal): Promise<Known<KeyFacts>>;
}
