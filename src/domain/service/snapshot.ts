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
