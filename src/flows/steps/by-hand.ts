import type { RecordSet } from "../../domain/service/observed.ts";
import type { Region, Service } from "../../domain/service/service.ts";
import type { DatabaseRecord } from "../../domain/service/site.ts";
import { siteOf, trafficOf } from "../resources/site.ts";
import type { ComputeInput } from "./schemas.ts";

/** The same acts as AWS CLI commands, for the card: whoever reads them at three in the morning can paste them. */

interface Fenced {
  readonly region: Region;
  readonly compute: ComputeInput;
  readonly securityGroup: string;
}

export function fence({ region, compute, securityGroup }: Fenced): string[] {
  return [
    `aws application-autoscaling register-scalable-target --region ${region} --service-namespace ecs --scalable-dimension ecs:service:DesiredCount --resource-id service/${compute.cluster}/${compute.service} --min-capacity 0 --max-capacity 0 --suspended-state DynamicScalingInSuspended=true,DynamicScalingOutSuspended=true,ScheduledScalingSuspended=true`,
    `aws ecs update-service --region ${region} --cluster ${compute.cluster} --service ${compute.service} --desired-count 0`,
    `aws ec2 revoke-security-group-ingress --region ${region} --group-id ${securityGroup} --ip-permissions "$(aws ec2 describe-security-groups --region ${region} --group-ids ${securityGroup} --query 'SecurityGroups[0].IpPermissions' --output json)"`,
  ];
}

interface Instance {
  readonly region: Region;
  readonly instance: string;
}

export function lag({ region, instance }: Instance): string[] {
  return [
    `aws cloudwatch get-metric-statistics --region ${region} --namespace AWS/RDS --metric-name ReplicaLag --dimensions Name=DBInstanceIdentifier,Value=${instance} --period 60 --statistics Maximum --start-time "$(date -u -d '-15 min' +%FT%TZ)" --end-time "$(date -u +%FT%TZ)"`,
  ];
}

export function promote({
  region,
  instance,
  backupRetentionDays,
}: Instance & { backupRetentionDays: number }): string[] {
  return [
    `aws rds promote-read-replica --region ${region} --db-instance-identifier ${instance} --backup-retention-period ${backupRetentionDays}`,
    `aws rds describe-db-instances --region ${region} --db-instance-identifier ${instance} --query 'DBInstances[0].[DBInstanceStatus,ReadReplicaSourceDBInstanceIdentifier]'   # done when the source is gone, not when it says available`,
  ];
}

interface SnapshotOf {
  readonly region: Region;
  readonly of: "instance" | "cluster";
  readonly source: string;
  readonly id: string;
}

/** Words of the CLI for what a snapshot is of. */
const CLI = {
  instance: { noun: "db-snapshot", source: "db-instance" },
  cluster: { noun: "db-cluster-snapshot", source: "db-cluster" },
} as const;

export function takeSnapshot({ region, of, source, id }: SnapshotOf): string[] {
  const { noun, source: what } = CLI[of];
  return [
    `aws rds create-${noun} --region ${region} --${what}-identifier ${source} --${noun}-identifier ${id}`,
    `aws rds wait ${noun}-available --region ${region} --${noun}-identifier ${id}`,
  ];
}

interface CopyOf {
  readonly from: Region;
  readonly to: Region;
  readonly of: "instance" | "cluster";
  readonly id: string;
  readonly kmsKey: string | null;
}

export function copySnapshot({ from, to, of, id, kmsKey }: CopyOf): string[] {
  const { noun } = CLI[of];
  const arn = `$(aws rds describe-${noun}s --region ${from} --${noun}-identifier ${id} --query '${of === "instance" ? "DBSnapshots[0].DBSnapshotArn" : "DBClusterSnapshots[0].DBClusterSnapshotArn"}' --output text)`;
  const key = kmsKey === null ? "" : ` --kms-key-id ${kmsKey}`;
  return [
    `aws rds copy-${noun} --region ${to} --source-region ${from} --source-${noun}-identifier "${arn}" --target-${noun}-identifier ${id}${key}`,
    `aws rds wait ${noun}-available --region ${to} --${noun}-identifier ${id}`,
  ];
}

