import { ApplicationAutoScalingClient, RegisterScalableTargetCommand } from "@aws-sdk/client-application-auto-scaling";
import {
  AuthorizeSecurityGroupIngressCommand,
  EC2Client,
  RevokeSecurityGroupIngressCommand,
} from "@aws-sdk/client-ec2";
import { ECSClient, UpdateServiceCommand } from "@aws-sdk/client-ecs";
import { CreateGrantCommand, KMSClient } from "@aws-sdk/client-kms";
import {
  AddTagsToResourceCommand,
  CopyDBClusterSnapshotCommand,
  CopyDBSnapshotCommand,
  CreateDBClusterSnapshotCommand,
  CreateDBSnapshotCommand,
  FailoverDBClusterCommand,
  ModifyDBInstanceCommand,
  PromoteReadReplicaCommand,
  RDSClient,
  RebootDBInstanceCommand,
} from "@aws-sdk/client-rds";
import { ChangeResourceRecordSetsCommand, Route53Client } from "@aws-sdk/client-route-53";
import { SNSClient } from "@aws-sdk/client-sns";
import { STSClient } from "@aws-sdk/client-sts";
import { arnOf, type Whose } from "../../src/integrations/aws/session-policy.ts";
import type { Condition, Thing } from "../../src/ports/permission.ts";

/** The credentials of somebody, and where they lead. */
export interface Session {
  readonly endpoint: string;
  readonly maxAttempts: number;
  readonly credentials: {
    readonly accessKeyId: string;
    readonly secretAccessKey: string;
    readonly sessionToken: string;
  };
}

export type Opened = ReturnType<typeof clientsIn>;

export function clientsIn(region: string, session: Session) {
  const settings = { ...session, region };
  const clients = {
    ...{ rds: new RDSClient(settings), ec2: new EC2Client(settings), ecs: new ECSClient(settings) },
    ...{ kms: new KMSClient(settings), sns: new SNSClient(settings), sts: new STSClient(settings) },
    scaling: new ApplicationAutoScalingClient(settings),
    route53: new Route53Client({ ...settings, region: "us-east-1" }),
  };
  return {
    ...clients,
    destroy: () => {
      for (const client of Object.values(clients)) client.destroy();
    },
  };
}

/** What a permission is about, as a call is made of it. */
export interface Asked {
  readonly on: readonly Thing[];
  readonly when?: Condition | undefined;
  readonly whose: Whose;
}

type Sender = (clients: Opened, asked: Asked) => Promise<unknown>;

/** `db:inventory` → `inventory`. */
const nameOf = (thing: Thing | undefined): string => thing?.resource.split(/[:/]/).at(-1) ?? "";
const valuesOf = ({ when }: Asked, end: string): readonly string[] =>
  Object.values(when ?? {})
    .flatMap((keys) => Object.entries(keys))
    .find(([key]) => key.endsWith(end))?.[1] ?? [];
const arn = ({ on, whose }: Asked, at: number): string => arnOf(on[at] ?? { service: "", resource: "" }, whose);

const IpPermissions = [{ IpProtocol: "tcp", FromPort: 5432, ToPort: 5432, IpRanges: [{ CidrIp: "10.0.0.0/8" }] }];

/** The call behind each action that a step is ever permitted. */
export const SENDERS: Readonly<Record<string, Sender>> = {
  "rds:PromoteReadReplica": ({ rds }, { on }) =>
    rds.send(new PromoteReadReplicaCommand({ DBInstanceIdentifier: nameOf(on[0]) })),
  "rds:RebootDBInstance": ({ rds }, { on }) =>
    rds.send(new RebootDBInstanceCommand({ DBInstanceIdentifier: nameOf(on[0]) })),
  "rds:ModifyDBInstance": ({ rds }, { on }) =>
    rds.send(new ModifyDBInstanceCommand({ DBInstanceIdentifier: nameOf(on[0]), DeletionProtection: false })),
  "rds:FailoverDBCluster": ({ rds }, { on }) =>
    rds.send(new FailoverDBClusterCommand({ DBClusterIdentifier: nameOf(on[0]) })),
  "rds:CreateDBSnapshot": ({ rds }, { on: [of, made] }) =>
    rds.send(new CreateDBSnapshotCommand({ DBInstanceIdentifier: nameOf(of), DBSnapshotIdentifier: nameOf(made) })),
  "rds:CreateDBClusterSnapshot": ({ rds }, { on: [of, made] }) =>
    rds.send(
      new CreateDBClusterSnapshotCommand({
        ...{ DBClusterIdentifier: nameOf(of), DBClusterSnapshotIdentifier: nameOf(made) },
      }),
    ),
  "rds:CopyDBSnapshot": ({ rds }, asked) =>
    rds.send(
      new CopyDBSnapshotCommand({
        ...{ SourceDBSnapshotIdentifier: arn(asked, 0), TargetDBSnapshotIdentifier: nameOf(asked.on[1]) },
      }),
    ),
  "rds:CopyDBClusterSnapshot": ({ rds }, asked) =>
    rds.send(
      new CopyDBClusterSnapshotCommand({
        SourceDBClusterSnapshotIdentifier: arn(asked, 0),
        TargetDBClusterSnapshotIdentifier: nameOf(asked.on[1]),
      }),
    ),
  "rds:AddTagsToResource": ({ rds }, asked) =>
    rds.send(
      new AddTagsToResourceCommand({
        ResourceName: arn(asked, 0),
        Tags: valuesOf(asked, "TagKeys").map((Key) => ({ Key, Value: "true" })),
      }),
    ),
  "ec2:RevokeSecurityGroupIngress": ({ ec2 }, { on }) =>
    ec2.send(new RevokeSecurityGroupIngressCommand({ GroupId: nameOf(on[0]), IpPermissions })),
  "ec2:AuthorizeSecurityGroupIngress": ({ ec2 }, { on }) =>
    ec2.send(new AuthorizeSecurityGroupIngressCommand({ GroupId: nameOf(on[0]), IpPermissions })),
  "ecs:UpdateService": ({ ecs }, { on }) => {
    const [, cluster, service] = on[0]?.resource.split("/") ?? [];
    return ecs.send(new UpdateServiceCommand({ cluster, service, desiredCount: 0 }));
  },
  "application-autoscaling:RegisterScalableTarget": ({ scaling }) =>
    scaling.send(
      new RegisterScalableTargetCommand({
        ...{ ServiceNamespace: "ecs", ScalableDimension: "ecs:service:DesiredCount" },
        ResourceId: "service/production/bookings",
      }),
    ),
  "route53:ChangeResourceRecordSets": ({ route53 }, asked) => {
    const [Name = ""] = valuesOf(asked, "NormalizedRecordNames");
    const set = { Name, Type: "TXT" as const, TTL: 60, ResourceRecords: [{ Value: '"elsewhere"' }] };
    const ChangeBatch = { Changes: [{ Action: "UPSERT" as const, ResourceRecordSet: set }] };
    return route53.send(new ChangeResourceRecordSetsCommand({ HostedZoneId: nameOf(asked.on[0]), ChangeBatch }));
  },
  "kms:CreateGrant": ({ kms }, { on, whose }) =>
    kms.send(
      new CreateGrantCommand({
        ...{ KeyId: nameOf(on[0]).replace("*", "alias/aws/rds"), Operations: ["Decrypt"] },
        GranteePrincipal: `arn:aws:iam::${whose.account}:role/somebody`,
      }),
    ),
};
