import { z } from "zod";

/** Booleans are text in the Query protocol. */
export const Flag = z.enum(["true", "false"]).transform((text) => text === "true");
export const RetentionDays = z.coerce.number().int().min(0).max(35);
const MaxRecords = z.coerce.number().int().min(20).max(100).default(100);

const TIME = "([01]\\d|2[0-3]):[0-5]\\d";
const DAY = "(mon|tue|wed|thu|fri|sat|sun)";
/** Half an hour of the day at least, in UTC. */
export const BackupWindow = z
  .string()
  .regex(new RegExp(`^${TIME}-${TIME}$`))
  .refine((text) => minutesOf(text) >= 30, { error: "The backup window must be at least 30 minutes." });
const MaintenanceWindow = z
  .string()
  .toLowerCase()
  .regex(new RegExp(`^${DAY}:${TIME}-${DAY}:${TIME}$`));

function minutesOf(window: string): number {
  const [from = 0, to = 0] = window.split("-").map((time) => Number(time.slice(0, 2)) * 60 + Number(time.slice(3)));
  return (to - from + 1_440) % 1_440;
}

const Tags = z.array(z.strictObject({ Key: z.string(), Value: z.string().optional() })).optional();

export const DescribeInstances = z.strictObject({
  DBInstanceIdentifier: z.string().optional(),
  Filters: z.array(z.strictObject({ Name: z.string(), Values: z.array(z.string()) })).default([]),
  MaxRecords,
  Marker: z.string().optional(),
});

export const DescribeMaintenance = z.strictObject({
  /** An ARN. */
  ResourceIdentifier: z.string().optional(),
  Filters: z.array(z.strictObject({ Name: z.string(), Values: z.array(z.string()) })).default([]),
  MaxRecords,
  Marker: z.string().optional(),
});

export const Promote = z.strictObject({
  DBInstanceIdentifier: z.string(),
  /** The vendor's default is 1, whatever the replica or its source had. */
  BackupRetentionPeriod: RetentionDays.default(1),
  PreferredBackupWindow: BackupWindow.optional(),
});

export const DescribeParameters = z.strictObject({
  DBParameterGroupName: z.string(),
  Source: z.enum(["user", "system", "engine-default"]).optional(),
  MaxRecords,
  Marker: z.string().optional(),
});

export const ModifyParameters = z.strictObject({
  DBParameterGroupName: z.string(),
  Parameters: z.array(
    z.strictObject({ ParameterName: z.string(), ParameterValue: z.string(), ApplyMethod: z.string().optional() }),
  ),
});

export const CreateReplica = z.strictObject({
  DBInstanceIdentifier: z.string().toLowerCase(),
  SourceDBInstanceIdentifier: z.string(),
  DBInstanceClass: z.string().optional(),
  MultiAZ: Flag.default(false),
  DeletionProtection: Flag.default(false),
  BackupRetentionPeriod: RetentionDays.default(0),
  VpcSecurityGroupIds: z.array(z.string()).default([]),
  KmsKeyId: z.string().optional(),
  PreSignedUrl: z.string().optional(),
  Tags,
});

export const Modify = z.strictObject({
  DBInstanceIdentifier: z.string(),
  BackupRetentionPeriod: RetentionDays.optional(),
  DeletionProtection: Flag.optional(),
  PreferredBackupWindow: BackupWindow.optional(),
  PreferredMaintenanceWindow: MaintenanceWindow.optional(),
  VpcSecurityGroupIds: z.array(z.string()).min(1).optional(),
  MultiAZ: Flag.optional(),
  DBParameterGroupName: z.string().optional(),
  EngineVersion: z.string().optional(),
  AllowMajorVersionUpgrade: Flag.optional(),
  CloudwatchLogsExportConfiguration: z
    .strictObject({ EnableLogTypes: z.array(z.string()).default([]), DisableLogTypes: z.array(z.string()).default([]) })
    .optional(),
  ApplyImmediately: Flag.default(false),
});

export const Delete = z.strictObject({
  DBInstanceIdentifier: z.string(),
  SkipFinalSnapshot: Flag.default(false),
  DeleteAutomatedBackups: Flag.optional(),
});

export type Modify = z.infer<typeof Modify>;

export const Reboot = z.strictObject({ DBInstanceIdentifier: z.string(), ForceFailover: Flag.default(false) });

const SOURCE_TYPES = [
  "db-instance",
  "db-parameter-group",
  "db-security-group",
  "db-snapshot",
  "db-cluster",
  "db-cluster-snapshot",
  "custom-engine-version",
  "db-proxy",
  "blue-green-deployment",
] as const;

export const DescribeEvents = z.strictObject({
  SourceIdentifier: z.string().toLowerCase().optional(),
  SourceType: z.enum(SOURCE_TYPES).optional(),
  StartTime: z.coerce.date().optional(),
  EndTime: z.coerce.date().optional(),
  /** Minutes. */
  Duration: z.coerce.number().int().positive().default(60),
  EventCategories: z.array(z.string()).optional(),
  MaxRecords,
  Marker: z.string().optional(),
});
