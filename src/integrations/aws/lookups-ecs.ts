import { DescribeScalableTargetsCommand, type ScalableTarget } from "@aws-sdk/client-application-auto-scaling";
import {
  type Cluster,
  DescribeClustersCommand,
  DescribeServicesCommand,
  DescribeTaskDefinitionCommand,
  DescribeTasksCommand,
  type Failure,
  ListTasksCommand,
  type Service,
  type Task,
  type TaskDefinition,
} from "@aws-sdk/client-ecs";
import type { Region } from "../../domain/service/region.ts";
import type { Clients } from "./clients.ts";
import type { Kind } from "./together.ts";

/** Of a service AWS tells how it is, or why it does not. */
export type ServiceOrFailure =
  | { readonly service: Service; readonly failure?: never }
  | { readonly service?: never; readonly failure: Failure };

/** Limits of ECS and Application Auto Scaling: ids in one call. */
const MOST_SERVICES = 10;
const MOST_TASKS = 100;
const MOST_CLUSTERS = 100;
const MOST_SCALABLE_TARGETS = 50;

export interface InCluster {
  readonly region: Region;
  readonly cluster: string;
}

export const services = (clients: Clients, { region, cluster }: InCluster): Kind<ServiceOrFailure> => ({
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

/** That a task is told to run, or to stop. */
export type TaskList = "RUNNING" | "STOPPED";

/** ARNs of the tasks of one service, by `<list> <service>`: ECS takes one service in a call. */
export const taskLists = (clients: Clients, { region, cluster }: InCluster): Kind<readonly string[]> => ({
  ...{ api: "ecs", region, most: 1, isSilentOfAbsent: true },
  async page([id = ""], nextToken, options) {
    const [desiredStatus, serviceName] = id.split(" ") as [TaskList, string];
    const command = new ListTasksCommand({ cluster, serviceName, desiredStatus, nextToken });
    const answer = await clients.ecs.in(region).send(command, options);
    return { items: [answer.taskArns ?? []], next: answer.nextToken };
  },
  isOf: () => true,
  join: (pages) => pages.flat(),
});

/** By their ARNs. One that ECS has forgotten is left out. */
export const tasks = (clients: Clients, { region, cluster }: InCluster): Kind<Task> => ({
  ...{ api: "ecs", region, most: MOST_TASKS, isSilentOfAbsent: true, isRefusedForAll: true },
  async page(ids, _from, options) {
    const command = new DescribeTasksCommand({ cluster, tasks: [...ids] });
    const { tasks: items } = await clients.ecs.in(region).send(command, options);
    return { items, next: undefined };
  },
  isOf: ({ taskArn }, id) => taskArn === id,
});

export const ecsClusters = (clients: Clients, region: Region): Kind<Cluster> => ({
  ...{ api: "ecs", region, most: MOST_CLUSTERS, isSilentOfAbsent: true },
  async page(ids, _from, options) {
    const command = new DescribeClustersCommand({ clusters: [...ids] });
    const { clusters: items } = await clients.ecs.in(region).send(command, options);
    return { items, next: undefined };
  },
  isOf: ({ clusterName, clusterArn }, id) => id === clusterArn || lastPart(id) === clusterName,
});

/** ECS takes one in a call. */
export const taskDefinitions = (clients: Clients, region: Region): Kind<TaskDefinition | undefined> => ({
  ...{ api: "ecs", region, most: 1 },
  async page([taskDefinition = ""], _from, options) {
    const command = new DescribeTaskDefinitionCommand({ taskDefinition });
    const { taskDefinition: found } = await clients.ecs.in(region).send(command, options);
    return { items: [found], next: undefined };
  },
  isOf: () => true,
});

/** Of ECS services, by `service/<cluster>/<service>`. */
export const scalableTargets = (clients: Clients, region: Region): Kind<ScalableTarget> => ({
  ...{ api: "autoscaling", region, most: MOST_SCALABLE_TARGETS, isSilentOfAbsent: true, isRefusedForAll: true },
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
