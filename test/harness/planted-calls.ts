import { DeregisterScalableTargetCommand } from "@aws-sdk/client-application-auto-scaling";
import { DeleteSecurityGroupCommand } from "@aws-sdk/client-ec2";
import { DeleteServiceCommand } from "@aws-sdk/client-ecs";
import {
  DecryptCommand,
  DisableKeyCommand,
  PutKeyPolicyCommand,
  ScheduleKeyDeletionCommand,
} from "@aws-sdk/client-kms";
import {
  CreateDBInstanceReadReplicaCommand,
  DeleteDBClusterCommand,
  DeleteDBClusterSnapshotCommand,
  DeleteDBInstanceCommand,
  DeleteDBSnapshotCommand,
  ModifyDBClusterCommand,
  ModifyDBInstanceCommand,
  RemoveTagsFromResourceCommand,
} from "@aws-sdk/client-rds";
import { DeleteHealthCheckCommand, DeleteHostedZoneCommand, UpdateHealthCheckCommand } from "@aws-sdk/client-route-53";
import { DeleteTopicCommand, PublishCommand, SubscribeCommand } from "@aws-sdk/client-sns";
import { AssumeRoleCommand } from "@aws-sdk/client-sts";
import type { Opened, Session } from "./aws-calls.ts";

/** What no step is ever for, by the name that its title has. */
export interface Planted {
  readonly call: string;
  readonly region: string;
  readonly send: (clients: Opened, session: Session) => Promise<unknown>;
}

const [HOME, STANDBY] = ["eu-west-1", "eu-central-1"];
const ACCOUNT = "111122223333";
const REPLICA = "bookings-orders-replica";
const PRIMARY = "bookings-orders";
const CLUSTER = "archive-years";
const SNAPSHOT = "before-the-migration";
const KeyId = "alias/aws/rds";
const TopicArn = `arn:aws:sns:${HOME}:${ACCOUNT}:dr-alerts`;

type Send = Planted["send"];
const at = (region: string, calls: Readonly<Record<string, Send>>): readonly Planted[] =>
  Object.entries(calls).map(([call, send]) => ({ call: `${call} ${region}`, region, send }));

