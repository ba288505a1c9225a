import type { Known } from "../domain/service/observed.ts";
import type { Region } from "../domain/service/service.ts";
import type { Act } from "./databases.ts";

/** An instance of a database cluster. What only a description of the instance tells is absent while there is none. */
export interface ClusterMember {
  readonly instance: string;
  readonly isWriter: boolean;
  /** Who takes over first when nobody names a target: 0 before 15. */
  readonly promotionTier: number;
  readonly status?: string;
  readonly availabilityZone?: string;
  readonly instanceClass?: string;
}

export interface ClusterFacts {
  readonly cluster: string;
  readonly arn: string;
  readonly status: string;
  /** RDS name such as `aurora-postgresql`. */
  readonly engine: string;
  readonly engineVersion: string;
  readonly multiAz: boolean;
  readonly members: readonly ClusterMember[];
  /** Host names. The reader's leads to the writer where there is no other member. */
  readonly endpoints: { readonly writer: string; readonly reader?: string };
  readonly port: number;
  readonly securityGroups: readonly string[];
  readonly encrypted: boolean;
  /** ARN of the KMS key in the cluster's region. */
  readonly kmsKey?: string;
  readonly deletionProtection: boolean;
  readonly backupRetentionDays: number;
}

/** The member that takes writes; undefined while there is none, or where two say so. */
export function writerOf({ members }: Pick<ClusterFacts, "members">): ClusterMember | undefined {
  const writers = members.filter(({ isWriter }) => isWriter);
  return writers.length === 1 ? writers[0] : undefined;
}

export interface FailoverWish {
  readonly region: Region;
  readonly cluster: string;
  /** The member that becomes the writer. Always named: without it the same call leads back when it is made twice. */
  readonly target: string;
}

export type FailoverAnswer =
  | (Act & { readonly kind: "accepted" })
  | (Act & { readonly kind: "not-a-member" })
  /** Nothing was asked for. */
  | (Act & { readonly kind: "already-writer" })
  /** Failing over already, or the target is not available: look, and ask again later. */
  | (Act & { readonly kind: "busy"; readonly why: string });

/** Database clusters inside one region. Errors as in `Databases`. */
export interface Clusters {
  describe(region: Region, cluster: string, signal?: AbortSignal): Promise<Known<ClusterFacts>>;
  failover(wish: FailoverWish, signal?: AbortSignal): Promise<FailoverAnswer>;
}
