import { z } from "zod";
import { arnOf } from "../arn.ts";
import type { AwsCall } from "../service.ts";
import type { RequestContext } from "./conditions.ts";
import type { AccessesOf, Things, Wanted } from "./wanted.ts";

type Input = AwsCall["input"];

const text = (input: Input, name: string): string | undefined =>
  z.string().optional().catch(undefined).parse(input[name]);

/** A name, in lower case as RDS keeps it, or an ARN, which may be of another region. */
const rdsArn = (region: string, kind: string, name: string | undefined): string =>
  name?.startsWith("arn:") ? name : arnOf("rds", region, `${kind}:${(name ?? "*").toLowerCase()}`);

const on =
  (kind: string, member: string): AccessesOf =>
  ({ operation, region, input }) => [{ action: operation, resource: rdsArn(region, kind, text(input, member)) }];

const Tags = z.array(z.object({ Key: z.string(), Value: z.string().default("") })).catch([]);

/** Keys are compared without regard to case. */
function requestTags(input: Input): RequestContext {
  const tags = Tags.parse(input["Tags"]);
  return {
    ...(tags.length === 0 ? {} : { "aws:tagkeys": tags.map(({ Key }) => Key) }),
    ...Object.fromEntries(tags.map(({ Key, Value }) => [`aws:requesttag/${Key.toLowerCase()}`, [Value]])),
  };
}

interface Names {
  readonly kind: string;
  readonly member: string;
}

/** Both sides of it have to be allowed, and its tags once more as if they were added later. */
const making =
  (from: Names, made: Names): AccessesOf =>
  (call, things) => {
    const { operation, region, input } = call;
    const context = requestTags(input);
    const resource = rdsArn(region, made.kind, text(input, made.member));
    return [
      { action: operation, resource: rdsArn(region, from.kind, text(input, from.member)), context },
      { action: operation, resource, context },
      ...(context["aws:tagkeys"] ? [{ action: "AddTagsToResource", resource, context }] : []),
      ...keyAccesses(call, things),
    ];
  };

/** RDS takes the key on the caller's behalf. */
function keyAccesses({ region, input }: AwsCall, { keyOf }: Things): readonly Wanted[] {
  const key = keyOf(region, text(input, "KmsKeyId") ?? "");
  if (!key) return [];
  const context = {
    "kms:viaservice": [`rds.${region}.amazonaws.com`],
    "kms:resourcealiases": [...key.aliases],
  };
  return [
    { action: "kms:CreateGrant", resource: key.arn, context: { ...context, "kms:grantisforawsresource": ["true"] } },
    { action: "kms:DescribeKey", resource: key.arn, context },
  ];
}

const tagging: AccessesOf = ({ operation, input }) => [
  { action: operation, resource: text(input, "ResourceName") ?? "*", context: requestTags(input) },
];

const instance = on("db", "DBInstanceIdentifier");

/** Of what a modification asks for IAM is told one thing; another group of parameters or options has to be allowed by itself. */
const modifying: AccessesOf = (call, things) => {
  const { operation, region, input } = call;
  const manages = text(input, "ManageMasterUserPassword");
  const context = manages === undefined ? {} : { "rds:managemasteruserpassword": [manages] };
  const groups = [
    ["pg", text(input, "DBParameterGroupName")],
    ["og", text(input, "OptionGroupName")],
  ] as const;
  return [
    ...instance(call, things).map((access) => ({ ...access, context })),
    ...groups.flatMap(([kind, name]) =>
      name === undefined ? [] : [{ action: operation, resource: rdsArn(region, kind, name), context }],
    ),
  ];
};
const parameterGroup = on("pg", "DBParameterGroupName");
const cluster = on("cluster", "DBClusterIdentifier");
const snapshot = on("snapshot", "DBSnapshotIdentifier");
const clusterSnapshot = on("cluster-snapshot", "DBClusterSnapshotIdentifier");

/** Groups that it names have to be allowed too; of those that it takes by default IAM is not asked here. */
const restoring =
  (from: Names, made: Names): AccessesOf =>
  (call, things) => {
    const { operation, region, input } = call;
    const groups = [
      ["pg", text(input, "DBParameterGroupName")],
      ["subgrp", text(input, "DBSubnetGroupName")],
    ] as const;
    return [
      ...making(from, made)(call, things),
      ...groups.flatMap(([kind, name]) =>
        name === undefined ? [] : [{ action: operation, resource: rdsArn(region, kind, name) }],
      ),
    ];
  };

export const RDS_ACCESSES: Readonly<Record<string, AccessesOf>> = {
  DescribeDBInstances: instance,
  DescribeDBLogFiles: instance,
  DescribePendingMaintenanceActions: on("db", "ResourceIdentifier"),
  DescribeDBParameters: parameterGroup,
  ModifyDBParameterGroup: parameterGroup,
  DescribeDBClusters: cluster,
  DescribeDBSnapshots: snapshot,
  DescribeDBClusterSnapshots: clusterSnapshot,
  PromoteReadReplica: instance,
  RebootDBInstance: instance,
  ModifyDBInstance: modifying,
  DeleteDBInstance: instance,
  FailoverDBCluster: cluster,
  ModifyDBCluster: cluster,
  DeleteDBCluster: cluster,
  DeleteDBSnapshot: snapshot,
  DeleteDBClusterSnapshot: clusterSnapshot,
  AddTagsToResource: tagging,
  RemoveTagsFromResource: tagging,
  ListTagsForResource: tagging,
  CreateDBInstanceReadReplica: making(
    { kind: "db", member: "SourceDBInstanceIdentifier" },
    { kind: "db", member: "DBInstanceIdentifier" },
  ),
  CreateDBSnapshot: making(
    { kind: "db", member: "DBInstanceIdentifier" },
    { kind: "snapshot", member: "DBSnapshotIdentifier" },
  ),
  CreateDBClusterSnapshot: making(
    { kind: "cluster", member: "DBClusterIdentifier" },
    { kind: "cluster-snapshot", member: "DBClusterSnapshotIdentifier" },
  ),
  RestoreDBInstanceFromDBSnapshot: restoring(
    { kind: "snapshot", member: "DBSnapshotIdentifier" },
    { kind: "db", member: "DBInstanceIdentifier" },
  ),
  RestoreDBInstanceToPointInTime: restoring(
    { kind: "db", member: "SourceDBInstanceIdentifier" },
    { kind: "db", member: "TargetDBInstanceIdentifier" },
  ),
  CopyDBSnapshot: making(
    { kind: "snapshot", member: "SourceDBSnapshotIdentifier" },
    { kind: "snapshot", member: "TargetDBSnapshotIdentifier" },
  ),
  CopyDBClusterSnapshot: making(
    { kind: "cluster-snapshot", member: "SourceDBClusterSnapshotIdentifier" },
    { kind: "cluster-snapshot", member: "TargetDBClusterSnapshotIdentifier" },
  ),
};
