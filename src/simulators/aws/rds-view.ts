import type { DatabaseFleet } from "./database-fleet.ts";
import { databaseArn, engineOf, type Instance } from "./database-instance.ts";
import type { RdsEvent } from "./rds-events.ts";
import { hasRecovery, latestRestorableMs } from "./recovery-window.ts";
import { XmlList } from "./service.ts";

/** The DBInstance structure; `status` overrides what is shown (the reply to a mutation runs ahead of Describe). */
export function instanceView(
  fleet: DatabaseFleet,
  instance: Instance,
  { nowMs, status }: { readonly nowMs: number; readonly status?: string | undefined },
) {
  const { port } = engineOf(instance);
  return {
    DBInstanceIdentifier: instance.identifier,
    DBInstanceClass: instance.instanceClass,
    Engine: instance.engine,
    DBInstanceStatus: status ?? instance.status,
    MasterUsername: "app",
    DBName: "app",
    ...(instance.status === "creating" ? {} : { Endpoint: { Address: instance.endpoint, Port: port } }),
    AllocatedStorage: 100,
    InstanceCreateTime: new Date(instance.createdMs),
    PreferredBackupWindow: instance.backupWindow,
    PreferredMaintenanceWindow: instance.maintenanceWindow,
    BackupRetentionPeriod: instance.backupRetentionDays,
    VpcSecurityGroups: new XmlList(
      "VpcSecurityGroupMembership",
      instance.securityGroups.map((id) => ({ VpcSecurityGroupId: id, Status: "active" })),
    ),
    DBSubnetGroup: { DBSubnetGroupName: "databases", VpcId: fleet.vpcOf(instance), SubnetGroupStatus: "Complete" },
    DBParameterGroups: new XmlList("DBParameterGroup", [
      { DBParameterGroupName: instance.parameterGroup, ParameterApplyStatus: applyStatus(instance) },
    ]),
    EnabledCloudwatchLogsExports: new XmlList("member", [...instance.logExports]),
    AvailabilityZone: instance.shownZones.active,
    SecondaryAvailabilityZone: instance.shownZones.standby,
    PendingModifiedValues: { BackupRetentionPeriod: instance.pendingRetentionDays },
    ...(hasRecovery(instance) ? { LatestRestorableTime: new Date(latestRestorableMs(nowMs)) } : {}),
    MultiAZ: instance.multiAz,
    EngineVersion: instance.engineVersion,
    ...replicationView(fleet, instance, nowMs),
    StorageType: "gp3",
    StorageEncrypted: instance.storageEncrypted,
    KmsKeyId: instance.kmsKeyId,
    DBClusterIdentifier: instance.cluster,
    PromotionTier: fleet.clusterOf(instance)?.members.find((member) => member.instance === instance)?.promotionTier,
    DbiResourceId: instance.resourceId,
    DBInstanceArn: databaseArn({ region: instance.region, instance: instance.identifier }),
    DeletionProtection: instance.deletionProtection,
  };
}

const applyStatus = ({ parameterGroup, parametersInForce }: Instance): string =>
  parameterGroup === parametersInForce ? "in-sync" : "pending-reboot";

export function eventView(event: RdsEvent) {
  return {
    SourceIdentifier: event.identifier,
    SourceType: event.sourceType,
    Message: event.message,
    EventCategories: new XmlList("EventCategory", [event.category]),
    Date: new Date(event.atMs),
    SourceArn: event.arn,
  };
}

function replicationView(fleet: DatabaseFleet, instance: Instance, nowMs: number) {
  const { region, source, replication } = instance;
  const nameFrom = (ref: { readonly region: string; readonly instance: string }) =>
    ref.region === region ? ref.instance : databaseArn(ref);
  const replicas = fleet.replicasOf(instance).map((one) => nameFrom({ region: one.region, instance: one.identifier }));
  return {
    ReadReplicaSourceDBInstanceIdentifier: source && !instance.hidesSource ? nameFrom(source) : undefined,
    ReadReplicaDBInstanceIdentifiers: new XmlList("ReadReplicaDBInstanceIdentifier", replicas),
    StatusInfos: source && replication ? new XmlList("DBInstanceStatusInfo", [statusInfo(instance, nowMs)]) : undefined,
  };
}

/**
 * That a lost connection to the source reads as `error` is an estimate. One that is silent reads as `replicating` until the
 * replica notices. A promotion that stops replication does not:
 * it shows `replicating` until the instance stands alone.
 */
function statusInfo({ replication }: Instance, nowMs: number) {
  const isHealthy = replication?.hasEnded || replication?.linkSeenAt(nowMs) === "up";
  return isHealthy
    ? { StatusType: "read replication", Normal: true, Status: "replicating" }
    : {
        StatusType: "read replication",
        Normal: false,
        Status: "error",
        Message: "The connection to the replication source was lost.",
      };
}
