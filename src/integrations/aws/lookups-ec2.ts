import {
  DescribeNetworkInterfacesCommand,
  DescribeSecurityGroupsCommand,
  DescribeSubnetsCommand,
  type NetworkInterface,
  type SecurityGroup,
  type Subnet,
} from "@aws-sdk/client-ec2";
import type { Region } from "../../domain/service/region.ts";
import type { Clients } from "./clients.ts";
import type { Kind } from "./together.ts";

/** EC2 takes 200 values of a filter. */
const MOST = 100;
const API = "ec2";

/** By a filter, which leaves out what is not there: the ids themselves would fail the whole call. */
export const securityGroups = (clients: Clients, region: Region): Kind<SecurityGroup> => ({
  ...{ api: API, region, most: MOST },
  async page([id = "", ...others], from, options) {
    const command = new DescribeSecurityGroupsCommand({
      ...(others.length === 0 ? { GroupIds: [id] } : { Filters: [{ Name: "group-id", Values: [id, ...others] }] }),
      ...(from !== undefined && { NextToken: from }),
    });
    const { SecurityGroups: items, NextToken: next } = await clients.ec2.in(region).send(command, options);
    return { items, next };
  },
  isOf: ({ GroupId }, id) => GroupId === id,
});

/** The same; of one that is not there nothing is said. */
export const subnets = (clients: Clients, region: Region): Kind<Subnet> => ({
  ...{ api: API, region, most: MOST, isSilentOfAbsent: true, isRefusedForAll: true },
  async page(ids, from, options) {
    const command = new DescribeSubnetsCommand({
      Filters: [{ Name: "subnet-id", Values: [...ids] }],
      ...(from !== undefined && { NextToken: from }),
    });
    const { Subnets: items, NextToken: next } = await clients.ec2.in(region).send(command, options);
    return { items, next };
  },
  isOf: ({ SubnetId }, id) => SubnetId === id,
});

/** What carries a security group. */
export interface CarriersOf {
  readonly group: string;
  readonly interfaces: readonly NetworkInterface[];
}

export const networkInterfaces = (clients: Clients, region: Region): Kind<CarriersOf> => ({
  ...{ api: API, region, most: MOST, isRefusedForAll: true },
  async page(groups, from, options) {
    const command = new DescribeNetworkInterfacesCommand({
      Filters: [{ Name: "group-id", Values: [...groups] }],
      ...(from !== undefined && { NextToken: from }),
    });
    const { NetworkInterfaces: found = [], NextToken: next } = await clients.ec2.in(region).send(command, options);
    const items = groups.map((group) => ({ group, interfaces: found.filter((one) => carries(one, group)) }));
    return { items, next };
  },
  isOf: ({ group }, id) => group === id,
  join: ([first = { group: "", interfaces: [] }, ...more]) => ({
    ...first,
    interfaces: [first, ...more].flatMap(({ interfaces }) => interfaces),
  }),
});

const carries = ({ Groups = [] }: NetworkInterface, group: string): boolean =>
  Groups.some(({ GroupId }) => GroupId === group);
