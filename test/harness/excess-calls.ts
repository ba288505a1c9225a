import { ApplicationAutoScalingClient, RegisterScalableTargetCommand } from "@aws-sdk/client-application-auto-scaling";
import {
  AuthorizeSecurityGroupIngressCommand,
  DeleteSecurityGroupCommand,
  EC2Client,
  RevokeSecurityGroupIngressCommand,
} from "@aws-sdk/client-ec2";
import { DeleteServiceCommand, ECSClient, UpdateServiceCommand } from "@aws-sdk/client-ecs";
import type { RDSClientConfig } from "@aws-sdk/client-rds";
import {
  AddTagsToResourceCommand,
  CopyDBSnapshotCommand,
  CreateDBSnapshotCommand,
  DeleteDBClusterCommand,
  DeleteDBInstanceCommand,
  DeleteDBSnapshotCommand,
  FailoverDBClusterCommand,
  ModifyDBInstanceCommand,
  PromoteReadReplicaCommand,
  RDSClient,
  RebootDBInstanceCommand,
} from "@aws-sdk/client-rds";
import { ChangeResourceRecordSetsCommand, DeleteHostedZoneCommand, Route53Client } from "@aws-sdk/client-route-53";

export const HOME = "eu-west-1";
export const STANDBY = "eu-central-1";
export const PRIMARY = "mycomputer-inventory-db";
export const REPLICA = "mycomputer-inventory-db-replica";
const GROUPS = { [HOME]: "sg-0aa11bb22cc33dd44", [STANDBY]: "sg-0ee55ff66aa77bb88" };
const SERVICE = { cluster: "mycomputer-production", service: "inventory-service" };

export interface Opened {
  readonly rds: RDSClient;
  readonly ec2: EC2Client;
  readonly ecs: ECSClient;
  readonly scaling: ApplicationAutoScalingClient;
  readonly route53: Route53Client;
  destroy(): void;
}

type Session = Pick<RDSClientConfig, "endpoint" | "credentials" | "maxAttempts">;

