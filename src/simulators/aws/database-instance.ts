import type { Random } from "../world/random.ts";
import { arnOf, parseArn } from "./arn.ts";
import type { Link, Replication } from "./replication.ts";
import { AwsError, type DatabaseRef } from "./service.ts";
import type { ClusterSpec, DatabaseSpec } from "./specs.ts";

/** A change that keeps other changes out until it is through, whatever Describe shows meanwhile. */
export type Change = "creation" | "promotion" | "modification" | "reboot" | "snapshot" | "failover" | "deletion";

export interface Commit {
  readonly id: string;
  /** World time, epoch milliseconds. */
  readonly atMs: number;
}

/** What is stored: of an instance alone, or of all members of a cluster. */
export interface Volume {
  /** In commit order. */
  readonly commits: Commit[];
  readonly rows: Set<string>;
}

/** Where a Multi-AZ instance runs and where its standby is. */
export interface Zones {
  readonly active: string;
  readonly standby: string | undefined;
}

export interface Maintenance {
  /** AWS's word, such as `system-update`. */
  readonly action: string;
  readonly description: string;
  /** World time; undefined: when somebody asks for it. */
  readonly dueMs: number | undefined;
}

/** One simulated RDS instance: its control-plane state and its rows. */
export interface Instance extends Volume {
  readonly identifier: string;
  readonly region: string;
  readonly engine: DatabaseSpec["engine"] | ClusterSpec["engine"];
  /** The cluster that it is a member of. */
  readonly cluster: string | undefined;
  instanceClass: string;
  engineVersion: string;
  multiAz: boolean;
  parameterGroup: string;
  /** The group whose parameters count until the next restart. */
  parametersInForce: string;
  logExports: readonly string[];
  readonly storageEncrypted: boolean;
  readonly kmsKeyId: string | undefined;
  readonly endpoint: string;
  readonly resourceId: string;
  readonly createdMs: number;
  /** What Describe shows; it may trail `change`. */
  status: string;
  change: Change | undefined;
  zones: Zones;
  /** What Describe shows of them; it trails a failover. */
  shownZones: Zones;
  /** When its last forced failover ended, epoch milliseconds. */
  failedOverMs: number;
  deletionProtection: boolean;
  backupRetentionDays: number;
  pendingRetentionDays: number | undefined;
  /** World time from which on its automated backups lead back to any moment. */
  backupsSinceMs: number;
  /** `hh:mm-hh:mm`, in UTC. */
  backupWindow: string;
  /** `ddd:hh:mm-ddd:hh:mm`, in UTC. */
  maintenanceWindow: string;
  securityGroups: readonly string[];
  /** Present on a read replica until its promotion is through. */
  source: DatabaseRef | undefined;
  hidesSource: boolean;
  replication: Replication | undefined;
  /** What somebody made of its link, whatever the regions do. */
  linkSetTo: Link;
  /** Times when the engine did not run; the open one has no end. */
  readonly downtimes: { readonly fromMs: number; toMs?: number }[];
  /** How many commits of the source the replica has applied. */
  appliedCommits: number;
  /** What AWS is going to do to it by itself. */
  maintenance: readonly Maintenance[];
}

const ENGINES = {
  postgres: { version: "16.4", port: 5432 },
  mysql: { version: "8.0.39", port: 3306 },
  mariadb: { version: "10.11.9", port: 3306 },
  "aurora-postgresql": { version: "16.4", port: 5432 },
  "aurora-mysql": { version: "8.0.mysql_aurora.3.08.0", port: 3306 },
} as const satisfies Record<Instance["engine"], { version: string; port: number }>;

interface Birth {
  readonly createdMs: number;
  readonly random: Random;
}

/** `kmsKeyId`: ARN of the key of its storage. */
export function newInstance(spec: DatabaseSpec, kmsKeyId: string | undefined, birth: Birth): Instance {
  const { identifier, region, engine, instanceClass, multiAz, storageEncrypted, endpoint } = spec;
  const zones = { active: `${region}a`, standby: multiAz ? `${region}b` : undefined };
  return {
    ...{ identifier, region, engine, instanceClass, multiAz, storageEncrypted, kmsKeyId, endpoint },
    ...{ zones, shownZones: zones, ...unchanged(birth), commits: [], rows: new Set<string>(), cluster: undefined },
    deletionProtection: spec.deletionProtection,
    engineVersion: ENGINES[engine].version,
    parameterGroup: spec.parameterGroup ?? defaultGroup(engine),
    parametersInForce: spec.parameterGroup ?? defaultGroup(engine),
    logExports: spec.logExports,
    backupRetentionDays: spec.backupRetentionDays,
    securityGroups: spec.securityGroups,
    source: spec.replicaOf && { region: spec.replicaOf.region, instance: spec.replicaOf.identifier },
  };
}

