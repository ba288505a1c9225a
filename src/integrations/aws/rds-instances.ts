import { z } from "zod";
import type { Region } from "../../domain/service/service.ts";
import type { DatabaseFacts } from "../../ports/databases.ts";
import type { Lookups } from "./lookups.ts";
import type { Wish } from "./together.ts";

export const Instance = z.object({
  DBInstanceIdentifier: z.string(),
  DBInstanceStatus: z.string(),
  DBInstanceClass: z.string(),
  Engine: z.string().optional(),
  EngineVersion: z.string().optional(),
  AvailabilityZone: z.string().optional(),
  SecondaryAvailabilityZone: z.string().optional(),
  MultiAZ: z.boolean().default(false),
  StorageEncrypted: z.boolean().default(false),
  KmsKeyId: z.string().optional(),
  DBClusterIdentifier: z.string().optional(),
  Endpoint: z.object({ Address: z.string().optional(), Port: z.number().optional() }).optional(),
  BackupRetentionPeriod: z.number(),
  ReadReplicaSourceDBInstanceIdentifier: z.string().optional(),
  StatusInfos: z
    .array(
      z.object({ StatusType: z.string().optional(), Normal: z.boolean().optional(), Status: z.string().optional() }),
    )
    .default([]),
  DeletionProtection: z.boolean().default(false),
  DBParameterGroups: z
    .array(z.object({ DBParameterGroupName: z.string().optional(), ParameterApplyStatus: z.string().optional() }))
    .default([]),
  EnabledCloudwatchLogsExports: z.array(z.string()).default([]),
  DBSubnetGroup: z.object({ VpcId: z.string().optional() }).optional(),
  VpcSecurityGroups: z.array(z.object({ VpcSecurityGroupId: z.string() })).default([]),
});
export type Instance = z.infer<typeof Instance>;
export interface Wanted {
  readonly region: Region;
  readonly instance: string;
  readonly signal?: AbortSignal | undefined;
}

/** Throws CallFailed, or a ZodError for an answer that is not one instance. */
export async function readInstance({ instances }: Lookups, wanted: Wanted): Promise<Instance> {
  return Instance.parse(await instances(wanted.region).ask(lookFor(wanted)));
}

/** The same for a write, which waits for no other look. */
export async function readInstanceNow({ instances }: Lookups, wanted: Wanted): Promise<Instance> {
  return Instance.parse(await instances(wanted.region).askAlone(lookFor(wanted)));
}

const lookFor = ({ instance, signal }: Wanted): Wish => ({ id: instance, doing: `describe ${instance}`, signal });

export function securityGroupsOf({ VpcSecurityGroups }: Pick<Instance, "VpcSecurityGroups">): string[] {
  return VpcSecurityGroups.map(({ VpcSecurityGroupId }) => VpcSecurityGroupId);
}

/**
 * A promotion is through when the source *and* the replication status are gone: the status alone says `available`
 * before, shortly after the call, and at the end.
 */
export function factsOf(instance: Instance): DatabaseFacts {
  const source = instance.ReadReplicaSourceDBInstanceIdentifier || undefined;
  const applied = instance.DBParameterGroups[0]?.ParameterApplyStatus;
  const replication = instance.StatusInfos.find(({ StatusType }) => StatusType === "read replication");
  return {
    instance: instance.DBInstanceIdentifier,
    status: instance.DBInstanceStatus,
    role: source === undefined && !replication ? "standalone" : "replica",
    source,
    replicating: replication && replication.Status === "replicating" && replication.Normal !== false,
    backupRetentionDays: instance.BackupRetentionPeriod,
    securityGroups: securityGroupsOf(instance),
    instanceClass: instance.DBInstanceClass,
    multiAz: instance.MultiAZ,
    deletionProtection: instance.DeletionProtection,
    logExports: instance.EnabledCloudwatchLogsExports,
    encrypted: instance.StorageEncrypted,
    ...(instance.Endpoint?.Port !== undefined && { port: instance.Endpoint.Port }),
    ...(applied !== undefined && applied !== "in-sync" && { isParameterGroupPending: true as const }),
    ...told({
      engine: instance.Engine,
      engineVersion: instance.EngineVersion,
      parameterGroup: instance.DBParameterGroups[0]?.DBParameterGroupName,
      availabilityZone: instance.AvailabilityZone,
      secondaryAvailabilityZone: instance.SecondaryAvailabilityZone,
      vpc: instance.DBSubnetGroup?.VpcId,
      kmsKey: instance.KmsKeyId,
      cluster: instance.DBClusterIdentifier,
    }),
  };
}

/** Without what RDS left out, or told as an empty text. */
export function told<Name extends string>(facts: Record<Name, string | undefined>): { [name in Name]?: string } {
  const kept: { [name in Name]?: string } = {};
  for (const name in facts) {
    const value = facts[name];
    if (value !== undefined && value !== "") kept[name] = value;
  }
  return kept;
}
