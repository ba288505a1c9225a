import type { Permission, Thing } from "../../ports/permission.ts";

/** Characters of a policy that STS takes with a call. */
export const LONGEST_SESSION_POLICY = 2_048;

/** All that the adapters look at, and the confirmation of a subscription, which is asked for by AWS. */
const LOOKS = [
  "application-autoscaling:DescribeScalableTargets",
  "cloudwatch:GetMetricData",
  "ec2:DescribeSecurityGroups",
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
export const LOOKING_POLICY = policyOf([{ Action: LOOKS, Resource: "*" }]);

interface Whose {
  readonly partition: string;
  readonly account: string;
}

/** `arn:aws:iam::123456789012:role/twokey-execute` → its partition and its account. */
export function whoseRole(arn: string): Whose {
  const [, partition = "aws", , , account = ""] = arn.split(":");
  return { partition, account };
}

/** Exactly what is permitted, for a role of that account. What is permitted on the same terms stands together. */
export function sessionPolicy(permissions: readonly Permission[], whose: Whose): string {
  const statements = new Map<string, Statement & { readonly Resource: string[] }>();
  for (const { actions, on, when } of permissions) {
    const terms = JSON.stringify([actions, when ?? null]);
    const same = statements.get(terms);
    const arns = on.map((thing) => arnOf(thing, whose));
    const Resource = [...new Set([...(same?.Resource ?? []), ...arns])];
    statements.set(terms, { Action: actions, Resource, ...(when && { Condition: when }) });
  }
  return policyOf([...statements.values()]);
}

function arnOf({ service, region, account, resource }: Thing, whose: Whose): string {
  // What belongs to no region belongs to no account either.
  const owner = region === undefined ? "" : (account ?? whose.account);
  return `arn:${whose.partition}:${service}:${region ?? ""}:${owner}:${resource}`;
}

interface Statement {
  readonly Action: readonly string[];
  readonly Resource: string | readonly string[];
  readonly Condition?: Permission["when"];
}

function policyOf(statements: readonly Statement[]): string {
  return JSON.stringify({
    Version: "2012-10-17",
    Statement: statements.map((statement) => ({ Effect: "Allow", ...statement })),
  });
}
