import type { Condition, Permission, Thing } from "../../ports/permission.ts";

/** Characters of a policy that STS takes with a call. */
export const LONGEST_SESSION_POLICY = 2_048;

/** All that the adapters look at, and the confirmation of a subscription, which is asked for by AWS. */
const LOOKS = [
  "application-autoscaling:DescribeScalableTargets",
  "cloudwatch:GetMetricData",
  "ec2:DescribeNetworkInterfaces",
  "ec2:DescribeSecurityGroups",
  "ecs:DescribeClusters",
  "ecs:DescribeServices",
  "ecs:DescribeTasks",
  "ecs:ListTasks",
  "elasticloadbalancing:DescribeLoadBalancers",
  "elasticloadbalancing:DescribeTargetGroups",
  "elasticloadbalancing:DescribeTargetHealth",
  "kms:DescribeKey",
  "rds:DescribeDBClusterSnapshots",
  "rds:DescribeDBClusters",
  "rds:DescribeDBInstances",
  "rds:DescribeDBSnapshots",
  "rds:DescribeEvents",
  "route53:GetChange",
  "route53:ListHostedZonesByName",
  "route53:ListResourceRecordSets",
  "sns:ConfirmSubscription",
] as const;

/** Where the role says on what: a session that looks may do no more than look. */
export const LOOKING_POLICY = JSON.stringify(policyOf([{ Effect: "Allow", Action: LOOKS, Resource: "*" }]));

/** Whose account it is, and in which partition of AWS. */
export interface Whose {
  readonly partition: string;
  readonly account: string;
}

/** `arn:aws:iam::123456789012:role/twokey-execute` → its partition and its account. */
export function whoseRole(arn: string): Whose {
  const [, partition = "aws", , , account = ""] = arn.split(":");
  return { partition, account };
}

export interface Statement {
  readonly Effect: "Allow" | "Deny";
  readonly Action: readonly string[];
  readonly Resource?: "*" | readonly string[];
  readonly NotResource?: readonly string[];
  readonly Condition?: Condition | undefined;
}

export interface PolicyDocument {
  readonly Version: "2012-10-17";
  readonly Statement: readonly Statement[];
}

/** Exactly what is permitted, for a role of that account. */
export const sessionPolicy = (permissions: readonly Permission[], whose: Whose): string =>
  JSON.stringify(policyOf(statementsOf(permissions, whose)));

interface Allowing extends Statement {
  readonly Resource: readonly string[];
}

/** What is permitted on the same terms stands together. */
export function statementsOf(permissions: readonly Permission[], whose: Whose): readonly Allowing[] {
  const statements = new Map<string, Allowing>();
  for (const { actions, on, when } of permissions) {
    const terms = JSON.stringify([actions, when ?? null]);
    const arns = on.map((thing) => arnOf(thing, whose));
    const Resource = [...new Set([...(statements.get(terms)?.Resource ?? []), ...arns])];
    statements.set(terms, { Effect: "Allow", Action: actions, Resource, ...(when && { Condition: when }) });
  }
  return [...statements.values()];
}

function arnOf({ service, region, account, resource }: Thing, whose: Whose): string {
  // What belongs to no region belongs to no account either.
  const owner = region === undefined ? "" : (account ?? whose.account);
  return `arn:${whose.partition}:${service}:${region ?? ""}:${owner}:${resource}`;
}

export function policyOf(statements: readonly Statement[]): PolicyDocument {
  return { Version: "2012-10-17", Statement: statements };
}
