import { z } from "zod";
import type { World } from "../world/world.ts";
import type { NetworkAccess } from "./database-network.ts";
import { Permission, permissionsOf, rulesOf, rulesView } from "./ec2-permissions.ts";
import { Ec2Spec, type Ec2SpecInput } from "./ec2-spec.ts";
import { DescribeInterfaces, describeInterfaces } from "./network-interfaces.ts";
import { page } from "./paging.ts";
import { refusedInput } from "./refused-input.ts";
import { type SecurityGroup, SecurityGroups } from "./security-groups.ts";
import type { NewRule, Rule } from "./security-rules.ts";
import { type AwsCall, AwsError, type AwsService, XmlList } from "./service.ts";
import { ACCOUNT_ID } from "./specs.ts";
import { createSubnets, type Subnets } from "./subnets.ts";

export interface Ec2 {
  readonly service: AwsService;
  readonly network: NetworkAccess;
  /** Network of a security group; undefined where there is none. */
  readonly vpcOf: (region: string, group: string) => string | undefined;
  readonly subnets: Pick<Subnets, "attach">;
}

/** Simulated security groups, the part of EC2 that fences a database. Logs `ec2.rules-enforced`. */
export function createEc2(world: World, input: Ec2SpecInput): Ec2 {
  const spec = Ec2Spec.parse(input);
  const groups = new SecurityGroups(world, spec);
  const subnets = createSubnets(world, spec.subnets);
  return {
    network: groups,
    vpcOf: (region, group) => groups.vpcOf(region, group),
    subnets,
    service: {
      name: "ec2",
      protocol: "ec2",
      namespace: "http://ec2.amazonaws.com/doc/2016-11-15/",
      operations: {
        DescribeSecurityGroups: { mutates: false, handle: (call) => describe(groups, call) },
        DescribeSecurityGroupRules: { mutates: false, handle: (call) => describeRules(groups, call) },
        DescribeNetworkInterfaces: {
          mutates: false,
          handle: (call) =>
            describeInterfaces(
              [...spec.networkInterfaces, ...groups.interfaces()],
              call,
              parse(DescribeInterfaces, call),
            ),
        },
        DescribeSubnets: { mutates: false, handle: subnets.describe },
        RevokeSecurityGroupIngress: { mutates: true, handle: (call) => revoke(groups, call) },
        AuthorizeSecurityGroupIngress: { mutates: true, handle: (call) => authorize(groups, call) },
      },
    },
  };
}

const DryRun = z.stringbool().default(false);

const Authorize = z.strictObject({
  GroupId: z.string(),
  IpPermissions: z.array(Permission).min(1),
  DryRun,
});

/** By exact permission, or by the ids of rules. */
const Revoke = z
  .strictObject({
    GroupId: z.string(),
    IpPermissions: z.array(Permission).min(1).optional(),
    SecurityGroupRuleId: z.array(z.string()).min(1).optional(),
    DryRun,
  })
  .refine(
    ({ IpPermissions, SecurityGroupRuleId }) => (IpPermissions === undefined) !== (SecurityGroupRuleId === undefined),
    {
      error: "Either permissions or ids of rules",
    },
  );

const Filter = <Name extends string>(names: readonly [Name, ...Name[]]) =>
  z.array(z.strictObject({ Name: z.enum(names), Value: z.array(z.string()) })).default([]);
const Paging = {
  MaxResults: z.coerce.number().int().min(5).max(1_000).default(1_000),
  NextToken: z.string().optional(),
};

const Describe = z.strictObject({
  GroupId: z.array(z.string()).optional(),
  Filter: Filter(["group-id", "vpc-id"]),
  ...Paging,
});

const DescribeRules = z.strictObject({ Filter: Filter(["group-id", "security-group-rule-id"]), ...Paging });

function authorize(groups: SecurityGroups, call: AwsCall) {
  const wanted = parse(Authorize, call);
  const group = groups.require(call.region, wanted.GroupId);
  const rules = rulesOf(wanted.IpPermissions);
  refuseDryRun(wanted);
  return { return: true, securityGroupRuleSet: rulesView(group.id, groups.authorize(group, rules)) };
}

function revoke(groups: SecurityGroups, call: AwsCall) {
  const wanted = parse(Revoke, call);
  const group = groups.require(call.region, wanted.GroupId);
  const rules: NewRule[] = rulesOf(wanted.IpPermissions ?? []);
  refuseDryRun(wanted);
  const ids = wanted.SecurityGroupRuleId;
  const revoked = ids ? groups.revokeById(group, ids) : groups.revoke(group, rules);
  return { return: true, revokedSecurityGroupRuleSet: rulesView(group.id, revoked) };
}

function refuseDryRun(wanted: { readonly DryRun: boolean }): void {
  if (wanted.DryRun)
    throw new AwsError("DryRunOperation", "Request would have succeeded, but DryRun flag is set.", 412);
}

function describe(groups: SecurityGroups, call: AwsCall) {
  const wanted = parse(Describe, call);
  for (const id of wanted.GroupId ?? []) groups.require(call.region, id);
  const found = groups
    .in(call.region)
    .filter(({ id }) => wanted.GroupId?.includes(id) ?? true)
    .filter(({ id, vpcId }) =>
      wanted.Filter.every(({ Name, Value }) => Value.includes(Name === "group-id" ? id : vpcId)),
    );
  const { entries, marker } = page(found, ({ id }) => id, { size: wanted.MaxResults, marker: wanted.NextToken });
  return {
    securityGroupInfo: new XmlList(
      "item",
      entries.map((group) => view(group, groups.shown(group))),
    ),
    nextToken: marker,
  };
}

function describeRules(groups: SecurityGroups, call: AwsCall) {
  const wanted = parse(DescribeRules, call);
  const found = groups
    .in(call.region)
    .flatMap((group) => groups.shown(group).map((rule) => ({ group, rule })))
    .filter(({ group, rule }) =>
      wanted.Filter.every(({ Name, Value }) => Value.includes(Name === "group-id" ? group.id : rule.id)),
    );
  const { entries, marker } = page(found, ({ rule }) => rule.id, {
    ...{ size: wanted.MaxResults, marker: wanted.NextToken },
  });
  const views = entries.flatMap(({ group, rule }) => rulesView(group.id, [rule]).entries);
  return { securityGroupRuleSet: new XmlList("item", views), nextToken: marker };
}

function view({ id, name, vpcId }: SecurityGroup, rules: readonly Rule[]) {
  return {
    ...{ ownerId: ACCOUNT_ID, groupId: id, groupName: name, groupDescription: name, vpcId },
    ipPermissions: permissionsOf(rules),
    ipPermissionsEgress: new XmlList("item", []),
  };
}

/** EC2's own name for parameters that do not fit. */
function parse<T>(schema: z.ZodType<T>, { input }: AwsCall): T {
  const parsed = schema.safeParse(input);
  if (!parsed.success) throw refusedInput(parsed.error, input, "InvalidParameterValue");
  return parsed.data;
}
