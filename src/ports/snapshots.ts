import type { Known } from "../domain/service/observed.ts";
import type { Region } from "../domain/service/service.ts";
import type { KeyFacts, SnapshotFacts, SnapshotName } from "../domain/service/snapshot.ts";
import type { Act } from "./databases.ts";

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
