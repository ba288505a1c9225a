import { FailoverDBClusterCommand, type FailoverDBClusterMessage } from "@aws-sdk/client-rds";
import { z } from "zod";
import type { Region } from "../../domain/service/service.ts";
import type { ClusterFacts, ClusterMember, Clusters, FailoverWish } from "../../ports/clusters.ts";
import type { Caller } from "./caller.ts";
import { CallFailed, NotGiven, noEndpoint } from "./errors.ts";
import type { By, Lookups } from "./lookups.ts";
import { Instance, securityGroupsOf, told } from "./rds-instances.ts";

const API = "rds";

const Cluster = z.object({
  DBClusterIdentifier: z.string(),
  DBClusterArn: z.string(),
  Status: z.string(),
  Engine: z.string(),
  EngineVersion: z.string(),
  MultiAZ: z.boolean().default(false),
  DBClusterMembers: z
    .array(
      z.object({
        DBInstanceIdentifier: z.string(),
        IsClusterWriter: z.boolean().default(false),
        PromotionTier: z.number().default(1),
      }),
    )
    .default([]),
  Endpoint: z.string().optional(),
  ReaderEndpoint: z.string().optional(),
  Port: z.number().optional(),
  VpcSecurityGroups: z.array(z.object({ VpcSecurityGroupId: z.string() })).default([]),
  StorageEncrypted: z.boolean().default(false),
  KmsKeyId: z.string().optional(),
  DeletionProtection: z.boolean().default(false),
  BackupRetentionPeriod: z.number(),
});
type Cluster = z.infer<typeof Cluster>;

interface Wanted {
  readonly region: Region;
  readonly cluster: string;
  readonly signal?: AbortSignal | undefined;
}

/** Aurora clusters, each in its own region: who writes, and the failover to a named member. */
export function awsClusters({ caller, lookups }: Pick<By, "caller" | "lookups">): Clusters {
  const reader = clusterReader(lookups);
  return {
    describe: (region, cluster, signal) =>
      caller.known(async () => {
        const wanted = { region, cluster, signal };
        const [found, instances] = await Promise.all([reader.cluster(wanted), reader.instances(wanted)]);
        return factsOf(found, instances);
      }),
    failover: (wish, signal) =>
      caller.act(async (requestIds) => {
        // RDS says "not a member", "the writer already" and "not available" with one code, so the cluster is asked first.
        const { DBClusterMembers } = await reader.clusterNow({ ...wish, signal });
        const target = DBClusterMembers.find(({ DBInstanceIdentifier: id }) => id === wish.target.toLowerCase());
        if (!target) return { kind: "not-a-member" as const };
        if (target.IsClusterWriter) return { kind: "already-writer" as const };
        return await failOver(caller, { ...wish, signal, requestIds });
      }),
  };
}

async function failOver(
  caller: Caller,
  wish: FailoverWish & { readonly signal: AbortSignal | undefined; readonly requestIds: string[] },
) {
  const { region, cluster, target, signal, requestIds } = wish;
  const ask = { api: API, region, doing: `fail ${cluster} over to ${target}`, signal };
  const wanted: FailoverDBClusterMessage = { DBClusterIdentifier: cluster, TargetDBInstanceIdentifier: target };
  try {
    await caller.write(ask, requestIds, (acting, options) =>
      acting.rds.in(region).send(new FailoverDBClusterCommand(wanted), options),
    );
    return { kind: "accepted" as const };
  } catch (error) {
    if (!(error instanceof CallFailed) || error.failure.kind !== "inFlight") throw error;
    return { kind: "busy" as const, why: error.message };
  }
}

function clusterReader({ clusters, members }: Lookups) {
  const lookFor = ({ cluster: id, signal }: Wanted) => ({ id, doing: `describe cluster ${id}`, signal });
  return {
    cluster: async (wanted: Wanted) => Cluster.parse(await clusters(wanted.region).ask(lookFor(wanted))),
    /** The same for a write, which waits for no other look. */
    clusterNow: async (wanted: Wanted) => Cluster.parse(await clusters(wanted.region).askAlone(lookFor(wanted))),
    instances: async ({ region, cluster: id, signal }: Wanted): Promise<Instance[]> => {
      const wish = { id, doing: `describe the members of ${id}`, signal };
      return z
        .array(Instance)
        .default([])
        .parse(await members(region).ask(wish));
    },
  };
}

/** Throws NotGiven while it has no endpoint. */
function factsOf(cluster: Cluster, instances: readonly Instance[]): ClusterFacts {
  const { Endpoint: writer, Port: port } = cluster;
  if (writer === undefined || port === undefined)
    throw new NotGiven(noEndpoint(cluster.DBClusterIdentifier, cluster.Status));
  return {
    cluster: cluster.DBClusterIdentifier,
    arn: cluster.DBClusterArn,
    status: cluster.Status,
    engine: cluster.Engine,
    engineVersion: cluster.EngineVersion,
    multiAz: cluster.MultiAZ,
    members: cluster.DBClusterMembers.map((member) => memberOf(member, instances)),
    endpoints: {
      writer,
      ...(cluster.ReaderEndpoint !== undefined && { reader: cluster.ReaderEndpoint }),
    },
    port,
    securityGroups: securityGroupsOf(cluster),
    encrypted: cluster.StorageEncrypted,
    ...told({ kmsKey: cluster.KmsKeyId }),
    deletionProtection: cluster.DeletionProtection,
    backupRetentionDays: cluster.BackupRetentionPeriod,
  };
}

function memberOf(member: Cluster["DBClusterMembers"][number], instances: readonly Instance[]): ClusterMember {
  const { DBInstanceIdentifier: instance, IsClusterWriter: isWriter, PromotionTier: promotionTier } = member;
  const found = instances.find(({ DBInstanceIdentifier }) => DBInstanceIdentifier === instance);
  return {
    ...{ instance, isWriter, promotionTier },
    ...told({
      status: found?.DBInstanceStatus,
      availabilityZone: found?.AvailabilityZone,
      instanceClass: found?.DBInstanceClass,
    }),
  };
}