export function rebootFailover({ region, instance }: Instance): string[] {
  return [
    `aws rds reboot-db-instance --region ${region} --db-instance-identifier ${instance} --force-failover   # once: a second call leads back`,
    `aws rds describe-events --region ${region} --source-type db-instance --source-identifier ${instance} --duration 30`,
  ];
}

export function scaleOut(region: Region, compute: ComputeInput): string[] {
  const scaling = `aws application-autoscaling register-scalable-target --region ${region} --service-namespace ecs --scalable-dimension ecs:service:DesiredCount --resource-id service/${compute.cluster}/${compute.service} --min-capacity ${compute.tasks} --max-capacity ${compute.max_tasks ?? compute.tasks}`;
  const desired = `aws ecs update-service --region ${region} --cluster ${compute.cluster} --service ${compute.service} --desired-count ${compute.tasks}`;
  return compute.max_tasks === undefined ? [desired] : [scaling, desired];
}

export function records(zone: string, after: readonly RecordSet[]): string[] {
  const changes = after.map((record) => ({ Action: "UPSERT", ResourceRecordSet: awsForm(record) }));
  return [
    `aws route53 change-resource-record-sets --hosted-zone-id ${zone} --change-batch '${JSON.stringify({ Changes: changes })}'`,
  ];
}

/** From the file alone: while Route 53 cannot be asked, nobody knows what stands there. */
export function databaseRecord({ zone, name, ttl_seconds }: DatabaseRecord, endpoint: string): string[] {
  return records(zone, [{ name, type: "CNAME", ttlSeconds: ttl_seconds, values: [endpoint] }]);
}

/** From the file alone. An alias that had a health check loses it: with one, the old side might be answered again. */
export function trafficRecords(service: Service, to: Region): string[] {
  const traffic = trafficOf(service);
  const { load_balancer } = siteOf(service, to);
  const alias = { zone: load_balancer.zone, dnsName: load_balancer.dns_name, evaluateTargetHealth: true };
  const set = { name: traffic.name, type: "A", alias };
  switch (traffic.routing) {
    case "weighted":
      return records(
        traffic.zone,
        Object.entries(traffic.set_identifiers).map(([region, setIdentifier]) => ({
          ...{ ...set, setIdentifier, weight: region === to ? 100 : 0 },
        })),
      );
    case "failover":
      return records(traffic.zone, [
        { ...set, setIdentifier: traffic.primary, failover: "PRIMARY" },
        { ...set, setIdentifier: traffic.secondary, failover: "SECONDARY" },
      ]);
    case "simple": {
      const value = traffic.values[to];
      const record = {
        name: traffic.name,
        type: "CNAME",
        ttlSeconds: traffic.ttl_seconds,
        values: value ? [value] : [],
      };
      return records(traffic.zone, [record]);
    }
  }
}

function awsForm(record: RecordSet) {
  return {
    Name: record.name,
    Type: record.type,
    ...(record.setIdentifier === undefined ? {} : { SetIdentifier: record.setIdentifier }),
    ...(record.weight === undefined ? {} : { Weight: record.weight }),
    ...(record.failover === undefined ? {} : { Failover: record.failover }),
    ...(record.ttlSeconds === undefined ? {} : { TTL: record.ttlSeconds }),
    ...(record.values === undefined ? {} : { ResourceRecords: record.values.map((value) => ({ Value: value })) }),
    ...(record.alias === undefined
      ? {}
      : {
          AliasTarget: {
            HostedZoneId: record.alias.zone,
            DNSName: record.alias.dnsName,
            EvaluateTargetHealth: record.alias.evaluateTargetHealth,
          },
        }),
    ...(record.healthCheck === undefined ? {} : { HealthCheckId: record.healthCheck }),
  };
}
