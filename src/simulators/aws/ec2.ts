import { z } from "zod";
import type { World } from "../world/world.ts";
import type { NetworkAccess } from "./database-fleet.ts";
import { page } from "./paging.ts";
import { type Rule, type SecurityGroup, SecurityGroups } from "./security-groups.ts";
import { type AwsCall, AwsError, type AwsService, XmlList } from "./service.ts";
import { ACCOUNT_ID, Ec2Spec, type Ec2SpecInput } from "./specs.ts";

export interface Ec2 {
  readonly service: AwsService;
  readonly network: NetworkAccess;
}

/** Simulated security groups, the part of EC2 that fences a database. Logs `ec2.rules-enforced`. */
export function createEc2(world: World, input: Ec2SpecInput): Ec2 {
  const groups = new SecurityGroups(world, Ec2Spec.parse(input));
  return {
    network: groups,
    service: {
      name: "ec2",
      protocol: "ec2",
      namespace: "http://ec2.amazonaws.com/doc/2016-11-15/",
      operations: {
        DescribeSecurityGroups: { mutates: false, handle: (call) => describe(groups, call) },
        RevokeSecurityGroupIngress: {
          mutates: true,
          handle: (call) => change(call, groups, (group, rules) => groups.revoke(group, rules)),
        },
        AuthorizeSecurityGroupIngress: {
          mutates: true,
          handle: (call) => change(call, groups, (group, rules) => groups.authorize(group, rules)),
        },
      },
    },
  };
}

/** A port, or -1 for all of them. */
const Port = z.coerce.number().int().min(-1).max(65_535);

const Permission = z.strictObject({
  IpProtocol: z.string(),
  FromPort: Port.default(-1),
  ToPort: Port.default(-1),
  IpRanges: z.array(z.strictObject({ CidrIp: z.string(), Description: z.string().optional() })).default([]),
  // The SDK writes the list of UserIdGroupPairs under its EC2 query name.
  Groups: z
    .array(
      z.strictObject({
        GroupId: z.string(),
        UserId: z.string().optional(),
        Description: z.string().optional(),
        VpcId: z.string().optional(),
      }),
    )
    .default([]),
});

const Change = z.strictObject({ GroupId: z.string(), IpPermissions: z.array(Permission).min(1) });

const Describe = z.strictObject({
  GroupId: z.array(z.string()).optional(),
  Filter: z.array(z.strictObject({ Name: z.enum(["group-id", "vpc-id"]), Value: z.array(z.string()) })).default([]),
  MaxResults: z.coerce.number().int().min(5).max(1_000).default(1_000),
  NextToken: z.string().optional(),
});

function change(call: AwsCall, groups: SecurityGroups, apply: (group: SecurityGroup, rules: Rule[]) => void) {
  const wanted = parse(Change, call);
  const rules = wanted.IpPermissions.flatMap(({ IpProtocol: protocol, FromPort: fromPort, ToPort: toPort, ...from }) =>
    [...from.IpRanges.map(({ CidrIp }) => CidrIp), ...from.Groups.map(({ GroupId }) => GroupId)].map(
      (source): Rule => ({ protocol, fromPort, toPort, source }),
    ),
  );
  if (rules.length === 0) throw new AwsError("InvalidParameterValue", "A permission needs a source");
  apply(groups.require(call.region, wanted.GroupId), rules);
  return { return: true };
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
  return { securityGroupInfo: new XmlList("item", entries.map(view)), nextToken: marker };
}

function view({ id, name, vpcId, rules }: SecurityGroup) {
  const ranges = new Map<string, Rule[]>();
  for (const rule of rules) {
    const range = `${rule.protocol} ${rule.fromPort} ${rule.toPort}`;
    ranges.set(range, [...(ranges.get(range) ?? []), rule]);
  }
  return {
    ownerId: ACCOUNT_ID,
    groupId: id,
    groupName: name,
    groupDescription: name,
    vpcId,
    ipPermissions: new XmlList("item", [...ranges.values()].map(permissionView)),
    ipPermissionsEgress: new XmlList("item", []),
  };
}

function permissionView(rules: readonly Rule[]) {
  const [first] = rules;
  const isGroup = ({ source }: Rule) => source.startsWith("sg-");
  return {
    ipProtocol: first?.protocol,
    ...(first?.protocol === "-1" ? {} : { fromPort: first?.fromPort, toPort: first?.toPort }),
    groups: new XmlList(
      "item",
      rules.filter(isGroup).map(({ source }) => ({ userId: ACCOUNT_ID, groupId: source })),
    ),
    ipRanges: new XmlList(
      "item",
      rules.filter((rule) => !isGroup(rule)).map(({ source }) => ({ cidrIp: source })),
    ),
    ipv6Ranges: new XmlList("item", []),
    prefixListIds: new XmlList("item", []),
  };
}

/** EC2's own name for parameters that do not fit. */
function parse<T>(schema: z.ZodType<T>, { input }: AwsCall): T {
  const parsed = schema.safeParse(input);
  if (!parsed.success) throw new AwsError("InvalidParameterValue", z.prettifyError(parsed.error));
  return parsed.data;
}
