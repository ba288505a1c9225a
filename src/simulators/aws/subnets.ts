import { z } from "zod";
import type { World } from "../world/world.ts";
import { type AwsCall, XmlList } from "./service.ts";
import { ACCOUNT_ID, DEFAULT_SUBNET, DEFAULT_VPC } from "./specs.ts";

export const SubnetSpec = z.strictObject({
  region: z.string(),
  id: z.string().startsWith("subnet-"),
  /** Free ones, as EC2 counts them, at the time at which that is said; tasks take them and give them back. */
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

/** How many interfaces stand in a subnet. */
export type InterfacesIn = (region: string, subnet: string) => number;

export interface Subnets {
  readonly describe: (call: AwsCall) => Record<string, unknown>;
  /** What takes addresses of them from now on. */
  attach(interfacesIn: InterfacesIn): void;
}

/** Subnets with their free addresses. That there is none left keeps no task from starting. Steered by `POST /ec2/subnet`. */
export function createSubnets({ control, log }: World, specified: readonly Subnet[]): Subnets {
  const subnets = new Map<string, Subnet & { readonly taken: number }>();
  let interfacesIn: InterfacesIn = () => 0;
  const keep = (subnet: Subnet) =>
    subnets.set(`${subnet.region} ${subnet.id}`, { ...subnet, taken: interfacesIn(subnet.region, subnet.id) });
  for (const subnet of specified) keep(subnet);
  control.on("POST /ec2/subnet", (body) => {
    const subnet = SubnetSpec.parse(body);
    keep(subnet);
    log.append("ec2.subnet", subnet);
  });
  const freeIn = ({ region, id, addresses, taken }: Subnet & { readonly taken: number }) =>
    Math.max(0, addresses + taken - interfacesIn(region, id));
  const describe = ({ region, input }: AwsCall) => {
    const wanted = Describe.parse(input);
    const ordinary = { region, id: DEFAULT_SUBNET, addresses: ORDINARY_ADDRESSES, taken: 0 };
    const all = new Map([[`${region} ${DEFAULT_SUBNET}`, ordinary], ...subnets]);
    const found = [...all.values()].filter(
      (each) =>
        each.region === region &&
        (wanted.SubnetId?.includes(each.id) ?? true) &&
        wanted.Filter.every(({ Value }) => Value.includes(each.id)),
    );
    const views = found.map((each) => view({ ...each, addresses: freeIn(each) }));
    return { subnetSet: new XmlList("item", views) };
  };
  const attach = (wanted: InterfacesIn) => {
    interfacesIn = wanted;
    for (const subnet of specified) keep(subnet);
  };
  return { describe, attach };
}

const view = ({ region, id, addresses }: Subnet) => ({
  ...{ subnetId: id, vpcId: DEFAULT_VPC, state: "available", ownerId: ACCOUNT_ID },
  ...{ availabilityZone: `${region}a`, cidrBlock: "10.0.0.0/20", availableIpAddressCount: addresses },
});
