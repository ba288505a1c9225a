import {
  AuthorizeSecurityGroupIngressCommand,
  DescribeSecurityGroupsCommand,
  type IpPermission,
  RevokeSecurityGroupIngressCommand,
} from "@aws-sdk/client-ec2";
import { z } from "zod";
import type { FirewallRule } from "../../domain/service/observed.ts";
import type { Firewall } from "../../ports/firewall.ts";
import type { Caller, SendOptions } from "./caller.ts";
import type { Clients } from "./clients.ts";
import { CallFailed } from "./errors.ts";

const API = "ec2";

const Permission = z.object({
  IpProtocol: z.string(),
  FromPort: z.number().optional(),
  ToPort: z.number().optional(),
  IpRanges: z.array(z.object({ CidrIp: z.string() })).default([]),
  Ipv6Ranges: z.array(z.object({ CidrIpv6: z.string() })).default([]),
  UserIdGroupPairs: z.array(z.object({ GroupId: z.string() })).default([]),
  PrefixListIds: z.array(z.object({ PrefixListId: z.string() })).default([]),
});
const SecurityGroups = z.tuple([z.object({ IpPermissions: z.array(Permission).default([]) })]);

/** Ingress rules of a security group. Descriptions of rules are not kept. */
export function awsFirewall(caller: Caller, clients: Clients): Firewall {
  const change = (verb: Verb): Firewall["close"] => {
    return ({ region, securityGroup, rules }, signal) => {
      const send = (IpPermissions: IpPermission[]) => (acting: Clients, options: SendOptions) =>
        COMMANDS[verb](acting.ec2.in(region), { GroupId: securityGroup, IpPermissions }, options);
      const ask = { api: API, region, doing: `${verb} ingress rules of ${securityGroup}`, signal };
      return caller.act((requestIds) => allOrEach(rules, (some) => caller.write(ask, requestIds, send(some))));
    };
  };
  return {
    rules: (region, securityGroup, signal) =>
      caller.known(async () => {
        const ask = { api: API, region, doing: `describe ${securityGroup}`, signal };
        const answer = await caller.read(ask, (options) =>
          clients.ec2.in(region).send(new DescribeSecurityGroupsCommand({ GroupIds: [securityGroup] }), options),
        );
        return SecurityGroups.parse(answer.SecurityGroups)[0].IpPermissions.map(ruleOf);
      }),
    close: change("revoke"),
    open: change("authorize"),
  };
}

type Verb = "revoke" | "authorize";
type Client = ReturnType<Clients["ec2"]["in"]>;
type Change = { GroupId: string; IpPermissions: IpPermission[] };

const COMMANDS = {
  revoke: (client: Client, change: Change, options: SendOptions) =>
    client.send(new RevokeSecurityGroupIngressCommand(change), options),
  authorize: (client: Client, change: Change, options: SendOptions) =>
    client.send(new AuthorizeSecurityGroupIngressCommand(change), options),
};

/** EC2 refuses the whole call when one rule is already as wanted; then the sources go one by one. */
async function allOrEach(
  rules: readonly FirewallRule[],
  send: (permissions: IpPermission[]) => Promise<unknown>,
): Promise<object> {
  if (rules.length === 0 || (await unlessDone(() => send(rules.map(permissionOf))))) return {};
  for (const rule of rules.flatMap(bySource)) await unlessDone(() => send([permissionOf(rule)]));
  return {};
}

/** False where EC2 said that it is so already. */
async function unlessDone(send: () => Promise<unknown>): Promise<boolean> {
  try {
    await send();
    return true;
  } catch (error) {
    if (error instanceof CallFailed && error.failure.kind === "alreadyDone") return false;
    throw error;
  }
}

function ruleOf(permission: z.infer<typeof Permission>): FirewallRule {
  const prefixLists = permission.PrefixListIds.map(({ PrefixListId }) => PrefixListId);
  return {
    protocol: permission.IpProtocol,
    fromPort: permission.FromPort,
    toPort: permission.ToPort,
    cidrs: permission.IpRanges.map(({ CidrIp }) => CidrIp),
    ipv6Cidrs: permission.Ipv6Ranges.map(({ CidrIpv6 }) => CidrIpv6),
    groups: permission.UserIdGroupPairs.map(({ GroupId }) => GroupId),
    ...(prefixLists.length > 0 && { prefixLists }),
  };
}

/** Empty lists are left out: EC2 takes them for malformed. */
function permissionOf({ protocol, fromPort, toPort, cidrs, ipv6Cidrs, groups, prefixLists = [] }: FirewallRule) {
  return {
    IpProtocol: protocol,
    ...(fromPort !== undefined && { FromPort: fromPort }),
    ...(toPort !== undefined && { ToPort: toPort }),
    ...(cidrs.length > 0 && { IpRanges: cidrs.map((CidrIp) => ({ CidrIp })) }),
    ...(ipv6Cidrs.length > 0 && { Ipv6Ranges: ipv6Cidrs.map((CidrIpv6) => ({ CidrIpv6 })) }),
    ...(groups.length > 0 && { UserIdGroupPairs: groups.map((GroupId) => ({ GroupId })) }),
    ...(prefixLists.length > 0 && { PrefixListIds: prefixLists.map((PrefixListId) => ({ PrefixListId })) }),
  } satisfies IpPermission;
}

function bySource(rule: FirewallRule): FirewallRule[] {
  const { protocol, fromPort, toPort } = rule;
  const none = { protocol, fromPort, toPort, cidrs: [], ipv6Cidrs: [], groups: [] };
  return [
    ...rule.cidrs.map((cidr) => ({ ...none, cidrs: [cidr] })),
    ...rule.ipv6Cidrs.map((cidr) => ({ ...none, ipv6Cidrs: [cidr] })),
    ...rule.groups.map((group) => ({ ...none, groups: [group] })),
    ...(rule.prefixLists ?? []).map((list) => ({ ...none, prefixLists: [list] })),
  ];
}
