import type { ScalableTarget } from "@aws-sdk/client-application-auto-scaling";
import type { MetricDataResult } from "@aws-sdk/client-cloudwatch";
import type { SecurityGroup, Subnet } from "@aws-sdk/client-ec2";
import type { PullThroughCacheRule } from "@aws-sdk/client-ecr";
import type { Cluster, Task, TaskDefinition } from "@aws-sdk/client-ecs";
import type {
  LoadBalancer,
  TargetGroup,
  TargetGroupAttribute,
  TargetHealthDescription,
} from "@aws-sdk/client-elastic-load-balancing-v2";
import type { DBCluster, DBInstance, Parameter, ResourcePendingMaintenanceActions } from "@aws-sdk/client-rds";
import type { ResourceRecordSet } from "@aws-sdk/client-route-53";
import type { ServiceQuota } from "@aws-sdk/client-service-quotas";
import type { Region } from "../../domain/service/region.ts";
import type { Caller } from "./caller.ts";
import type { Clients } from "./clients.ts";
import { EndedTasks } from "./ended-tasks.ts";
import { LagMemory } from "./lag-memory.ts";
import { loadBalancers, targetGroupAttributes, targetGroups, targetHealth } from "./lookups-balancers.ts";
import { type CarriersOf, networkInterfaces, securityGroups, subnets } from "./lookups-ec2.ts";
import { images, pullThroughRules } from "./lookups-ecr.ts";
import {
  ecsClusters,
  type ServiceOrFailure,
  scalableTargets,
  services,
  taskDefinitions,
  taskLists,
  tasks,
} from "./lookups-ecs.ts";
import { replicaLags } from "./lookups-lag.ts";
import { quotas } from "./lookups-quotas.ts";
import { allInstances, clusters, instances, maintenance, members, setParameters } from "./lookups-rds.ts";
import { recordSets } from "./lookups-route53.ts";
import { TaskAddresses } from "./task-addresses.ts";
import { type Kind, Together } from "./together.ts";

type In<Item> = (region: Region) => Together<Item>;
type InCluster<Item> = (region: Region, cluster: string) => Together<Item>;

/** What steps, watch and observer ask about by id, over and over. One for each session, which shares its calls with no other. */
export interface Lookups {
  readonly instances: In<DBInstance>;
  /** Of the whole region, whatever the id. */
  readonly allInstances: In<readonly DBInstance[]>;
  readonly clusters: In<DBCluster>;
  /** Of clusters. */
  readonly members: In<readonly DBInstance[]>;
  /** By parameter group: what somebody has set there. */
  readonly setParameters: In<readonly Parameter[]>;
  readonly maintenance: In<ResourcePendingMaintenanceActions>;
  readonly lags: In<MetricDataResult>;
  readonly lagMemory: LagMemory;
  readonly securityGroups: In<SecurityGroup>;
  /** By security groups. */
  readonly networkInterfaces: In<CarriersOf>;
  readonly subnets: In<Subnet>;
  /** Of ECR, by their whole names: the one that is there. */
  readonly images: In<string>;
  /** Of ECR, by the account of the registry. */
  readonly pullThroughRules: In<readonly PullThroughCacheRule[]>;
  readonly services: InCluster<ServiceOrFailure>;
  /** By `<list> <service>`. */
  readonly taskLists: InCluster<readonly string[]>;
  readonly tasks: InCluster<Task>;
  /** Of Fargate, by the code of the quota. All services of an account share it. */
  readonly quotas: In<ServiceQuota>;
  readonly ended: EndedTasks;
  readonly addresses: TaskAddresses;
  readonly ecsClusters: In<Cluster>;
  readonly taskDefinitions: In<TaskDefinition | undefined>;
  /** Of ECS services, by `service/<cluster>/<service>`. */
  readonly scalableTargets: In<ScalableTarget>;
  readonly targetGroups: In<TargetGroup>;
  readonly targetHealth: In<readonly TargetHealthDescription[] | undefined>;
  readonly targetGroupAttributes: In<readonly TargetGroupAttribute[] | undefined>;
  readonly loadBalancers: In<LoadBalancer>;
  /** Of one name, by its zone. */
  readonly recordSets: (region: Region, zone: string) => Together<readonly ResourceRecordSet[]>;
}

/** By what an adapter looks and acts. */
export interface By {
  readonly caller: Caller;
  readonly clients: Clients;
  readonly lookups: Lookups;
}

/** `now`: world time. */
// oxlint-disable-next-line max-lines-per-function -- one table: what is looked at, and by which kind of call
export function createLookups(caller: Pick<Caller, "read">, clients: Clients, now: () => number): Lookups {
  const once = <Item>(make: (region: Region, cluster: string) => Kind<Item>) => {
    const made = new Map<string, Together<Item>>();
    return (region: Region, cluster = ""): Together<Item> => {
      const key = `${region} ${cluster}`;
      const together = made.get(key) ?? new Together(caller, make(region, cluster));
      made.set(key, together);
      return together;
    };
  };
  const inRegion = <Item>(kind: (clients: Clients, region: Region) => Kind<Item>) =>
    once((region) => kind(clients, region));
  const inCluster = <Item>(kind: (clients: Clients, where: { region: Region; cluster: string }) => Kind<Item>) =>
    once((region, cluster) => kind(clients, { region, cluster }));
  const lagMemory = new LagMemory();
  return {
    instances: inRegion(instances),
    allInstances: inRegion(allInstances),
    clusters: inRegion(clusters),
    members: inRegion(members),
    setParameters: inRegion(setParameters),
    maintenance: inRegion(maintenance),
    lags: once((region) => replicaLags(clients, region, { now, fromMs: (...of) => lagMemory.fromMs(region, ...of) })),
    lagMemory,
    securityGroups: inRegion(securityGroups),
    networkInterfaces: inRegion(networkInterfaces),
    subnets: inRegion(subnets),
    images: inRegion(images),
    pullThroughRules: inRegion(pullThroughRules),
    services: inCluster(services),
    taskLists: inCluster(taskLists),
    tasks: inCluster(tasks),
    quotas: inRegion(quotas),
    ended: new EndedTasks(),
    addresses: new TaskAddresses(),
    ecsClusters: inRegion(ecsClusters),
    taskDefinitions: inRegion(taskDefinitions),
    scalableTargets: inRegion(scalableTargets),
    targetGroups: inRegion(targetGroups),
    targetHealth: inRegion(targetHealth),
    targetGroupAttributes: inRegion(targetGroupAttributes),
    loadBalancers: inRegion(loadBalancers),
    recordSets: once((_region, zone) => recordSets(clients, zone)),
  };
}
