import type { Region } from "../../domain/service/region.ts";
import type { Look, Permission } from "../../ports/permission.ts";
import {
  arnOf,
  ON_TOPICS,
  type PolicyDocument,
  policyOf,
  type Statement,
  statementsOf,
  type Whose,
} from "./session-policy.ts";

/** What the roles of one account are for. */
export interface RoleWish {
  readonly whose: Whose;
  readonly permitted: readonly Permission[];
  readonly looks: readonly Look[];
  /** Regions of the services, and that of TwoKey itself. */
  readonly regions: readonly Region[];
  /** ARNs of the topics whose subscription is confirmed. */
  readonly topics: readonly string[];
  /** How copies of snapshots are called, which may be deleted, and the tag that they carry. Originals are called otherwise. */
  readonly copies: { readonly names: string; readonly tag: string };
}

/**
 * What no role of TwoKey may do, whatever else allows it: a token for one thing must not be able to end another one. By the names
 * of IAM's actions, which are not always those of the calls: a rule by which S3 deletes objects comes by PutBucketLifecycleConfiguration.
 */
const NEVER = [
  ...[
    "backup:Delete*",
    "backup:UpdateRecoveryPointLifecycle",
    "dynamodb:Delete*",
    "ec2:Delete*",
    "ec2:Terminate*",
    "ecs:Delete*",
    "glacier:Delete*",
  ],
  ...["iam:*", "kms:Disable*", "kms:ScheduleKeyDeletion", "organizations:*", "rds:ModifyDBCluster"],
  ...["rds:RemoveFromGlobalCluster", "route53:Delete*", "s3:Delete*", "s3:PutLifecycleConfiguration"],
] as const;

/** What runs assume a role for, beside looking: each step gets a part of it. It deletes nothing. */
export const executePolicy = (wish: RoleWish): PolicyDocument =>
  policyOf([...statementsOf(wish.permitted, wish.whose), never([...NEVER, "rds:Delete*"]), noLaterMark(wish)]);

/** Characters of one managed policy, and how many of them one session may have. */
const LONGEST_MANAGED = 6_144;
const MOST_MANAGED = 10;

/**
 * What limits sessions of these services where a step's own policy is longer than STS takes: exactly what their steps may do, in
 * as few managed policies as hold it. Undefined where that is more than a session may have.
 */
export function managedPolicies({ permitted, whose }: RoleWish): readonly PolicyDocument[] | undefined {
  const filled: Statement[][] = [];
  const fits = (statements: readonly Statement[]) => JSON.stringify(policyOf(statements)).length <= LONGEST_MANAGED;
  for (const statement of statementsOf(permitted, whose)) {
    const last = filled.at(-1);
    if (last && fits([...last, statement])) last.push(statement);
    else filled.push([statement]);
  }
  return filled.length <= MOST_MANAGED && filled.every(fits) ? filled.map((each) => policyOf(each)) : undefined;
}

/** What every role needs that looks, the one that runs assume among them. */
export const observePolicy = (wish: RoleWish): PolicyDocument =>
  policyOf([...looks(wish), never([...NEVER, "rds:Delete*"]), onlyOwnModified(wish)]);

const MODIFY = "rds:ModifyDBInstance";

/** Who may modify a database may also reset its password: whatever allows it, that is for the databases that a step modifies, or for none. */
function onlyOwnModified({ permitted, whose }: RoleWish): Statement {
  const own = statementsOf(
    permitted.filter(({ actions }) => actions.includes(MODIFY)),
    whose,
  ).flatMap(({ Resource }) => Resource);
  return own.length === 0 ? never([MODIFY]) : { Effect: "Deny", Action: [MODIFY], NotResource: own };
}

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
    never([...NEVER, MODIFY, "rds:AddTagsToResource", "rds:DeleteDBCluster", "rds:DeleteDBInstance"]),
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
function looks({ whose, looks: all, topics }: RoleWish): readonly Statement[] {
  const unnamed = all.filter(({ on }) => on === undefined);
  const inRegions = unnamed.filter(({ regions }) => regions !== undefined);
  const called = { "aws:RequestedRegion": unique(inRegions.flatMap(({ regions = [] }) => regions)) };
  const topical = topics.length === 0 ? [] : topicsAnd(topics);
  return [
    ...allowed(inRegions, "*", { StringEquals: called }),
    ...named(all, whose),
    ...allowed(
      unnamed.filter(({ regions }) => regions === undefined),
      "*",
    ),
    ...topical,
  ];
}

/** Alarms tell topics of their own region. Whoever may not describe all alarms of it is told of no composite one. */
function topicsAnd(topics: readonly string[]): readonly Statement[] {
  const called = { "aws:RequestedRegion": unique(topics.map((arn) => arn.split(":")[3] ?? "")) };
  return [allow(ON_TOPICS, topics), allow(["cloudwatch:DescribeAlarms"], "*", { StringEquals: called })];
}

/** What several resources are looked at with stands together. */
function named(all: readonly Look[], whose: Whose): readonly Statement[] {
  const terms = new Map<string, { readonly look: Look; readonly arns: readonly string[] }>();
  for (const look of all) {
    if (look.on === undefined) continue;
    const term = JSON.stringify([look.actions, look.by]);
    const arns = [...(terms.get(term)?.arns ?? []), ...look.on.map((thing) => arnOf(thing, whose))];
    terms.set(term, { look, arns: unique(arns) });
  }
  return [...terms.values()].flatMap(({ look: { actions, by }, arns }) => {
    if (arns.length === 0) return [];
    return [by === undefined ? allow(actions, arns) : allow(actions, "*", { ArnLike: { [by]: arns } })];
  });
}

function allowed(
  looks: readonly Look[],
  Resource: Statement["Resource"],
  Condition?: Statement["Condition"],
): readonly Statement[] {
  const actions = unique(looks.flatMap((look) => look.actions)).toSorted();
  return actions.length === 0 ? [] : [allow(actions, Resource, Condition)];
}

const allow = (
  Action: readonly string[],
  Resource: Statement["Resource"],
  Condition?: Statement["Condition"],
): Statement => ({ Effect: "Allow", Action, ...(Resource && { Resource }), ...(Condition && { Condition }) });

const unique = (texts: readonly string[]): readonly string[] => [...new Set(texts)];