/** Deletes, changes of what guards them, and ways to more rights. */
export const PLANTED: readonly Planted[] = [
  ...at(HOME, {
    "rds:DeleteDBInstance": ({ rds }) => rds.send(new DeleteDBInstanceCommand({ DBInstanceIdentifier: PRIMARY })),
    "rds:DeleteDBCluster": ({ rds }) => rds.send(new DeleteDBClusterCommand({ DBClusterIdentifier: CLUSTER })),
    "rds:DeleteDBSnapshot": ({ rds }) => rds.send(new DeleteDBSnapshotCommand({ DBSnapshotIdentifier: SNAPSHOT })),
    "rds:DeleteDBClusterSnapshot": ({ rds }) =>
      rds.send(new DeleteDBClusterSnapshotCommand({ DBClusterSnapshotIdentifier: SNAPSHOT })),
    "rds:ModifyDBCluster": ({ rds }) =>
      rds.send(new ModifyDBClusterCommand({ DBClusterIdentifier: CLUSTER, DeletionProtection: false })),
    "rds:RemoveTagsFromResource": ({ rds }) =>
      rds.send(
        new RemoveTagsFromResourceCommand({
          ...{ ResourceName: `arn:aws:rds:${HOME}:${ACCOUNT}:snapshot:${SNAPSHOT}`, TagKeys: ["twokey:copy"] },
        }),
      ),
    "ec2:DeleteSecurityGroup": ({ ec2 }) =>
      ec2.send(new DeleteSecurityGroupCommand({ GroupId: "sg-0a1b2c3d4e5f60001" })),
    "ecs:DeleteService": ({ ecs }) =>
      ecs.send(new DeleteServiceCommand({ cluster: "production", service: "bookings" })),
    "application-autoscaling:DeregisterScalableTarget": ({ scaling }) =>
      scaling.send(
        new DeregisterScalableTargetCommand({
          ...{ ServiceNamespace: "ecs", ScalableDimension: "ecs:service:DesiredCount" },
          ResourceId: "service/production/bookings",
        }),
      ),
    "route53:DeleteHostedZone": ({ route53 }) => route53.send(new DeleteHostedZoneCommand({ Id: "Z0EXAMPLECOM1" })),
    "route53:DeleteHealthCheck": ({ route53 }) =>
      route53.send(new DeleteHealthCheckCommand({ HealthCheckId: "hc-bookings" })),
    "route53:UpdateHealthCheck": ({ route53 }) =>
      route53.send(new UpdateHealthCheckCommand({ HealthCheckId: "hc-bookings", Inverted: true })),
    "sns:Publish": ({ sns }) => sns.send(new PublishCommand({ TopicArn, Message: "all is well" })),
    "sns:DeleteTopic": ({ sns }) => sns.send(new DeleteTopicCommand({ TopicArn })),
    "sns:Subscribe": ({ sns }) =>
      sns.send(new SubscribeCommand({ TopicArn, Protocol: "https", Endpoint: "https://elsewhere.example.com" })),
    "sts:AssumeRole": ({ sts }) =>
      sts.send(
        new AssumeRoleCommand({ RoleArn: `arn:aws:iam::${ACCOUNT}:role/twokey-delete`, RoleSessionName: "somebody" }),
      ),
    "kms:Decrypt": ({ kms }) => kms.send(new DecryptCommand({ KeyId, CiphertextBlob: new Uint8Array([1]) })),
  }),
  ...at(STANDBY, {
    "rds:DeleteDBInstance": ({ rds }) => rds.send(new DeleteDBInstanceCommand({ DBInstanceIdentifier: REPLICA })),
    // What a parameter group or the password is changed by is the same call as the one for deletion protection.
    "rds:ModifyDBInstance, the password": ({ rds }) =>
      rds.send(new ModifyDBInstanceCommand({ DBInstanceIdentifier: REPLICA, ManageMasterUserPassword: true })),
    "rds:ModifyDBInstance, the parameters": ({ rds }) =>
      rds.send(new ModifyDBInstanceCommand({ DBInstanceIdentifier: REPLICA, DBParameterGroupName: "trusting" })),
    "rds:CreateDBInstanceReadReplica": ({ rds }) =>
      rds.send(
        new CreateDBInstanceReadReplicaCommand({
          ...{ DBInstanceIdentifier: "theirs", SourceDBInstanceIdentifier: REPLICA },
        }),
      ),
    "kms:ScheduleKeyDeletion": ({ kms }) => kms.send(new ScheduleKeyDeletionCommand({ KeyId })),
    "kms:DisableKey": ({ kms }) => kms.send(new DisableKeyCommand({ KeyId })),
    "kms:PutKeyPolicy": ({ kms }) => kms.send(new PutKeyPolicyCommand({ KeyId, Policy: "{}" })),
  }),
  ...at(HOME, {
    "iam:PutRolePolicy": form("iam", { Action: "PutRolePolicy", RoleName: "twokey-execute" }),
    "iam:AttachRolePolicy": form("iam", { Action: "AttachRolePolicy", RoleName: "twokey-execute" }),
    "iam:UpdateAssumeRolePolicy": form("iam", { Action: "UpdateAssumeRolePolicy", RoleName: "twokey-execute" }),
    "iam:CreateAccessKey": form("iam", { Action: "CreateAccessKey", UserName: "twokey" }),
    "s3:DeleteBucket": rest("s3", "DELETE", "/mycomputer-backups"),
    "s3:DeleteObject": rest("s3", "DELETE", "/mycomputer-backups/2026-11-28.dump"),
    "s3:GetObject": rest("s3", "GET", "/mycomputer-backups/2026-11-28.dump"),
    "s3:PutBucketPolicy": rest("s3", "PUT", "/mycomputer-backups?policy"),
    "s3:PutLifecycleConfiguration": rest("s3", "PUT", "/mycomputer-backups?lifecycle"),
    "backup:DeleteBackupVault": rest("backup", "DELETE", "/backup-vaults/production"),
    "backup:DeleteRecoveryPoint": rest(
      ...(["backup", "DELETE"] as const),
      `/backup-vaults/production/recovery-points/${encodeURIComponent(`arn:aws:backup:${HOME}:${ACCOUNT}:recovery-point:1`)}`,
    ),
    "backup:UpdateRecoveryPointLifecycle": rest(
      ...(["backup", "POST"] as const),
      `/backup-vaults/production/recovery-points/${encodeURIComponent(`arn:aws:backup:${HOME}:${ACCOUNT}:recovery-point:1`)}`,
    ),
    "dynamodb:DeleteTable": target("dynamodb", "DynamoDB_20120810.DeleteTable", { TableName: "bookings" }),
    "secretsmanager:GetSecretValue": target("secretsmanager", "secretsmanager.GetSecretValue", {
      SecretId: "database",
    }),
  }),
];

interface Wire {
  readonly service: string;
  readonly path: string;
  readonly method: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

function form(service: string, fields: Readonly<Record<string, string>>): Send {
  const headers = { "content-type": "application/x-www-form-urlencoded" };
  return raw({ ...{ service, headers, path: "/", method: "POST" }, body: new URLSearchParams(fields).toString() });
}
function target(service: string, operation: string, input: object): Send {
  const headers = { "content-type": "application/x-amz-json-1.1", "x-amz-target": operation };
  return raw({ ...{ service, headers, path: "/", method: "POST" }, body: JSON.stringify(input) });
}
function rest(service: string, method: string, path: string): Send {
  return raw({ service, path, method });
}

/** Of services whose client TwoKey does not have: as it goes over the wire. The world reads who signs, not the signature. */
function raw({ service, path, method, headers = {}, body }: Wire): Send {
  return async (_clients, { endpoint, credentials }) => {
    const scope = `${credentials.accessKeyId}/20261128/${service === "iam" ? "us-east-1" : HOME}/${service}/aws4_request`;
    const authorization = `AWS4-HMAC-SHA256 Credential=${scope}, SignedHeaders=host, Signature=${"0".repeat(64)}`;
    const answer = await fetch(new URL(path, endpoint), {
      ...{ method, headers: { ...headers, authorization } },
      ...(body === undefined ? {} : { body }),
    });
    const text = await answer.text();
    if (answer.ok) return;
    const error = new Error(text);
    error.name = /<Code>(.+?)<|"__type":"(.+?)"/.exec(text)?.slice(1).find(Boolean) ?? `HTTP ${answer.status}`;
    throw error;
  };
}
