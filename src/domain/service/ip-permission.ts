import type { FirewallRule, RuleSource } from "./firewall.ts";

/** A rule as EC2 takes it: `IpPermission` of the calls, and of `--ip-permissions` of the CLI. */
export function ipPermissionOf({ protocol, fromPort, toPort, source, description }: FirewallRule) {
  const described = description === undefined ? {} : { Description: description };
  return {
    IpProtocol: protocol,
    ...(fromPort !== undefined && { FromPort: fromPort }),
    ...(toPort !== undefined && { ToPort: toPort }),
    ...sourceOf(source, described),
  };
}

/** Empty lists are left out: EC2 takes them for malformed. */
function sourceOf(source: RuleSource, described: { readonly Description?: string }) {
  switch (source.kind) {
    case "ipv4":
      return { IpRanges: [{ CidrIp: source.cidr, ...described }] };
    case "ipv6":
      return { Ipv6Ranges: [{ CidrIpv6: source.cidr, ...described }] };
    case "prefix-list":
      return { PrefixListIds: [{ PrefixListId: source.id, ...described }] };
    case "group": {
      const { id: GroupId, account, peering } = source;
      const peered = peering && { VpcId: peering.vpc, VpcPeeringConnectionId: peering.connection };
      // A group of another account is found by its account only.
      return {
        UserIdGroupPairs: [{ GroupId, ...(account !== undefined && { UserId: account }), ...peered, ...described }],
      };
    }
  }
}
