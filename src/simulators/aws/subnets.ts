import { z } from "zod";
import type { World } from "../world/world.ts";
import { type AwsCall, XmlList } from "./service.ts";
import { ACCOUNT_ID, DEFAULT_SUBNET, DEFAULT_VPC } from "./specs.ts";

export const SubnetSpec = z.strictObject({
  region: z.string(),
  id: z.string().startsWith("subnet-"),
  /** Free ones, as EC2 counts them. */
  addresses: z.number().int().min(0),
});
export type Subnet = z.infer<typeof SubnetSpec>;

/** Of a /20 that little stands in. */
const ORDINARY_ADDRESSES = 4_000;

const Describe = z.strictObject({
  SubnetId: z.array(z.string()).optional(),
  Filter: z.array(z.strictObject({ Name: z.enum(["subnet-id"]), Value: z.array(z.string()) })).default([]),
  MaxResults: z.coerce.number().int().min(5).max(1_000).default(1_000),
});

/** Subnets with their free addresses, which the specification counts and not the world. Steered by `POST /ec2/subnet`. */
export function subnetsOf({ control, log }: World, specified: readonly Subnet[]) {
  const subnets = new Map(specified.map((each) => [`${each.region} ${each.id}`, each]));
  control.on("POST /ec2/subnet", (body) => {
    const subnet = SubnetSpec.parse(body);
    subnets.set(`${subnet.region} ${subnet.id}`, subnet);
    log.append("ec2.subnet", subnet);
  });
  return ({ region, input }: AwsCall) => {
    const wanted = Describe.parse(input);
    const ordinary = { region, id: DEFAULT_SUBNET, addresses: ORDINARY_ADDRESSES };
    const all = new Map([[`${region} ${DEFAULT_SUBNET}`, ordinary], ...subnets]);
    const found = [...all.values()].filter(
      (each) =>
        each.region === region &&
        (wanted.SubnetId?.includes(each.id) ?? true) &&
        wanted.Filter.every(({ Value }) => Value.includes(each.id)),
    );
    return { subnetSet: new XmlList("item", found.map(view)) };
  };
}

const view = ({ region, id, addresses }: Subnet) => ({
  ...{ subnetId: id, vpcId: DEFAULT_VPC, state: "available", ownerId: ACCOUNT_ID },
  ...{ availabilityZone: `${region}a`, cidrBlock: "10.0.0.0/20", availableIpAddressCount: addresses },
});
