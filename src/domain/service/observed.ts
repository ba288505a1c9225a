/** A fact with its age, or the reason why there is none. Unknown is never shown as good. */
export type Known<T> =
  | { readonly known: true; readonly value: T; readonly atMs: number }
  | {
      readonly known: false;
      readonly why: string;
      readonly cause: "unreachable" | "denied" | "absent" | "failed";
      readonly atMs: number;
    };

/** Silence, which says nothing about what it was asked about. */
export const isUnreachable = (known: Known<unknown> | undefined): boolean =>
  known !== undefined && !known.known && known.cause === "unreachable";

export interface DatabaseFacts {
  readonly instance: string;
  readonly status: string;
  /** A replica follows `source`; a standalone instance accepts writes. */
  readonly role: "replica" | "standalone";
  /** Identifier or ARN of the source while it is a replica. */
  readonly source: string | undefined;
  readonly replicating: boolean | undefined;
  readonly backupRetentionDays: number;
  readonly securityGroups: readonly string[];
  /** Where it listens; absent: not told. */
  readonly port?: number;
  /** Network that it stands in, such as `vpc-0a1b`; absent: not told. */
  readonly vpc?: string;
  readonly instanceClass: string;
  /** RDS name such as `postgres`; absent: not told. */
  readonly engine?: string;
  readonly engineVersion?: string;
  /** Where it runs now. Describe may show the old zone for minutes after a failover. */
  readonly availabilityZone?: string;
  readonly multiAz: boolean;
  readonly deletionProtection: boolean;
  /** Absent: not told. */
  readonly parameterGroup?: string;
  /** Kinds of logs that CloudWatch gets, such as `postgresql`. */
  readonly logExports: readonly string[];
  /** Where its standby is; absent without one. */
  readonly secondaryAvailabilityZone?: string;
  readonly encrypted: boolean;
  /** ARN of the KMS key in the instance's region. */
  readonly kmsKey?: string;
  /** The cluster that it is a member of. */
  readonly cluster?: string;
}

/** One event of RDS, in its own words; `category` is for instance `failover`. */
export interface DatabaseEvent {
  readonly atMs: number;
  readonly category: string;
  readonly says: string;
}

export interface LagSample {
  readonly seconds: number;
  /** When CloudWatch measured it, world time. */
  readonly measuredAtMs: number;
}

/** The lag now. Where it is not known, the newest good sample still tells a position: see `domain/plan-run/data-position`. */
export type LagFacts = Known<LagSample> & { readonly lastGood?: LagSample };

export interface Scaling {
  readonly min: number;
  readonly max: number;
  readonly suspended: boolean;
}

export interface ComputeFacts {
  readonly status: string;
  readonly desired: number;
  readonly running: number;
  readonly pending: number;
  readonly deployments: readonly {
    readonly id: string;
    readonly primary: boolean;
    readonly rollout: string;
    readonly failedTasks: number;
  }[];
  readonly taskDefinition: string;
  /** Absent where the service is not auto-scaled. */
  readonly scaling: Scaling | undefined;
  /** Absent where the service has no target group. */
  readonly targets?: { readonly healthy: number; readonly total: number } | undefined;
  /** Newest service events and stop reasons, for the report of a failure. */
  readonly reasons: readonly string[];
  /** Who rolls out its revisions: `ECS`, `CODE_DEPLOY` or `EXTERNAL`; absent: not told. */
  readonly controller?: string;
  /** `FARGATE`, `EC2` or `EXTERNAL`; absent: not told, or its capacity providers say it. */
  readonly launchType?: string;
  /** Names of its capacity providers; absent: none. */
  readonly capacityProviders?: readonly string[];
}

/** What the tasks of a service would start on, beside the service itself. */
export interface ComputeGround {
  /** Absent where neither machines nor capacity providers of the cluster decide. */
  readonly cluster?: {
    readonly status: string;
    /** Machines of its own. */
    readonly machines: number;
    readonly capacityProviders: readonly string[];
  };
}

/** Whom an ingress rule lets in. A group may be another account's, or stand in a network that is peered. */
export type RuleSource =
  | { readonly kind: "ipv4" | "ipv6"; readonly cidr: string }
  | { readonly kind: "prefix-list"; readonly id: string }
  | {
      readonly kind: "group";
      readonly id: string;
      /** Absent: not told. */
      readonly account?: string;
      readonly peering?: { readonly vpc: string; readonly connection: string };
    };

/** An ingress rule with its one source, exactly as EC2 gave it, so that the same rule can be put back. */
export interface FirewallRule {
  /** Name or number of a protocol; `-1` is all of them. */
  readonly protocol: string;
  readonly fromPort?: number;
  readonly toPort?: number;
  readonly source: RuleSource;
  /** What people wrote to it. */
  readonly description?: string;
}

/** A Route 53 record set with what TwoKey understands of it, in a comparable form (names lower case, no trailing dot). */
export interface RecordSet {
  readonly name: string;
  readonly type: string;
  readonly setIdentifier?: string;
  readonly weight?: number;
  readonly failover?: "PRIMARY" | "SECONDARY";
  readonly ttlSeconds?: number;
  readonly values?: readonly string[];
  readonly alias?: { readonly zone: string; readonly dnsName: string; readonly evaluateTargetHealth: boolean };
  readonly healthCheck?: string;
  /** Attributes TwoKey does not change (traffic policies, geolocation …): a set that has any is refused. */
  readonly foreign?: readonly string[];
}

export type WriteVerdict =
  | { readonly kind: "written" }
  | { readonly kind: "refused"; readonly reason: string }
  | { readonly kind: "unknown"; readonly why: string };
