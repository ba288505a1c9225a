import { DescribeScalableTargetsCommand, type ScalableTarget } from "@aws-sdk/client-application-auto-scaling";
import { DescribeSecurityGroupsCommand, type SecurityGroup } from "@aws-sdk/client-ec2";
import { DescribeServicesCommand, type Failure, type Service } from "@aws-sdk/client-ecs";
import { type DBInstance, DescribeDBInstancesCommand } from "@aws-sdk/client-rds";
import { GetServiceQuotaCommand, type ServiceQuota } from "@aws-sdk/client-service-quotas";
import type { Region } from "../../domain/service/region.ts";
import type { Caller } from "./caller.ts";
import type { Clients } from "./clients.ts";
import { EndedTasks } from "./ended-tasks.ts";
import { type Kind, Together } from "./together.ts";

/** Of a service AWS tells how it is, or why it does not. */
export type ServiceOrFailure =
  | { readonly service: Service; readonly failure?: never }
  | { readonly service?: never; readonly failure: Failure };

/** What steps, watch and observer ask about by id, over and over. One for each session, which shares its calls with no other. */
export interface Lookups {
  readonly instances: (region: Region) => Together<DBInstance>;
  readonly securityGroups: (region: Region) => Together<SecurityGroup>;
  readonly services: (region: Region, cluster: string) => Together<ServiceOrFailure>;
  /** Of ECS services, by `service/<cluster>/<service>`. */
  readonly scalableTargets: (region: Region) => Together<ScalableTarget>;
  /** Of Fargate, by the code of the quota. All services of an account share it. */
  readonly quotas: (region: Region) => Together<ServiceQuota>;
  readonly ended: EndedTasks;
}

/** By what an adapter looks and acts. */
export interface By {
  readonly caller: Caller;
  readonly clients: Clients;
  readonly lookups: Lookups;
}

export function createLookups(caller: Pick<Caller, "read">, clients: Clients): Lookups {
  const once = <Item>(make: (region: Region, cluster: string) => Kind<Item>) => {
    const made = new Map<string, Together<Item>>();
    return (region: Region, cluster = ""): Together<Item> => {
      const key = `${region} ${cluster}`;
      const together = made.get(key) ?? new Together(caller, make(region, cluster));
      made.set(key, together);
      return together;
    };
  };
  return {
    instances: once((region) => instances(clients, region)),
    securityGroups: once((region) => securityGroups(clients, region)),
    services: once((region, cluster) => services(clients, { region, cluster })),
    scalableTargets: once((region) => scalableTargets(clients, region)),
    quotas: once((region) => quotas(clients, region)),
    ended: new EndedTasks(),
  };
}

/** A page of DescribeDBInstances. */
const MOST_INSTANCES = 100;
/** EC2 takes 200 values of a filter. */
const MOST_GROUPS = 100;
const MOST_SERVICES = 10;
const MOST_SCALABLE_TARGETS = 50;

const instances = (clients: Clients, region: Region): Kind<DBInstance> => ({
  ...{ api: "rds", region, most: MOST_INSTANCES },
  async page([id = "", ...others], from, options) {
    const command = new DescribeDBInstancesCommand({
      ...(others.length === 0
        ? { DBInstanceIdentifier: id }
        : { Filters: [{ Name: "db-instance-id", Values: [id, ...others] }] }),
      ...(from !== undefined && { Marker: from }),
    });
    const { DBInstances: items, Marker: next } = await clients.rds.in(region).send(command, options);
    return { items, next };
  },
  // RDS keeps names in lower case.
  isOf: ({ DBInstanceIdentifier }, id) => DBInstanceIdentifier?.toLowerCase() === id.toLowerCase(),
});

/** By a filter, which leaves out what is not there: the ids themselves would fail the whole call. */
const securityGroups = (clients: Clients, region: Region): Kind<SecurityGroup> => ({
  ...{ api: "ec2", region, most: MOST_GROUPS },
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

interface InCluster {
  readonly region: Region;
  readonly cluster: string;
}

const services = (clients: Clients, { region, cluster }: InCluster): Kind<ServiceOrFailure> => ({
  ...{ api: "ecs", region, most: MOST_SERVICES },
  async page(ids, _from, options) {
    const command = new DescribeServicesCommand({ cluster, services: [...ids] });
    const { services: found = [], failures = [] } = await clients.ecs.in(region).send(command, options);
    const items = [...failures.map((failure) => ({ failure })), ...found.map((service) => ({ service }))];
    return { items, next: undefined };
  },
  isOf: ({ service, failure }, id) => lastPart(service?.serviceName ?? failure?.arn ?? "") === lastPart(id),
});

/** Names and ARNs are accepted alike. */
const lastPart = (nameOrArn: string): string => nameOrArn.slice(nameOrArn.lastIndexOf("/") + 1);

const scalableTargets = (clients: Clients, region: Region): Kind<ScalableTarget> => ({
  ...{ api: "autoscaling", region, most: MOST_SCALABLE_TARGETS, isSilentOfAbsent: true },
  async page(ids, from, options) {
    const command = new DescribeScalableTargetsCommand({
      ...{ ServiceNamespace: "ecs", ScalableDimension: "ecs:service:DesiredCount", ResourceIds: [...ids] },
      ...(from !== undefined && { NextToken: from }),
    });
    const { ScalableTargets: items, NextToken: next } = await clients.autoScaling.in(region).send(command, options);
    return { items, next };
  },
  isOf: ({ ResourceId }, id) => ResourceId === id,
});

const quotas = (clients: Clients, region: Region): Kind<ServiceQuota> => ({
  ...{ api: "servicequotas", region, most: 1 },
  async page([QuotaCode], _from, options) {
    const command = new GetServiceQuotaCommand({ ServiceCode: "fargate", QuotaCode });
    const { Quota } = await clients.serviceQuotas.in(region).send(command, options);
    return { items: Quota && [Quota], next: undefined };
  },
  isOf: ({ QuotaCode }, id) => QuotaCode === id,
});