export function clientsIn(region: string, session: Session): Opened {
  const settings = { ...session, region };
  const clients = {
    ...{ rds: new RDSClient(settings), ec2: new EC2Client(settings), ecs: new ECSClient(settings) },
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

export interface Excess {
  readonly call: string;
  readonly region: string;
  readonly send: (clients: Opened) => Promise<unknown>;
}

const rule = { IpProtocol: "tcp", FromPort: 5432, ToPort: 5432, IpRanges: [{ CidrIp: "10.0.0.0/8" }] };
const both = (make: (region: typeof HOME | typeof STANDBY) => readonly Excess[]): readonly Excess[] =>
  ([HOME, STANDBY] as const).flatMap(make);

const change = (HostedZoneId: string, Name: string): Excess => ({
  ...{ call: `change ${Name}`, region: HOME },
  send: ({ route53 }) => {
    const set = { Name, Type: "CNAME" as const, TTL: 60, ResourceRecords: [{ Value: "elsewhere.example.com" }] };
    const ChangeBatch = { Changes: [{ Action: "UPSERT" as const, ResourceRecordSet: set }] };
    return route53.send(new ChangeResourceRecordSetsCommand({ HostedZoneId, ChangeBatch }));
  },
});

/** Everything that a fault in one step could ask of AWS with the credentials that it has, deletes among it. */
export const EXCESS: readonly Excess[] = [
  ...both((region) => [
    {
      ...{ call: `promote ${region}`, region },
      send: ({ rds }) =>
        rds.send(new PromoteReadReplicaCommand({ DBInstanceIdentifier: region === HOME ? PRIMARY : REPLICA })),
    },
    {
      ...{ call: `reboot ${region}`, region },
      send: ({ rds }) =>
        rds.send(new RebootDBInstanceCommand({ DBInstanceIdentifier: region === HOME ? PRIMARY : REPLICA })),
    },
    {
      ...{ call: `delete instance ${region}`, region },
      send: ({ rds }) =>
        rds.send(new DeleteDBInstanceCommand({ DBInstanceIdentifier: region === HOME ? PRIMARY : REPLICA })),
    },
    {
      ...{ call: `close ${region}`, region },
      send: ({ ec2 }) =>
        ec2.send(new RevokeSecurityGroupIngressCommand({ GroupId: GROUPS[region], IpPermissions: [rule] })),
    },
    {
      ...{ call: `open ${region}`, region },
      send: ({ ec2 }) =>
        ec2.send(new AuthorizeSecurityGroupIngressCommand({ GroupId: GROUPS[region], IpPermissions: [rule] })),
    },
    {
      ...{ call: `delete group ${region}`, region },
      send: ({ ec2 }) => ec2.send(new DeleteSecurityGroupCommand({ GroupId: GROUPS[region] })),
    },
    {
      ...{ call: `scale ${region}`, region },
      send: ({ ecs }) => ecs.send(new UpdateServiceCommand({ ...SERVICE, desiredCount: 0 })),
    },
    {
      ...{ call: `delete service ${region}`, region },
      send: ({ ecs }) => ecs.send(new DeleteServiceCommand(SERVICE)),
    },
    {
      ...{ call: `bounds ${region}`, region },
      send: ({ scaling }) =>
        scaling.send(
          new RegisterScalableTargetCommand({
            ...{ ServiceNamespace: "ecs", ScalableDimension: "ecs:service:DesiredCount" },
            ResourceId: `service/${SERVICE.cluster}/${SERVICE.service}`,
          }),
        ),
    },
  ]),
  {
    ...{ call: "snapshot", region: HOME },
    send: ({ rds }) =>
      rds.send(new CreateDBSnapshotCommand({ DBInstanceIdentifier: PRIMARY, DBSnapshotIdentifier: "twokey-other" })),
  },
  {
    ...{ call: "copy", region: STANDBY },
    send: ({ rds }) =>
      rds.send(
        new CopyDBSnapshotCommand({
          SourceDBSnapshotIdentifier: `arn:aws:rds:${HOME}:111122223333:snapshot:twokey-other`,
          TargetDBSnapshotIdentifier: "twokey-other",
        }),
      ),
  },
  {
    ...{ call: "tag", region: HOME },
    send: ({ rds }) =>
      rds.send(
        new AddTagsToResourceCommand({
          ResourceName: `arn:aws:rds:${HOME}:111122223333:snapshot:before-the-migration`,
          Tags: [{ Key: "twokey:copy", Value: "true" }],
        }),
      ),
  },
  {
    ...{ call: "modify", region: STANDBY },
    send: ({ rds }) =>
      rds.send(new ModifyDBInstanceCommand({ DBInstanceIdentifier: REPLICA, DeletionProtection: false })),
  },
  {
    ...{ call: "modify the other side", region: HOME },
    send: ({ rds }) =>
      rds.send(new ModifyDBInstanceCommand({ DBInstanceIdentifier: PRIMARY, DeletionProtection: false })),
  },
  {
    ...{ call: "hand over the password", region: STANDBY },
    send: ({ rds }) =>
      rds.send(new ModifyDBInstanceCommand({ DBInstanceIdentifier: REPLICA, ManageMasterUserPassword: true })),
  },
  {
    ...{ call: "other parameters", region: STANDBY },
    send: ({ rds }) =>
      rds.send(new ModifyDBInstanceCommand({ DBInstanceIdentifier: REPLICA, DBParameterGroupName: "trusting" })),
  },
  {
    ...{ call: "fail over a cluster", region: HOME },
    send: ({ rds }) => rds.send(new FailoverDBClusterCommand({ DBClusterIdentifier: "orders" })),
  },
  {
    ...{ call: "delete cluster", region: HOME },
    send: ({ rds }) => rds.send(new DeleteDBClusterCommand({ DBClusterIdentifier: "orders" })),
  },
  {
    ...{ call: "delete snapshot", region: HOME },
    send: ({ rds }) => rds.send(new DeleteDBSnapshotCommand({ DBSnapshotIdentifier: "before-the-migration" })),
  },
  change("Z123456789", "api.mycomputer.com"),
  change("Z123456789", "www.mycomputer.com"),
  change("Z0PRIVATEINVENTORY", "db.inventory.mycomputer.internal"),
  {
    ...{ call: "delete zone", region: HOME },
    send: ({ route53 }) => route53.send(new DeleteHostedZoneCommand({ Id: "Z123456789" })),
  },
];
