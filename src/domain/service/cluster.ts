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
