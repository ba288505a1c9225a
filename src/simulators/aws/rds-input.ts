import { z } from "zod";

/** Booleans are text in the Query protocol. */
const Flag = z.enum(["true", "false"]).transform((text) => text === "true");
const RetentionDays = z.coerce.number().int().min(0).max(35);
const MaxRecords = z.coerce.number().int().min(20).max(100).default(100);
const Tags = z.array(z.strictObject({ Key: z.string(), Value: z.string().optional() })).optional();

export const DescribeInstances = z.strictObject({
  DBInstanceIdentifier: z.string().optional(),
  Filters: z.array(z.strictObject({ Name: z.string(), Values: z.array(z.string()) })).default([]),
  MaxRecords,
  Marker: z.string().optional(),
});

export const Promote = z.strictObject({
  DBInstanceIdentifier: z.string(),
  /** The vendor's default is 1, whatever the replica or its source had. */
  BackupRetentionPeriod: RetentionDays.default(1),
  PreferredBackupWindow: z.string().optional(),
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
  VpcSecurityGroupIds: z.array(z.string()).min(1).optional(),
  MultiAZ: Flag.optional(),
  DBParameterGroupName: z.string().optional(),
  CloudwatchLogsExportConfiguration: z
    .strictObject({ EnableLogTypes: z.array(z.string()).default([]), DisableLogTypes: z.array(z.string()).default([]) })
    .optional(),
  ApplyImmediately: Flag.default(false),
});

export type Modify = z.infer<typeof Modify>;

export const Reboot = z.strictObject({ DBInstanceIdentifier: z.string(), ForceFailover: Flag.default(false) });

export const DescribeEvents = z.strictObject({
  SourceIdentifier: z.string().toLowerCase().optional(),
  SourceType: z.string().optional(),
  StartTime: z.coerce.date().optional(),
  EndTime: z.coerce.date().optional(),
  /** Minutes. */
  Duration: z.coerce.number().int().positive().default(60),
  EventCategories: z.array(z.string()).optional(),
  MaxRecords,
  Marker: z.string().optional(),
});
