import { AuthorizeSecurityGroupIngressCommand, RevokeSecurityGroupIngressCommand } from "@aws-sdk/client-ec2";
import { z } from "zod";
import type { FirewallRule, RuleSource } from "../../domain/service/firewall.ts";
import { ipPermissionOf } from "../../domain/service/ip-permission.ts";
import type { Firewall } from "../../ports/firewall.ts";
import { readDatabases, readInterfaces } from "./carriers.ts";
import type { ActingClients } from "./clients.ts";
import type { SendOptions } from "./departure.ts";
import { CallFailed } from "./errors.ts";
import type { By } from "./lookups.ts";

const API = "ec2";

const Described = { Description: z.string().optional() };
const Permission = z.object({
  IpProtocol: z.string(),
  FromPort: z.number().optional(),
  ToPort: z.number().optional(),
  IpRanges: z.array(z.object({ CidrIp: z.string(), ...Described })).default([]),
  Ipv6Ranges: z.array(z.object({ CidrIpv6: z.string(), ...Described })).default([]),
  UserIdGroupPairs: z
    .array(
      z.object({
        GroupId: z.string(),
        UserId: z.string().optional(),
        VpcId: z.string().optional(),
        VpcPeeringConnectionId: z.string().optional(),
        ...Described,
      }),
    )
    .default([]),
  PrefixListIds: z.array(z.object({ PrefixListId: z.string(), ...Described })).default([]),
});
const SecurityGroup = z.object({ IpPermissions: z.array(Permission).default([]) });

/** Ingress rules of a security group, one for each source. */
export function awsFirewall({ caller, lookups }: By): Firewall {
  const change = (verb: Verb): Firewall["close"] => {
    return ({ region, securityGroup, rules }, signal) => {
      const send = (some: readonly FirewallRule[]) => (acting: ActingClients, options: SendOptions) => {
        // What was written to a rule is kept when it is put back; which rule is meant is told without.
        const IpPermissions = some.map((rule) => ipPermissionOf(verb === "revoke" ? bare(rule) : rule));
        return COMMANDS[verb](acting.ec2.in(region), { GroupId: securityGroup, IpPermissions }, options);
      };
      const ask = { api: API, region, doing: `${verb} ingress rules of ${securityGroup}`, signal };
      return caller.act((requestIds) => allOrEach(rules, (some) => caller.write(ask, requestIds, send(some))));
    };
  };
  return {
    rules: (region, securityGroup, signal) =>
      caller.known(async () => {
        const wish = { id: securityGroup, doing: `describe ${securityGroup}`, signal };
        const found = await lookups.securityGroups(region).ask(wish);
        return SecurityGroup.parse(found).IpPermissions.flatMap(rulesOf);
      }),
    interfacesWith: (region, groups, signal) => caller.known(() => readInterfaces(lookups, { region, groups, signal })),
    databasesWith: (region, groups, signal) => caller.known(() => readDatabases(lookups, { region, groups, signal })),
    close: change("revoke"),
    open: change("authorize"),
  };
}

type Verb = "revoke" | "authorize";
type Client = ReturnType<ActingClients["ec2"]["in"]>;
type Change = { GroupId: string; IpPermissions: ReturnType<typeof ipPermissionOf>[] };

const COMMANDS = {
  revoke: (client: Client, change: Change, options: SendOptions) =>
    client.send(new RevokeSecurityGroupIngressCommand(change), options),
  authorize: (client: Client, change: Change, options: SendOptions) =>
    client.send(new AuthorizeSecurityGroupIngressCommand(change), options),
};

/** EC2 refuses the whole call when one rule is already as wanted; then they go one by one. */
async function allOrEach(
  rules: readonly FirewallRule[],
  send: (rules: readonly FirewallRule[]) => Promise<unknown>,
): Promise<object> {
  if (rules.length === 0 || (await unlessDone(() => send(rules)))) return {};
  for (const rule of rules) await unlessDone(() => send([rule]));
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

function rulesOf(permission: z.infer<typeof Permission>): FirewallRule[] {
  const { IpProtocol: protocol, FromPort: fromPort, ToPort: toPort } = permission;
  const range = { protocol, ...(fromPort !== undefined && { fromPort }), ...(toPort !== undefined && { toPort }) };
  const rule = (source: RuleSource, description: string | undefined): FirewallRule => ({
    ...{ ...range, source },
    ...(description !== undefined && { description }),
  });
  return [
    ...permission.IpRanges.map(({ CidrIp, Description }) => rule({ kind: "ipv4", cidr: CidrIp }, Description)),
    ...permission.Ipv6Ranges.map(({ CidrIpv6, Description }) => rule({ kind: "ipv6", cidr: CidrIpv6 }, Description)),
    ...permission.UserIdGroupPairs.map((pair) => rule(groupOf(pair), pair.Description)),
    ...permission.PrefixListIds.map(({ PrefixListId, Description }) =>
      rule({ kind: "prefix-list", id: PrefixListId }, Description),
    ),
  ];
}

type Pair = z.infer<typeof Permission>["UserIdGroupPairs"][number];

function groupOf({ GroupId: id, UserId: account, VpcId: vpc, VpcPeeringConnectionId: connection }: Pair): RuleSource {
  const isPeered = vpc !== undefined && connection !== undefined;
  return {
    ...{ kind: "group", id },
    ...(account !== undefined && { account }),
    ...(isPeered && { peering: { vpc, connection } }),
  };
}

const bare = ({ description: _written, ...rule }: FirewallRule): FirewallRule => rule;
