import { z } from "zod";
import { PolicyDocument } from "./iam/policy.ts";

/** Account of the simulated world: the example account of AWS's own documentation. */
export const ACCOUNT_ID = "111122223333";

/** Where everything stands that names no network of its own. */
export const DEFAULT_VPC = "vpc-0a1b2c3d4e5f60718";

/** Subnet of it that every region has. */
export const DEFAULT_SUBNET = "subnet-0a1b2c3d4e5f60718";

/** World seconds: fixed, uniform, or log-normal by median and 95th percentile. Shapes without a source are estimates. */
export const Duration = z.union([
  z.number().nonnegative(),
  z.strictObject({ low: z.number().nonnegative(), high: z.number().nonnegative() }),
  z.strictObject({
    median: z.number().positive(),
    p95: z.number().positive(),
    low: z.number().nonnegative(),
    high: z.number().nonnegative(),
  }),
]);
export type Duration = z.infer<typeof Duration>;

const RdsDurations = z.strictObject({
  /** Accepted until `available` again; AWS says "several minutes", drills report about 300 s. */
  promotion: Duration.default({ median: 300, p95: 900, low: 120, high: 900 }),
  /** How long Describe still shows the status from before a mutation. */
  staleStatus: Duration.default({ low: 0, high: 20 }),
  replicaCreation: Duration.default({ low: 1_200, high: 21_600 }),
  snapshot: Duration.default({ low: 120, high: 1_800 }),
  snapshotCopy: Duration.default({ low: 600, high: 3_600 }),
  /** From a snapshot or to a moment, until it runs. AWS names no time: it depends on the storage and its logs. */
  restore: Duration.default({ low: 600, high: 3_600 }),
  modification: Duration.default({ low: 10, high: 60 }),
  /** AWS names no time; without a final snapshot it takes minutes. */
  deletion: Duration.default({ low: 120, high: 480 }),
  snapshotDeletion: Duration.default({ low: 2, high: 15 }),
  /** Of the engine, which does not run meanwhile. */
  upgrade: Duration.default({ low: 300, high: 1_200 }),
  reboot: Duration.default({ low: 30, high: 90 }),
  multiAzFailover: Duration.default({ low: 60, high: 120 }),
  /** How long Describe still shows the old zones after a failover: "several minutes", says AWS. */
  zoneShown: Duration.default({ low: 0, high: 180 }),
  /** From the first sign of a cluster's failover to `available`. AWS: usually below 30 s, at most 60 s for clients. */
  clusterFailover: Duration.default({ low: 20, high: 60 }),
  /** How much later than the writer the names of a cluster's endpoints move. */
  endpointMove: Duration.default({ low: 0, high: 5 }),
  /** Aurora's storage takes its snapshots without touching the instances. */
  clusterSnapshot: Duration.default({ low: 60, high: 900 }),
});

/** A KMS key by id, ARN or alias; absent: the world's own key of the region. */
const StorageKey = z.string().optional();

/** An instance: a standalone one, or a replica of another. */
export const DatabaseSpec = z.strictObject({
  identifier: z.string().toLowerCase(),
  region: z.string(),
  engine: z.enum(["postgres", "mysql", "mariadb"]).default("postgres"),
  instanceClass: z.string().default("db.r6g.large"),
  multiAz: z.boolean().default(false),
  storageEncrypted: z.boolean().default(true),
  kmsKey: StorageKey,
  deletionProtection: z.boolean().default(true),
  /** Absent: the default group of the engine. */
  parameterGroup: z.string().optional(),
  /** Logs that CloudWatch gets, such as `postgresql`. */
  logExports: z.array(z.string()).default([]),
  backupRetentionDays: z.number().int().min(0).max(35).default(7),
  /** Host name of the instance endpoint. It never changes, not even by promotion. */
  endpoint: z.string(),
  securityGroups: z.array(z.string()).default([]),
  replicaOf: z.strictObject({ region: z.string(), identifier: z.string().toLowerCase() }).optional(),
  /** Replication lag of a replica that is connected to its source. */
  lagSeconds: z.number().nonnegative().default(1),
});
export type DatabaseSpec = z.infer<typeof DatabaseSpec>;

const MemberSpec = z.strictObject({
  identifier: z.string().toLowerCase(),
  instanceClass: z.string().default("db.r6g.large"),
  /** Letter of the zone; absent: one after the other. */
  zone: z.string().length(1).optional(),
  promotionTier: z.number().int().min(0).max(15).default(1),
  /** Host name of this instance's own endpoint. */
  endpoint: z.string(),
});

/** An Aurora cluster inside one region: its members share one storage, and the first one takes writes. */
export const ClusterSpec = z.strictObject({
  identifier: z.string().toLowerCase(),
  region: z.string(),
  /** One that is being created shows no endpoint yet. */
  status: z.enum(["available", "creating"]).default("available"),
  engine: z.enum(["aurora-postgresql", "aurora-mysql"]).default("aurora-postgresql"),
  storageEncrypted: z.boolean().default(true),
  kmsKey: StorageKey,
  deletionProtection: z.boolean().default(true),
  backupRetentionDays: z.number().int().min(1).max(35).default(7),
  /** Host names that follow the members: to the writer, and to the readers in turn. */
  endpoints: z.strictObject({ writer: z.string(), reader: z.string() }),
  securityGroups: z.array(z.string()).default([]),
  instances: z.array(MemberSpec).min(1).max(16),
});
export type ClusterSpec = z.infer<typeof ClusterSpec>;

