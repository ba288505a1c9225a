import { partitionOf } from "./arn.ts";
import type { ServiceScheduler } from "./ecs-scheduler.ts";
import type { Deployment, EcsClusterSpec, Task } from "./ecs-spec.ts";

type Shown = Record<string, unknown>;

export interface ServiceNames {
  readonly accountId: string;
  readonly targetGroupArns: readonly string[];
  readonly networkMode: string;
}

/** JSON 1.1 carries times as epoch seconds. */
function seconds(ms: number): number {
  return ms / 1_000;
}

function arnPrefix(scheduler: ServiceScheduler, accountId: string): string {
  return `arn:${partitionOf(scheduler.spec.region)}:ecs:${scheduler.spec.region}:${accountId}`;
}

function serviceArn(scheduler: ServiceScheduler, accountId: string): string {
  return `${arnPrefix(scheduler, accountId)}:service/${scheduler.spec.cluster}/${scheduler.spec.name}`;
}

export function showService(scheduler: ServiceScheduler, names: ServiceNames, desiredCount = scheduler.desired): Shown {
  const { spec, primary } = scheduler;
  const prefix = arnPrefix(scheduler, names.accountId);
  return {
    serviceArn: serviceArn(scheduler, names.accountId),
    serviceName: spec.name,
    clusterArn: `${prefix}:cluster/${spec.cluster}`,
    status: scheduler.status,
    desiredCount,
    runningCount: scheduler.count("running"),
    pendingCount: scheduler.count("pending"),
    ...showCapacity(scheduler),
    ...(names.networkMode === "awsvpc" && { networkConfiguration: showNetwork(scheduler) }),
    deploymentController: { type: spec.deploymentController },
    // Each task set of a service that somebody else rolls out has one of its own.
    ...(spec.deploymentController !== "EXTERNAL" && {
      taskDefinition: `${prefix}:task-definition/${primary.taskDefinition}`,
    }),
    deploymentConfiguration: {
      deploymentCircuitBreaker: spec.circuitBreaker,
      maximumPercent: 200,
      minimumHealthyPercent: 100,
    },
    ...showRollouts(scheduler, prefix),
    loadBalancers: names.targetGroupArns.map((targetGroupArn) => ({
      targetGroupArn,
      containerName: spec.name,
      containerPort: 8080,
    })),
    healthCheckGracePeriodSeconds: spec.healthCheckGracePeriodSeconds,
    events: scheduler.events.map(({ id, createdMs, message }) => ({ id, createdAt: seconds(createdMs), message })),
    createdAt: seconds(scheduler.createdMs),
    schedulingStrategy: "REPLICA",
  };
}

const showNetwork = ({ spec: { subnets, securityGroups } }: ServiceScheduler): Shown => ({
  awsvpcConfiguration: { subnets, securityGroups, assignPublicIp: "DISABLED" },
});

/** A launch type, or the capacity providers that take its place. */
function showCapacity({ spec: { launchType, capacityProviders } }: ServiceScheduler): Shown {
  if (capacityProviders.length === 0) return { launchType };
  return {
    capacityProviderStrategy: capacityProviders.map((capacityProvider) => ({ capacityProvider, weight: 1, base: 0 })),
  };
}

/** Deployments are ECS's own; whoever else rolls out makes task sets, and the service shows no deployment. */
function showRollouts(scheduler: ServiceScheduler, prefix: string): Shown {
  const { deployments, spec } = scheduler;
  if (spec.deploymentController === "ECS")
    return { deployments: deployments.map((deployment) => showDeployment(scheduler, deployment, prefix)) };
  return {
    deployments: [],
    taskSets: deployments.map((deployment) => {
      const {
        failedTasks: _counted,
        rolloutState: _state,
        rolloutStateReason: _why,
        ...shown
      } = showDeployment(scheduler, deployment, prefix) as Shown;
      return { ...shown, scale: { value: 100, unit: "PERCENT" }, stabilityStatus: "STEADY_STATE" };
    }),
  };
}

export function showCluster({ name, region, ...spec }: EcsClusterSpec, accountId: string): Shown {
  return {
    clusterArn: `arn:${partitionOf(region)}:ecs:${region}:${accountId}:cluster/${name}`,
    clusterName: name,
    status: spec.status,
    registeredContainerInstancesCount: spec.containerInstances,
    capacityProviders: spec.capacityProviders,
    defaultCapacityProviderStrategy: [],
  };
}

function showDeployment(scheduler: ServiceScheduler, deployment: Deployment, prefix: string): Shown {
  const tasks = scheduler.tasksOf(deployment);
  return {
    id: deployment.id,
    status: deployment.status,
    taskDefinition: `${prefix}:task-definition/${deployment.taskDefinition}`,
    desiredCount: deployment.status === "PRIMARY" ? scheduler.desired : 0,
    runningCount: scheduler.count("running", tasks),
    pendingCount: scheduler.count("pending", tasks),
    failedTasks: deployment.failedTasks,
    createdAt: seconds(deployment.createdMs),
    updatedAt: seconds(deployment.updatedMs),
    ...showCapacity(scheduler),
    rolloutState: deployment.rolloutState,
    rolloutStateReason: deployment.rolloutStateReason,
  };
}

export function showTask(scheduler: ServiceScheduler, task: Task, accountId: string): Shown {
  const prefix = arnPrefix(scheduler, accountId);
  const eni = `eni-${task.id.slice(0, 17)}`;
  const details = { subnetId: scheduler.spec.subnets[0], networkInterfaceId: eni, privateIPv4Address: task.ip };
  return {
    taskArn: task.arn,
    clusterArn: `${prefix}:cluster/${scheduler.spec.cluster}`,
    taskDefinitionArn: `${prefix}:task-definition/${task.taskDefinition}`,
    group: `service:${scheduler.spec.name}`,
    startedBy: task.deploymentId,
    lastStatus: task.status,
    desiredStatus: task.desiredStatus,
    launchType: scheduler.spec.launchType,
    createdAt: seconds(task.createdMs),
    ...(task.startedMs !== undefined && { startedAt: seconds(task.startedMs) }),
    ...(task.stoppedMs !== undefined && { stoppedAt: seconds(task.stoppedMs) }),
    ...(task.stopCode !== undefined && { stopCode: task.stopCode, stoppedReason: task.stoppedReason }),
    attachments: [
      {
        id: task.id,
        type: "ElasticNetworkInterface",
        status: task.status === "STOPPED" ? "DELETED" : "ATTACHED",
        details: Object.entries(details).map(([name, value]) => ({ name, value })),
      },
    ],
    containers: [
      {
        name: scheduler.spec.name,
        lastStatus: task.status,
        networkInterfaces: [{ attachmentId: task.id, privateIpv4Address: task.ip }],
      },
    ],
  };
}
