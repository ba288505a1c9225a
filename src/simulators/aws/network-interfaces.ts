import { z } from "zod";
import { page } from "./paging.ts";
import { type AwsCall, XmlList } from "./service.ts";
import { ACCOUNT_ID, DEFAULT_VPC } from "./specs.ts";

/** A network interface, and who has it: a machine, or a service of AWS that asked for it. */
export const NetworkInterfaceSpec = z.strictObject({
  id: z.string().startsWith("eni-"),
  region: z.string(),
  description: z.string().default(""),
  /** Service of AWS that made it, such as `amazon-rds`. */
  requester: z.string().optional(),
  /** Machine that it is attached to. */
  instanceId: z.string().optional(),
  securityGroups: z.array(z.string()).min(1),
});
export type NetworkInterface = z.infer<typeof NetworkInterfaceSpec>;

export const DescribeInterfaces = z.strictObject({
  NetworkInterfaceId: z.array(z.string()).optional(),
  Filter: z.array(z.strictObject({ Name: z.enum(["group-id"]), Value: z.array(z.string()) })).default([]),
  MaxResults: z.coerce.number().int().min(5).max(1_000).default(1_000),
  NextToken: z.string().optional(),
});

export function describeInterfaces(
  all: readonly NetworkInterface[],
  { region }: AwsCall,
  wanted: z.infer<typeof DescribeInterfaces>,
) {
  const found = all.filter(
    (each) =>
      each.region === region &&
      (wanted.NetworkInterfaceId?.includes(each.id) ?? true) &&
      wanted.Filter.every(({ Value }) => each.securityGroups.some((group) => Value.includes(group))),
  );
  const { entries, marker } = page(found, ({ id }) => id, { size: wanted.MaxResults, marker: wanted.NextToken });
  return { networkInterfaceSet: new XmlList("item", entries.map(view)), nextToken: marker };
}

function view({ id, description, requester, instanceId, securityGroups }: NetworkInterface) {
  return {
    ...{ networkInterfaceId: id, description, ownerId: ACCOUNT_ID, vpcId: DEFAULT_VPC, status: "in-use" },
    ...{ interfaceType: "interface", requesterId: requester, requesterManaged: requester !== undefined },
    ...(instanceId !== undefined && { attachment: { instanceId, status: "attached" } }),
    groupSet: new XmlList(
      "item",
      securityGroups.map((group) => ({ groupId: group, groupName: group })),
    ),
  };
}
