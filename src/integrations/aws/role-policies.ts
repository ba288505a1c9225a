import type { Region } from "../../domain/service/region.ts";
import type { Permission } from "../../ports/permission.ts";
import { type PolicyDocument, policyOf, type Statement, statementsOf, type Whose } from "./session-policy.ts";

/** What the roles of one account are for. */
export interface RoleWish {
  readonly whose: Whose;
  readonly permitted: readonly Permission[];
  /** Regions of the services, and that of TwoKey itself. */
  readonly regions: readonly Region[];
  /** ARNs of the topics whose subscription is confirmed. */
  readonly topics: readonly string[];
  /** How the snapshots are called that may be deleted, and the tag that they carry. */
  readonly copies: { readonly names: string; readonly tag: string };
}

/** What no role of TwoKey may do, whatever else allows it (W29): a token for one thing must not be able to end another one. */
const NEVER = [
  ...["backup:Delete*", "dynamodb:Delete*", "ec2:Delete*", "ec2:Terminate*", "ecs:Delete*", "glacier:Delete*"],
  ...[
    "iam:*",
    "kms:Disable*",
    "kms:ScheduleKeyDeletion",
    "organizations:*",
    "rds:ModifyDBCluster",
    "rds:ModifyDBInstance",
  ],
  ...["rds:RemoveFromGlobalCluster", "route53:Delete*", "s3:Delete*", "s3:PutBucketLifecycle*"],
] as const;

/** What runs assume a role for, beside looking: each step gets a part of it. It deletes nothing. */
export const executePolicy = (wish: RoleWish): PolicyDocument =>
  policyOf([...statementsOf(wish.permitted, wish.whose), never([...NEVER, "rds:Delete*"]), noLaterMark(wish)]);

/** What every role needs that looks. */
export const observePolicy = (wish: RoleWish): PolicyDocument =>
  policyOf([...looks(wish), never([...NEVER, "rds:Delete*"])]);

/** The role that deletes copies of snapshots again: those that TwoKey made, and nothing else. */
export function deletePolicy(wish: RoleWish): PolicyDocument {
  const { copies, regions, whose } = wish;
  const shelves = regions.flatMap((region) => snapshotArns(whose, region, copies.names));
  return policyOf([
    { Effect: "Allow", Action: DESCRIBE_SNAPSHOTS, Resource: anySnapshot(wish) },
    {
      Effect: "Allow",
      Action: ["rds:DeleteDBSnapshot", "rds:DeleteDBClusterSnapshot"],
      Resource: shelves,
      Condition: { StringEquals: { [`aws:ResourceTag/${copies.tag}`]: ["true"] } },
    },
    never([...NEVER, "rds:AddTagsToResource", "rds:DeleteDBCluster", "rds:DeleteDBInstance"]),
    { Effect: "Deny", Action: ["rds:Delete*"], NotResource: shelves },
  ]);
}

const never = (Action: readonly string[]): Statement => ({ Effect: "Deny", Action, Resource: "*" });

/**
 * RDS asks for the same permission when something is made with a tag as when a tag is added later, and tells the two apart by
 * nothing. The name does: it is given when a snapshot is made, and nobody can change it.
 */
function noLaterMark({ copies, regions, whose }: RoleWish): Statement {
  return {
    Effect: "Deny",
    Action: ["rds:AddTagsToResource"],
    NotResource: regions.flatMap((region) => snapshotArns(whose, region, copies.names)),
    Condition: { "ForAnyValue:StringEquals": { "aws:TagKeys": [copies.tag] } },
  };
}

const DESCRIBE_SNAPSHOTS = ["rds:DescribeDBSnapshots", "rds:DescribeDBClusterSnapshots"] as const;
const KINDS_OF_SNAPSHOTS = ["snapshot", "cluster-snapshot"] as const;

const snapshotArns = ({ partition, account }: Whose, region: Region, names: string): readonly string[] =>
  KINDS_OF_SNAPSHOTS.map((kind) => `arn:${partition}:rds:${region}:${account}:${kind}:${names}`);

const anySnapshot = ({ regions, whose }: RoleWish): readonly string[] =>
  regions.flatMap((region) => snapshotArns(whose, region, "*"));

/** By name, where AWS lets a policy name it; otherwise in these regions alone. */
function looks(wish: RoleWish): readonly Statement[] {
  const { whose, regions, topics } = wish;
  const everywhere = (service: string, resource: string) =>
    regions.map((region) => `arn:${whose.partition}:${service}:${region}:${whose.account}:${resource}`);
  const of = (service: string) => [
    ...new Set(
      statementsOf(wish.permitted, whose)
        .flatMap(({ Resource = [] }) => Resource)
        .filter((arn) => arn.split(":")[2] === service),
    ),
  ];
  const clusters = of("ecs").map((arn) => arn.replace(/:service\/([^/]+)\/.*$/, ":cluster/$1"));
  const allow = (Action: readonly string[], Resource: readonly string[] | "*", Condition?: Statement["Condition"]) =>
    Resource.length === 0 ? [] : [{ Effect: "Allow" as const, Action, Resource, ...(Condition && { Condition }) }];
  return [
    ...allow(WITHOUT_RESOURCE, "*", { StringEquals: { "aws:RequestedRegion": regions } }),
    ...allow(
      ["rds:DescribeDBInstances", "rds:DescribeDBClusters", ...DESCRIBE_SNAPSHOTS],
      [...everywhere("rds", "db:*"), ...everywhere("rds", "cluster:*"), ...anySnapshot(wish)],
    ),
    ...allow(["ecs:DescribeServices"], of("ecs")),
    ...allow(["ecs:DescribeClusters"], [...new Set(clusters)]),
    ...(clusters.length === 0
      ? []
      : allow(["ecs:ListTasks", "ecs:DescribeTasks"], "*", { ArnLike: { "ecs:cluster": [...new Set(clusters)] } })),
    ...allow(["kms:DescribeKey"], everywhere("kms", "key/*")),
    ...allow(["route53:ListHostedZonesByName"], "*"),
    ...allow(["route53:ListResourceRecordSets"], of("route53")),
    ...allow(["route53:GetChange"], [`arn:${whose.partition}:route53:::change/*`]),
    ...allow(["sns:ConfirmSubscription"], topics),
  ];
}

const WITHOUT_RESOURCE = [
  "application-autoscaling:DescribeScalableTargets",
  "cloudwatch:GetMetricData",
  "ec2:DescribeNetworkInterfaces",
  "ec2:DescribeSecurityGroups",
  "elasticloadbalancing:DescribeLoadBalancers",
  "elasticloadbalancing:DescribeTargetGroups",
  "elasticloadbalancing:DescribeTargetHealth",
  "rds:DescribeEvents",
] as const;