export const RdsSpec = z.strictObject({
  databases: z.array(DatabaseSpec).default([]),
  clusters: z.array(ClusterSpec).default([]),
  /** Groups in which somebody has set something, such as `replica_net_timeout`, in seconds. */
  parameterGroups: z
    .array(z.strictObject({ region: z.string(), name: z.string(), parameters: z.record(z.string(), z.string()) }))
    .default([]),
  /** Manual snapshots of instances that a region takes, and as many of clusters. */
  snapshotQuota: z.number().int().nonnegative().default(100),
  /** World seconds after a forced failover during which RDS abandons the next one without an error. An estimate. */
  failoverCoolDownSeconds: z.number().nonnegative().default(60),
  durations: RdsDurations.prefault({}),
  /** PostgreSQL reports the age of the last replayed commit, so that an idle source reads as up to 300 s of lag. */
  idleSourceReadsAsLag: z.boolean().default(false),
});
export type RdsSpec = z.infer<typeof RdsSpec>;
export type RdsSpecInput = z.input<typeof RdsSpec>;

export const KeyState = z.enum(["Enabled", "Disabled", "PendingDeletion", "PendingImport", "Unavailable"]);
export type KeyState = z.infer<typeof KeyState>;

/** The world's regions hold one multi-region key and the vendor's `alias/aws/rds` besides. */
export const KmsSpec = z.strictObject({
  keys: z
    .array(
      z.strictObject({
        region: z.string(),
        /** Key id; a multi-region key begins with `mrk-`. */
        id: z.string(),
        aliases: z.array(z.string().startsWith("alias/")).default([]),
        state: KeyState.default("Enabled"),
      }),
    )
    .default([]),
});
export type KmsSpecInput = z.input<typeof KmsSpec>;

const AlarmActions = {
  name: z.string(),
  region: z.string(),
  description: z.string().default(""),
  /** Topic ARNs. */
  alarmActions: z.array(z.string()).default([]),
  okActions: z.array(z.string()).default([]),
  insufficientDataActions: z.array(z.string()).default([]),
  /** Switched off it changes its state and tells nobody. */
  actionsEnabled: z.boolean().default(true),
};

export const MetricAlarmSpec = z.strictObject({
  kind: z.literal("metric"),
  ...AlarmActions,
  namespace: z.string(),
  metricName: z.string(),
  dimensions: z.record(z.string(), z.string()).default({}),
  statistic: z.enum(["Average", "Maximum", "Minimum", "SampleCount", "Sum"]).default("Average"),
  periodSeconds: z.number().int().positive().default(60),
  evaluationPeriods: z.number().int().positive().default(3),
  datapointsToAlarm: z.number().int().positive().optional(),
  threshold: z.number().default(1),
  comparison: z
    .enum(["GreaterThanOrEqualToThreshold", "GreaterThanThreshold", "LessThanThreshold", "LessThanOrEqualToThreshold"])
    .default("GreaterThanOrEqualToThreshold"),
  /** What the threshold is for where it is no single metric: an expression of `m1`, the metric above, and of `m2`, `m3` … here. */
  maths: z
    .strictObject({
      expression: z.string(),
      label: z.string(),
      others: z
        .array(
          z.strictObject({
            namespace: z.string(),
            metricName: z.string(),
            dimensions: z.record(z.string(), z.string()).default({}),
          }),
        )
        .default([]),
    })
    .optional(),
  /** In place of a threshold: so many standard deviations around what is expected of the metric. */
  anomalyBand: z.number().positive().optional(),
  treatMissingData: z.enum(["breaching", "notBreaching", "ignore", "missing"]).default("missing"),
});
export type MetricAlarmSpec = z.infer<typeof MetricAlarmSpec>;

export const CompositeAlarmSpec = z.strictObject({
  kind: z.literal("composite"),
  ...AlarmActions,
  /** For example `ALARM("app-5xx") OR ALARM("app-canary")`. */
  rule: z.string(),
});
export type CompositeAlarmSpec = z.infer<typeof CompositeAlarmSpec>;

export const AlarmSpec = z.discriminatedUnion("kind", [MetricAlarmSpec, CompositeAlarmSpec]);
export type AlarmSpec = z.infer<typeof AlarmSpec>;

export const CloudWatchSpec = z.strictObject({ alarms: z.array(AlarmSpec).default([]) });
export type CloudWatchSpecInput = z.input<typeof CloudWatchSpec>;

export const TopicSpec = z.strictObject({
  name: z.string(),
  region: z.string(),
  /** 1 is RSA-SHA1 and the vendor's default, 2 is RSA-SHA256. */
  signatureVersion: z.enum(["1", "2"]).default("1"),
  /** Subscriptions that were confirmed before the world began. */
  subscriptions: z.array(z.strictObject({ endpoint: z.url({ protocol: /^https?$/ }) })).default([]),
});
export type TopicSpec = z.infer<typeof TopicSpec>;

export const SnsSpec = z.strictObject({ topics: z.array(TopicSpec).default([]) });
export type SnsSpecInput = z.input<typeof SnsSpec>;

/** A policy document; `iam/policy.ts` says what this world can judge. */
const Policies = z.array(PolicyDocument);

export const StsSpec = z.strictObject({
  /** Roles that may be assumed; any other is AccessDenied. Without policies nothing limits one. */
  roles: z
    .array(z.strictObject({ arn: z.string(), externalId: z.string().optional(), policies: Policies.optional() }))
    .default([]),
  /** Managed policies, which a session may be limited by. */
  managed: z.array(z.strictObject({ arn: z.string(), document: PolicyDocument })).default([]),
  /** Machine seconds that each session lasts, whatever was asked for; absent: as long as that. */
  sessionSeconds: z.number().positive().optional(),
  /** What limits keys that no role handed out; absent: nothing. */
  caller: Policies.optional(),
});
export type StsSpec = z.infer<typeof StsSpec>;
export type StsSpecInput = z.input<typeof StsSpec>;
