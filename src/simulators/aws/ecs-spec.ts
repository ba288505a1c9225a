import { z } from "zod";
import { DEFAULT_SUBNET } from "./specs.ts";

export const ServiceSpec = z.strictObject({
  region: z.string(),
  cluster: z.string(),
  name: z.string(),
  /** `family:revision`. */
  taskDefinition: z.string().regex(/^[\w-]+:\d+$/),
  /** That many tasks run and are healthy when the world starts. */
  desiredCount: z.number().int().min(0),
  /** Target groups by name, in the service's own region. */
  targetGroups: z.array(z.string()).default([]),
  circuitBreaker: z
    .strictObject({ enable: z.boolean(), rollback: z.boolean() })
    .default({ enable: false, rollback: false }),
  /** Tasks of which the load balancer says `unhealthy` are replaced once they are older than this, in world seconds. */
  healthCheckGracePeriodSeconds: z.number().int().min(0).default(600),
  /** Most tasks that the region has room for. */
  capacityTasks: z.number().int().min(0).default(1_000),
  /** Who rolls out its revisions. Only `ECS` does it by deployments of the service; the others make task sets. */
  deploymentController: z.enum(["ECS", "CODE_DEPLOY", "EXTERNAL"]).default("ECS"),
  /** What its tasks start on, where no capacity provider says it. */
  launchType: z.enum(["FARGATE", "EC2", "EXTERNAL"]).default("FARGATE"),
  /** Names of its capacity provider strategy; empty: its launch type. */
  capacityProviders: z.array(z.string()).default([]),
  /** Where the interfaces of its tasks stand, in network mode awsvpc. */
  subnets: z.array(z.string().startsWith("subnet-")).default([DEFAULT_SUBNET]),
  securityGroups: z.array(z.string()).default([]),
});
export type EcsServiceSpec = z.infer<typeof ServiceSpec>;

export const ClusterSpec = z.strictObject({
  region: z.string(),
  name: z.string(),
  status: z.enum(["ACTIVE", "PROVISIONING", "DEPROVISIONING", "FAILED", "INACTIVE"]).default("ACTIVE"),
  /** Machines of its own: what tasks of launch type EC2 and EXTERNAL start on. */
  containerInstances: z.number().int().min(0).default(0),
  capacityProviders: z.array(z.string()).default(["FARGATE", "FARGATE_SPOT"]),
});
export type EcsClusterSpec = z.infer<typeof ClusterSpec>;

export const FargateQuotaSpec = z.strictObject({
  region: z.string(),
  provider: z.enum(["FARGATE", "FARGATE_SPOT"]),
  /** That all tasks of the account may take at once; null: Service Quotas has no value, and nothing limits them. */
  vcpus: z.number().min(0).nullable(),
});
export type FargateQuota = z.infer<typeof FargateQuotaSpec>;

export const EcsSpec = z.strictObject({
  services: z.array(ServiceSpec).default([]),
  /** Clusters that are no ordinary ones; every cluster that a service names is there. */
  clusters: z.array(ClusterSpec).default([]),
  /** Those that are not the ordinary ones. */
  fargateQuotas: z.array(FargateQuotaSpec).default([]),
  taskDefinitions: z
    .array(
      z.strictObject({
        family: z.string(),
        latestRevision: z.number().int().min(1),
        /** Revisions whose image cannot be pulled: their tasks never run. */
        brokenRevisions: z.array(z.number().int()).default([]),
        networkMode: z.enum(["awsvpc", "bridge", "host"]).default("awsvpc"),
        /** Of its one container; absent: one from the registry of the region that is asked. */
        image: z.string().optional(),
        /** What one task takes of Fargate: 1,024 are a vCPU. */
        cpuUnits: z.number().int().min(128).default(256),
        /** By which its tasks are started; absent: none is shown. It is never looked for. */
        executionRoleArn: z.string().optional(),
        /** What its container may take between SIGTERM and SIGKILL; absent: ECS's own, or `stopSeconds` where that is more. */
        stopTimeoutSeconds: z.number().int().min(0).optional(),
      }),
    )
    .default([]),
  /** World seconds for which a description may still show the desired count from before a change, drawn evenly. */
  staleSeconds: z.tuple([z.number().min(0), z.number().min(0)]).default([0, 0]),
  /** World seconds from a task's creation to RUNNING, drawn evenly. */
  startSeconds: z.tuple([z.number(), z.number()]).default([35, 75]),
  /** World seconds between SIGTERM and STOPPED, after the deregistration delay. */
  stopSeconds: z.number().min(0).default(30),
});
export type EcsSpec = z.infer<typeof EcsSpec>;

