import { DescribeNetworkInterfacesCommand } from "@aws-sdk/client-ec2";
import { DescribeDBInstancesCommand } from "@aws-sdk/client-rds";
import { z } from "zod";
import type { Carrier } from "../../domain/service/firewall.ts";
import type { Region } from "../../domain/service/service.ts";
import type { Caller } from "./caller.ts";
import type { Clients } from "./clients.ts";
import { Instance, securityGroupsOf } from "./rds-instances.ts";

const Interface = z.object({
  NetworkInterfaceId: z.string(),
  Description: z.string().default(""),
  RequesterId: z.string().optional(),
  Attachment: z.object({ InstanceId: z.string().optional() }).optional(),
  Groups: z.array(z.object({ GroupId: z.string() })).default([]),
});
type Interface = z.infer<typeof Interface>;

/** What RDS calls the interfaces of its instances; they say no more, so the instances are asked for themselves. */
const OF_AN_INSTANCE = "RDSNetworkInterface";

interface Asked {
  readonly region: Region;
  readonly groups: readonly string[];
  readonly signal: AbortSignal | undefined;
}

/** Every network interface, and every database instance, that carries one of the groups. */
export async function readCarriers(caller: Caller, clients: Clients, asked: Asked): Promise<readonly Carrier[]> {
  const [interfaces, instances] = await Promise.all([
    readInterfaces(caller, clients, asked),
    readInstances(caller, clients, asked),
  ]);
  const isAsked = (group: string) => asked.groups.includes(group);
  return [
    ...interfaces
      .filter(({ Description }) => Description !== OF_AN_INSTANCE)
      .flatMap((found) =>
        found.Groups.flatMap(({ GroupId: group }) => (isAsked(group) ? [{ group, says: sayInterface(found) }] : [])),
      ),
    ...instances.flatMap((found) => {
      const instance = found.DBInstanceIdentifier;
      return securityGroupsOf(found)
        .filter(isAsked)
        .map((group) => ({ group, instance, says: `database ${instance}` }));
    }),
  ];
}

function sayInterface({ NetworkInterfaceId: id, Description, RequesterId, Attachment }: Interface): string {
  const whose = [Attachment?.InstanceId, Description || RequesterId].filter(
    (word) => word !== undefined && word !== "",
  );
  return whose.length === 0 ? id : `${id} (${whose.join(", ")})`;
}

async function readInterfaces(caller: Caller, clients: Clients, { region, groups, signal }: Asked) {
  const ask = { api: "ec2", region, doing: `describe the network interfaces of ${groups.join(", ")}`, signal };
  const found: Interface[] = [];
  let next: string | undefined;
  do {
    const command = new DescribeNetworkInterfacesCommand({
      Filters: [{ Name: "group-id", Values: [...groups] }],
      ...(next !== undefined && { NextToken: next }),
    });
    const answer = await caller.read(ask, (options) => clients.ec2.in(region).send(command, options));
    found.push(...z.array(Interface).parse(answer.NetworkInterfaces ?? []));
    next = answer.NextToken || undefined;
  } while (next !== undefined);
  return found;
}

async function readInstances(caller: Caller, clients: Clients, { region, signal }: Asked) {
  const ask = { api: "rds", region, doing: "describe all database instances", signal };
  const found: Instance[] = [];
  let marker: string | undefined;
  do {
    const command = new DescribeDBInstancesCommand(marker === undefined ? {} : { Marker: marker });
    const answer = await caller.read(ask, (options) => clients.rds.in(region).send(command, options));
    found.push(...z.array(Instance).parse(answer.DBInstances ?? []));
    marker = answer.Marker || undefined;
  } while (marker !== undefined);
  return found;
}
