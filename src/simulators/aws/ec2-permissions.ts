import { z } from "zod";
import { cidrOf, isSame, type NewRule, protocolNamed, type Rule, type Source } from "./security-rules.ts";
import { AwsError, XmlList } from "./service.ts";
import { ACCOUNT_ID } from "./specs.ts";

/** A port, or -1 for all of them. */
const Port = z.coerce.number().int().min(-1).max(65_535);
const Description = z.string().max(255).optional();

/** One permission as a call brings it: any number of sources for one protocol and range. */
export const Permission = z.strictObject({
  IpProtocol: z.string(),
  FromPort: Port.default(-1),
  ToPort: Port.default(-1),
  IpRanges: z.array(z.strictObject({ CidrIp: z.string(), Description })).default([]),
  Ipv6Ranges: z.array(z.strictObject({ CidrIpv6: z.string(), Description })).default([]),
  PrefixListIds: z.array(z.strictObject({ PrefixListId: z.string(), Description })).default([]),
  // The SDK writes the list of UserIdGroupPairs under its EC2 query name.
  Groups: z
    .array(
      z.strictObject({
        GroupId: z.string(),
        UserId: z.string().optional(),
        Description,
        VpcId: z.string().optional(),
        VpcPeeringConnectionId: z.string().optional(),
        PeeringStatus: z.string().optional(),
      }),
    )
    .default([]),
});
type Permission = z.infer<typeof Permission>;

/** One rule a source. Throws InvalidParameterValue for a block that is none, and for a rule that is there twice. */
export function rulesOf(permissions: readonly Permission[]): NewRule[] {
  const rules = permissions.flatMap((permission) => {
    const protocol = protocolNamed(permission.IpProtocol);
    // All protocols mean all ports, whatever the call says.
    const [fromPort, toPort] = protocol === "-1" ? [-1, -1] : [permission.FromPort, permission.ToPort];
    const sources = sourcesOf(permission);
    if (sources.length === 0) throw new AwsError("InvalidParameterValue", "A permission needs a source");
    return sources.map(
      ({ source, description }): NewRule => ({
        ...{ protocol, fromPort, toPort, source, description },
      }),
    );
  });
  if (rules.some((rule, at) => rules.slice(at + 1).some(isSame(rule))))
    throw new AwsError("InvalidParameterValue", "The same permission must not appear multiple times");
  return rules;
}

interface Described {
  readonly source: Source;
  readonly description: string | undefined;
}

function sourcesOf({ IpRanges, Ipv6Ranges, PrefixListIds, Groups }: Permission): Described[] {
  return [
    ...IpRanges.map(({ CidrIp, Description: description }) => ({ source: block(4, CidrIp), description })),
    ...Ipv6Ranges.map(({ CidrIpv6, Description: description }) => ({ source: block(6, CidrIpv6), description })),
    ...PrefixListIds.map(({ PrefixListId: id, Description: description }): Described => {
      return { source: { kind: "prefix-list", id }, description };
    }),
    ...Groups.map(
      ({ GroupId: id, UserId: account = ACCOUNT_ID, VpcId, VpcPeeringConnectionId, Description: description }) => {
        const isPeered = VpcId !== undefined && VpcPeeringConnectionId !== undefined;
        const peering = isPeered ? { vpc: VpcId, connection: VpcPeeringConnectionId } : undefined;
        return { source: { kind: "group", id, account, peering } satisfies Source, description };
      },
    ),
  ];
}

function block(family: 4 | 6, text: string): Source {
  const cidr = cidrOf(family, text);
  if (cidr === undefined) throw new AwsError("InvalidParameterValue", `CIDR block ${text} is malformed`);
  return { kind: family === 4 ? "ipv4" : "ipv6", cidr };
}

/** The rules of a group as DescribeSecurityGroups shows them: one permission a protocol and range. */
export function permissionsOf(rules: readonly Rule[]): XmlList {
  const ranges = new Map<string, Rule[]>();
  for (const rule of rules) {
    const range = `${rule.protocol} ${rule.fromPort} ${rule.toPort}`;
    ranges.set(range, [...(ranges.get(range) ?? []), rule]);
  }
  return new XmlList("item", [...ranges.values()].map(permissionView));
}

function permissionView(rules: readonly Rule[]) {
  const [first] = rules;
  const views = (kind: Source["kind"]) =>
    new XmlList(
      "item",
      rules
        .filter(({ source }) => source.kind === kind)
        .map(({ source, description }) => ({ ...sourceView(source), description })),
    );
  return {
    ipProtocol: first?.protocol,
    ...(first?.protocol === "-1" ? {} : { fromPort: first?.fromPort, toPort: first?.toPort }),
    groups: views("group"),
    ipRanges: views("ipv4"),
    ipv6Ranges: views("ipv6"),
    prefixListIds: views("prefix-list"),
  };
}

function sourceView(source: Source) {
  switch (source.kind) {
    case "ipv4":
      return { cidrIp: source.cidr };
    case "ipv6":
      return { cidrIpv6: source.cidr };
    case "prefix-list":
      return { prefixListId: source.id };
    case "group":
      return { userId: source.account, groupId: source.id, ...peeringView(source) };
  }
}

function peeringView({ peering }: Extract<Source, { kind: "group" }>) {
  return peering ? { vpcId: peering.vpc, vpcPeeringConnectionId: peering.connection, peeringStatus: "active" } : {};
}

/** One rule a line, as DescribeSecurityGroupRules and the answers of changes show it. */
export function rulesView(group: string, rules: readonly Rule[]): XmlList {
  return new XmlList(
    "item",
    rules.map(({ id, protocol, fromPort, toPort, source, description }) => ({
      ...{ securityGroupRuleId: id, groupId: group, groupOwnerId: ACCOUNT_ID, isEgress: false },
      ...{ ipProtocol: protocol, fromPort, toPort, description, ...referenceView(source) },
    })),
  );
}

function referenceView(source: Source) {
  switch (source.kind) {
    case "ipv4":
      return { cidrIpv4: source.cidr };
    case "ipv6":
      return { cidrIpv6: source.cidr };
    case "prefix-list":
      return { prefixListId: source.id };
    case "group":
      return { referencedGroupInfo: { userId: source.account, groupId: source.id, ...peeringView(source) } };
  }
}