/** The cluster that a service stands in; one that the specification leaves out is an ordinary one. */
export function clusterOf(
  spec: EcsSpec,
  { region, cluster: name }: { region: string; cluster: string },
): EcsClusterSpec {
  const found = spec.clusters.find((each) => each.region === region && each.name === name);
  return found ?? ClusterSpec.parse({ region, name });
}

/** Undefined where neither the specification nor a service names it. */
export function clusterIn(
  { spec, schedulers }: { readonly spec: EcsSpec; readonly schedulers: readonly { readonly spec: EcsServiceSpec }[] },
  region: string,
  name: string,
): EcsClusterSpec | undefined {
  const isThere =
    spec.clusters.some((each) => each.region === region && each.name === name) ||
    schedulers.some((one) => one.spec.region === region && one.spec.cluster === name);
  return isThere ? clusterOf(spec, { region, cluster: name }) : undefined;
}

export type TaskStatus =
  | "PROVISIONING"
  | "PENDING"
  | "ACTIVATING"
  | "RUNNING"
  | "DEACTIVATING"
  | "STOPPING"
  | "DEPROVISIONING"
  | "STOPPED";

export interface Task {
  readonly id: string;
  readonly arn: string;
  readonly taskDefinition: string;
  readonly deploymentId: string;
  readonly ip: string;
  readonly createdMs: number;
  status: TaskStatus;
  desiredStatus: "RUNNING" | "STOPPED";
  startedMs: number | undefined;
  stoppedMs: number | undefined;
  stopCode: "TaskFailedToStart" | "ServiceSchedulerInitiated" | undefined;
  stoppedReason: string | undefined;
}

export interface Deployment {
  readonly id: string;
  readonly taskDefinition: string;
  readonly createdMs: number;
  status: "PRIMARY" | "ACTIVE";
  updatedMs: number;
  failedTasks: number;
  rolloutState: "IN_PROGRESS" | "COMPLETED" | "FAILED";
  rolloutStateReason: string;
}

/** Family and revision of `family`, `family:revision` or an ARN; undefined where no such definition is active. */
export function resolveTaskDefinition(spec: EcsSpec, given: string): string | undefined {
  const short = given.slice(given.lastIndexOf("/") + 1);
  const [family, revision] = short.split(":");
  const known = spec.taskDefinitions.find((definition) => definition.family === family);
  if (!known) return undefined;
  if (revision === undefined) return `${known.family}:${known.latestRevision}`;
  const number = Number(revision);
  return Number.isInteger(number) && number >= 1 && number <= known.latestRevision ? short : undefined;
}

export function definitionOf(spec: EcsSpec, taskDefinition: string) {
  const [family] = taskDefinition.split(":");
  return spec.taskDefinitions.find((known) => known.family === family);
}

/** Of the one container of a definition whose spec names no image. */
export const imageOf = (
  { accountId, region }: { readonly accountId: string; readonly region: string },
  family: string,
  revision: number | string,
): string => `${accountId}.dkr.ecr.${region}.amazonaws.com/${family}:${revision}`;

export function isBroken(spec: EcsSpec, taskDefinition: string): boolean {
  const [family, revision] = taskDefinition.split(":");
  return spec.taskDefinitions.some(
    (known) => known.family === family && known.brokenRevisions.includes(Number(revision)),
  );
}
