import {
  DescribeLoadBalancersCommand,
  DescribeTargetGroupAttributesCommand,
  DescribeTargetGroupsCommand,
  DescribeTargetHealthCommand,
  type LoadBalancer,
  type TargetGroup,
  type TargetGroupAttribute,
  type TargetHealthDescription,
} from "@aws-sdk/client-elastic-load-balancing-v2";
import type { Region } from "../../domain/service/region.ts";
import type { Clients } from "./clients.ts";
import type { Kind } from "./together.ts";

/** ARNs that Elastic Load Balancing takes in one call. */
const MOST = 20;
const API = "loadbalancing";

/** Both fail as a whole where one of several is not there. */
export const targetGroups = (clients: Clients, region: Region): Kind<TargetGroup> => ({
  ...{ api: API, region, most: MOST },
  async page(ids, from, options) {
    const command = new DescribeTargetGroupsCommand({ TargetGroupArns: [...ids], Marker: from });
    const { TargetGroups: items, NextMarker: next } = await clients.loadBalancing.in(region).send(command, options);
    return { items, next };
  },
  isOf: ({ TargetGroupArn }, id) => TargetGroupArn === id,
});

export const loadBalancers = (clients: Clients, region: Region): Kind<LoadBalancer> => ({
  ...{ api: API, region, most: MOST },
  async page(ids, from, options) {
    const command = new DescribeLoadBalancersCommand({ LoadBalancerArns: [...ids], Marker: from });
    const { LoadBalancers: items, NextMarker: next } = await clients.loadBalancing.in(region).send(command, options);
    return { items, next };
  },
  isOf: ({ LoadBalancerArn }, id) => LoadBalancerArn === id,
});

/** Of one target group in a call. */
export const targetHealth = (
  clients: Clients,
  region: Region,
): Kind<readonly TargetHealthDescription[] | undefined> => ({
  ...{ api: API, region, most: 1 },
  async page([group], _from, options) {
    const command = new DescribeTargetHealthCommand({ TargetGroupArn: group });
    const { TargetHealthDescriptions: all } = await clients.loadBalancing.in(region).send(command, options);
    return { items: [all], next: undefined };
  },
  isOf: () => true,
});

/** Of one target group in a call. */
export const targetGroupAttributes = (
  clients: Clients,
  region: Region,
): Kind<readonly TargetGroupAttribute[] | undefined> => ({
  ...{ api: API, region, most: 1 },
  async page([group], _from, options) {
    const command = new DescribeTargetGroupAttributesCommand({ TargetGroupArn: group });
    const { Attributes: all } = await clients.loadBalancing.in(region).send(command, options);
    return { items: [all], next: undefined };
  },
  isOf: () => true,
});
