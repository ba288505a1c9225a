import type { Known, LagFacts } from "../domain/service/observed.ts";
import type { Region } from "../domain/service/service.ts";

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
  /** Its parameters are not in force yet: those of an earlier group may be. */
  readonly isParameterGroupPending?: true;
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

/** What AWS is going to do to a database by itself, in its own words. */
export interface Maintenance {
  /** Such as `system-update`. */
  readonly action: string;
  readonly says: string;
  /** World time; absent: when somebody asks for it. */
  readonly dueMs?: number;
}

/** One event of RDS, in its own words; `category` is for instance `failover`. */
export interface DatabaseEvent {
  readonly atMs: number;
  readonly category: string;
  readonly says: string;
}

/** A call that changed, or may have changed, the cloud: the vendor's request ids for the ledger. */
export interface Act {
  readonly requestIds: readonly string[];
}

export type PromoteAnswer =
  | (Act & { readonly kind: "accepted" })
  /** It is no replica any more. */
  | (Act & { readonly kind: "not-a-replica" })
  /** Busy (backing up, modifying): ask again later. */
  | (Act & { readonly kind: "busy"; readonly why: string });

export type RebootAnswer =
  | (Act & { readonly kind: "accepted" })
  /** It has no standby to fail over to: nothing was asked for, or RDS refused. */
  | (Act & { readonly kind: "not-multi-az" })
  | (Act & { readonly kind: "busy"; readonly why: string });

export type ProtectAnswer =
  | (Act & { readonly kind: "accepted" })
  | (Act & { readonly kind: "busy"; readonly why: string });

export interface EventsWish {
  readonly region: Region;
  readonly instance: string;
  /** World time, at most fourteen days ago. */
  readonly sinceMs: number;
}

/** A reboot ends every session. One that fails over to the standby of a Multi-AZ instance is a toggle: a second one leads back. */
export interface RebootWish {
  readonly region: Region;
  readonly instance: string;
  readonly forceFailover: boolean;
}

export interface Promotion {
  readonly region: Region;
  readonly instance: string;
  readonly backupRetentionDays: number;
}

/**
 * Reads return `Known`: unreachable, denied and absent are facts. Mutations throw StepFailed (refused for good),
 * TransientError (nothing happened) or OutcomeUnknown (look first).
 */
export interface Databases {
  describe(region: Region, instance: string, signal?: AbortSignal): Promise<Known<DatabaseFacts>>;
  /**
   * Newest sample of the replica's lag; broken replication and missing samples are not known, not zero. The last good
   * sample comes with what is not known, however old it is; with what is known come the samples of the last minutes.
   */
  lag(region: Region, instance: string, signal?: AbortSignal): Promise<LagFacts>;
  /** What AWS is going to do to it by itself. */
  maintenance(region: Region, instance: string, signal?: AbortSignal): Promise<Known<readonly Maintenance[]>>;
  /** World milliseconds until a replica of MySQL or MariaDB with this parameter group notices that nothing arrives any more. */
  noticesSilence(region: Region, parameterGroup: string, signal?: AbortSignal): Promise<Known<number>>;
  promote(wish: Promotion, signal?: AbortSignal): Promise<PromoteAnswer>;
  reboot(wish: RebootWish, signal?: AbortSignal): Promise<RebootAnswer>;
  /** Switches deletion protection on, and asks for nothing else. */
  forbidDeletion(region: Region, instance: string, signal?: AbortSignal): Promise<ProtectAnswer>;
  /** What RDS tells of the instance since then, oldest first. Best effort: RDS loses some, and gives no order. */
  events(wish: EventsWish, signal?: AbortSignal): Promise<Known<readonly DatabaseEvent[]>>;
}
