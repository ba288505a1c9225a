import type { Random } from "../world/random.ts";
import type { Replication } from "./replication.ts";
import { AwsError, type DatabaseRef } from "./service.ts";
import { ACCOUNT_ID, type DatabaseSpec } from "./specs.ts";

/** A change that keeps other changes out until it is through, whatever Describe shows meanwhile. */
export type Change = "creation" | "promotion" | "modification" | "reboot" | "snapshot";

export interface Commit {
  readonly id: string;
  /** World time, epoch milliseconds. */
  readonly atMs: number;
}

/** One simulated RDS instance: its control-plane state and its rows. */
export interface Instance {
  readonly identifier: string;
  readonly region: string;
  readonly engine: DatabaseSpec["engine"];
  readonly instanceClass: string;
  readonly multiAz: boolean;
  readonly storageEncrypted: boolean;
  readonly endpoint: string;
  readonly resourceId: string;
  readonly createdMs: number;
  /** What Describe shows; it may trail `change`. */
  status: string;
  change: Change | undefined;
  availabilityZone: string;
  deletionProtection: boolean;
  backupRetentionDays: number;
  pendingRetentionDays: number | undefined;
  securityGroups: readonly string[];
  /** Present on a read replica until its promotion is through. */
  source: DatabaseRef | undefined;
  replication: Replication | undefined;
  /** Replication was broken on purpose, not by a region's outage. */
  isReplicationBroken: boolean;
  /** Times when the engine did not run; the open one has no end. */
  readonly downtimes: { readonly fromMs: number; toMs?: number }[];
  /** In commit order. */
  readonly commits: Commit[];
  readonly rows: Set<string>;
  /** How many commits of the source the replica has applied. */
  appliedCommits: number;
}

const ENGINES = {
  postgres: { version: "16.4", port: 5432 },
  mysql: { version: "8.0.39", port: 3306 },
  mariadb: { version: "10.11.9", port: 3306 },
} as const satisfies Record<DatabaseSpec["engine"], { version: string; port: number }>;

export function newInstance(spec: DatabaseSpec, createdMs: number, random: Random): Instance {
  const { identifier, region, engine, instanceClass, multiAz, storageEncrypted, endpoint } = spec;
  return {
    ...{ identifier, region, engine, instanceClass, multiAz, storageEncrypted, endpoint, createdMs },
    resourceId: `db-${random.hex(26).toUpperCase()}`,
    status: "available",
    change: undefined,
    availabilityZone: `${region}a`,
    deletionProtection: spec.deletionProtection,
    backupRetentionDays: spec.backupRetentionDays,
    pendingRetentionDays: undefined,
    securityGroups: spec.securityGroups,
    source: spec.replicaOf && { region: spec.replicaOf.region, instance: spec.replicaOf.identifier },
    replication: undefined,
    isReplicationBroken: false,
    downtimes: [],
    commits: [],
    rows: new Set(),
    appliedCommits: 0,
  };
}

export function engineOf({ engine }: Instance): { readonly version: string; readonly port: number } {
  return ENGINES[engine];
}

export function isDownAt({ downtimes }: Instance, atMs: number): boolean {
  return downtimes.some(({ fromMs, toMs = Number.POSITIVE_INFINITY }) => fromMs <= atMs && atMs < toMs);
}

export function databaseArn({ region, instance }: DatabaseRef): string {
  return `arn:aws:rds:${region}:${ACCOUNT_ID}:db:${instance}`;
}

/** The database that an ARN names, or undefined for anything but a database's ARN. */
export function parseDatabaseArn(arn: string): DatabaseRef | undefined {
  const [, region, instance] = /^arn:aws:rds:([a-z0-9-]+):\d{12}:db:([a-z0-9-]+)$/i.exec(arn) ?? [];
  return region === undefined || instance === undefined ? undefined : { region, instance: instance.toLowerCase() };
}

export function busy(): AwsError {
  return new AwsError("InvalidDBInstanceState", "Database instance is not in available state.");
}

export function notFound(identifier: string): AwsError {
  return new AwsError("DBInstanceNotFound", `DBInstance ${identifier} not found.`, 404);
}