export interface MemberFacts {
  readonly spec: ClusterSpec;
  readonly member: ClusterSpec["instances"][number];
  readonly zone: string;
  readonly volume: Volume;
  readonly kmsKeyId: string | undefined;
}

export function memberInstance({ spec, member, zone, volume, kmsKeyId }: MemberFacts, birth: Birth): Instance {
  const { identifier, instanceClass, endpoint } = member;
  const zones = { active: zone, standby: undefined };
  return {
    ...{ identifier, region: spec.region, engine: spec.engine, instanceClass, multiAz: false, endpoint, kmsKeyId },
    ...{ zones, shownZones: zones, ...unchanged(birth), ...volume, cluster: spec.identifier, source: undefined },
    storageEncrypted: spec.storageEncrypted,
    deletionProtection: spec.deletionProtection,
    ...{ parameterGroup: defaultGroup(spec.engine), parametersInForce: defaultGroup(spec.engine), logExports: [] },
    engineVersion: ENGINES[spec.engine].version,
    backupRetentionDays: spec.backupRetentionDays,
    securityGroups: spec.securityGroups,
  };
}

/** `default.postgres16`, `default.mysql8.0`. */
function defaultGroup(engine: Instance["engine"]): string {
  const [major = "", minor] = ENGINES[engine].version.split(".");
  return `default.${engine}${engine.endsWith("postgres") || engine.endsWith("postgresql") ? major : `${major}.${minor}`}`;
}

/** Of an instance to which nothing has happened yet. */
function unchanged({ createdMs, random }: Birth) {
  return {
    resourceId: `db-${random.hex(26).toUpperCase()}`,
    createdMs,
    status: "available",
    change: undefined,
    failedOverMs: Number.NEGATIVE_INFINITY,
    pendingRetentionDays: undefined,
    backupsSinceMs: createdMs,
    backupWindow: "03:00-03:30",
    maintenanceWindow: "sun:04:00-sun:04:30",
    hidesSource: false,
    replication: undefined,
    linkSetTo: "up" as const,
    downtimes: [],
    appliedCommits: 0,
    maintenance: [],
  };
}

export function engineOf({ engine }: Pick<Instance, "engine">): { readonly version: string; readonly port: number } {
  return ENGINES[engine];
}

export function isDownAt({ downtimes }: Instance, atMs: number): boolean {
  return downtimes.some(({ fromMs, toMs = Number.POSITIVE_INFINITY }) => fromMs <= atMs && atMs < toMs);
}

/** It runs again, with the parameters of its group. */
export function endDowntime(instance: Instance, atMs: number): void {
  const open = instance.downtimes.at(-1);
  if (open) open.toMs ??= atMs;
  instance.parametersInForce = instance.parameterGroup;
}

/** Backups that begin know nothing of what was before them. */
export function keepBackups(instance: Instance, retentionDays: number, atMs: number): void {
  if (instance.backupRetentionDays === 0 && retentionDays > 0) instance.backupsSinceMs = atMs;
  instance.backupRetentionDays = retentionDays;
}

export function databaseArn({ region, instance }: DatabaseRef): string {
  return arnOf("rds", region, `db:${instance}`);
}

/** The database that an ARN names, or undefined for anything but a database's ARN. */
export function parseDatabaseArn(arn: string): DatabaseRef | undefined {
  const found = parseArn("rds", arn);
  return found?.kind === "db" ? { region: found.region, instance: found.name } : undefined;
}

export function busy(): AwsError {
  return new AwsError("InvalidDBInstanceState", "Database instance is not in available state.");
}

export function notFound(identifier: string): AwsError {
  return new AwsError("DBInstanceNotFound", `DBInstance ${identifier} not found.`, 404);
}
