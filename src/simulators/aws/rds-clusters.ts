import { z } from "zod";
import type { ClusterChanges } from "./cluster-changes.ts";
import { type Cluster, clusterArn } from "./database-cluster.ts";
import type { DatabaseFleet } from "./database-fleet.ts";
import { engineOf } from "./database-instance.ts";
import { page } from "./paging.ts";
import { type AwsCall, AwsError, type AwsOperation, XmlList } from "./service.ts";

const DescribeInput = z.strictObject({
  DBClusterIdentifier: z.string().optional(),
  Filters: z.array(z.strictObject({ Name: z.string(), Values: z.array(z.string()) })).default([]),
  IncludeShared: z.enum(["true", "false"]).optional(),
  MaxRecords: z.coerce.number().int().min(20).max(100).default(100),
  Marker: z.string().optional(),
});

const GlobalInput = z.strictObject({
  GlobalClusterIdentifier: z.string().optional(),
  Filters: z.array(z.unknown()).optional(),
  MaxRecords: z.coerce.number().int().min(20).max(100).default(100),
  Marker: z.string().optional(),
});

const FailoverInput = z.strictObject({
  DBClusterIdentifier: z.string(),
  TargetDBInstanceIdentifier: z.string().optional(),
});

interface Parts {
  readonly fleet: DatabaseFleet;
  readonly changes: ClusterChanges;
}

/** Simulated Aurora clusters: looks, and the failover between members of one. */
export function clusterOperations({ fleet, changes }: Parts): Readonly<Record<string, AwsOperation>> {
  return {
    DescribeDBClusters: { mutates: false, handle: (call) => describe(fleet, call) },
    DescribeGlobalClusters: { mutates: false, handle: ({ input }) => describeGlobal(input) },
    FailoverDBCluster: {
      mutates: true,
      handle: (call) => {
        const wanted = FailoverInput.parse(call.input);
        const cluster = fleet.requireCluster(call.region, wanted.DBClusterIdentifier);
        changes.failOver(cluster, wanted.TargetDBInstanceIdentifier, call);
        return { DBCluster: clusterView(cluster) };
      },
    },
  };
}

/** There are none: an Aurora cluster of this world stays in its region. */
function describeGlobal(input: AwsCall["input"]) {
  const { GlobalClusterIdentifier: name } = GlobalInput.parse(input);
  if (name !== undefined) throw new AwsError("GlobalClusterNotFoundFault", `Global cluster ${name} not found`, 404);
  return { GlobalClusters: new XmlList("GlobalClusterMember", []) };
}

function describe(fleet: DatabaseFleet, { input, region }: AwsCall) {
  const wanted = DescribeInput.parse(input);
  for (const { Name } of wanted.Filters) {
    if (Name !== "db-cluster-id") throw new AwsError("InvalidParameterValue", `Unrecognized filter name: ${Name}`);
  }
  const name = wanted.DBClusterIdentifier && nameOf(wanted.DBClusterIdentifier);
  if (name !== undefined) fleet.requireCluster(region, name);
  const found = fleet.clusters.filter(
    ({ region: home, identifier }) =>
      home === region &&
      (name === undefined || identifier === name) &&
      wanted.Filters.every(({ Values }) => Values.some((value) => nameOf(value) === identifier)),
  );
  const { entries, marker } = page(found, ({ identifier }) => identifier, {
    size: wanted.MaxRecords,
    marker: wanted.Marker,
  });
  return { Marker: marker, DBClusters: new XmlList("DBCluster", entries.map(clusterView)) };
}

/** Of a name or an ARN. */
function nameOf(given: string): string {
  return given.slice(given.lastIndexOf(":") + 1).toLowerCase();
}

function clusterView(cluster: Cluster) {
  const { version, port } = engineOf(cluster);
  const zones = [...new Set(cluster.members.map(({ instance }) => instance.zones.active))];
  return {
    DBClusterIdentifier: cluster.identifier,
    DBClusterArn: clusterArn(cluster),
    Status: cluster.status,
    Engine: cluster.engine,
    EngineVersion: version,
    EngineMode: "provisioned",
    ...(cluster.status !== "creating" && {
      ...{ Endpoint: cluster.endpoints.writer, ReaderEndpoint: cluster.endpoints.reader, Port: port },
    }),
    MultiAZ: zones.length > 1,
    AvailabilityZones: new XmlList("AvailabilityZone", zones),
    DBClusterMembers: new XmlList(
      "DBClusterMember",
      cluster.members.map(({ instance, promotionTier }) => ({
        DBInstanceIdentifier: instance.identifier,
        IsClusterWriter: instance === cluster.writer,
        DBClusterParameterGroupStatus: "in-sync",
        PromotionTier: promotionTier,
      })),
    ),
    VpcSecurityGroups: new XmlList(
      "VpcSecurityGroupMembership",
      cluster.securityGroups.map((id) => ({ VpcSecurityGroupId: id, Status: "active" })),
    ),
    StorageEncrypted: cluster.storageEncrypted,
    KmsKeyId: cluster.kmsKeyId,
    DbClusterResourceId: cluster.resourceId,
    DeletionProtection: cluster.deletionProtection,
    BackupRetentionPeriod: cluster.backupRetentionDays,
    ClusterCreateTime: new Date(cluster.createdMs),
    MasterUsername: "app",
    DatabaseName: "app",
  };
}
