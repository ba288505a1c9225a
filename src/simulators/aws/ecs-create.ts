import { z } from "zod";
import type { World } from "../world/world.ts";
import type { EcsBook } from "./ecs-lists.ts";
import { clusterIn, definitionOf, type EcsServiceSpec, resolveTaskDefinition, ServiceSpec } from "./ecs-spec.ts";
import type { Elb } from "./elb.ts";
import type { TargetGroup } from "./elb-spec.ts";
import { refusedInput } from "./refused-input.ts";
import { type AwsCall, AwsError } from "./service.ts";

const Balancing = z.strictObject({
  targetGroupArn: z.string(),
  containerName: z.string(),
  containerPort: z.number().int(),
});

/** Each other parameter of the vendor's is refused by its name; nothing is taken and left out. */
const Create = z.strictObject({
  cluster: z.string().default("default"),
  serviceName: z.string().regex(/^[\w-]{1,255}$/),
  taskDefinition: z.string(),
  desiredCount: z.number().int().min(0),
  clientToken: z.string().max(36).optional(),
  launchType: z.enum(["FARGATE", "EC2", "EXTERNAL"]).optional(),
  capacityProviderStrategy: z
    .array(
      z.strictObject({ capacityProvider: z.string(), weight: z.literal(1).default(1), base: z.literal(0).default(0) }),
    )
    .default([]),
  loadBalancers: z.array(Balancing).max(5).default([]),
  networkConfiguration: z
    .strictObject({
      awsvpcConfiguration: z.strictObject({
        subnets: z.array(z.string().startsWith("subnet-")).min(1).max(16),
        securityGroups: z.array(z.string().startsWith("sg-")).max(5).default([]),
        assignPublicIp: z.literal("DISABLED").default("DISABLED"),
      }),
    })
    .optional(),
  deploymentController: z.strictObject({ type: z.enum(["ECS", "CODE_DEPLOY", "EXTERNAL"]) }).default({ type: "ECS" }),
  deploymentConfiguration: z
    .strictObject({
      deploymentCircuitBreaker: ServiceSpec.shape.circuitBreaker,
      maximumPercent: z.literal(200).optional(),
      minimumHealthyPercent: z.literal(100).optional(),
    })
    .optional(),
  healthCheckGracePeriodSeconds: z.number().int().min(0).max(2_147_483_647).optional(),
  schedulingStrategy: z.literal("REPLICA").default("REPLICA"),
});
type Create = z.infer<typeof Create>;

interface Parts extends EcsBook {
  readonly world: World;
  readonly elb: Elb;
}

interface Asked {
  readonly wanted: string;
  readonly token: string;
  readonly service: Record<string, unknown>;
}

const refused = (message: string): AwsError => new AwsError("InvalidParameterException", message);
const lastPart = (nameOrArn: string): string => nameOrArn.slice(nameOrArn.lastIndexOf("/") + 1);

/** A service that begins without a task. The same call with the same token makes nothing twice. Logs `ecs.service-created`. */
export function createService(parts: Parts, open: (spec: EcsServiceSpec) => Record<string, unknown>) {
  const asked = new Map<string, Asked>();
  return ({ input, region }: AwsCall): Record<string, unknown> => {
    const parsed = Create.safeParse(input);
    if (!parsed.success) throw refusedInput(parsed.error, input, "InvalidParameterException");
    const { clientToken: token, ...wanted } = parsed.data;
    const cluster = lastPart(wanted.cluster);
    const key = `${region}/${cluster}/${wanted.serviceName}`;
    const before = asked.get(key);
    const text = JSON.stringify(wanted);
    const standing = standingOf(parts, { region, cluster, name: wanted.serviceName });
    if (standing && token !== undefined && before?.token === token && before.wanted === text) {
      return { service: before.service };
    }
    if (standing) throw refused("Creation of service was not idempotent.");
    const spec = specOf(parts, wanted, { region, cluster });
    const service = open(spec);
    if (token !== undefined) asked.set(key, { wanted: text, token, service });
    const { name, desiredCount, taskDefinition } = spec;
    parts.world.log.append("ecs.service-created", { region, cluster, service: name, desiredCount, taskDefinition });
    return { service };
  };
}

/** True where one of that name is ACTIVE. */
function standingOf(
  parts: Parts,
  { region, cluster, name }: { readonly region: string; readonly cluster: string; readonly name: string },
): boolean {
  const found = clusterIn(parts, region, cluster);
  if (!found) throw new AwsError("ClusterNotFoundException", "Cluster not found.");
  if (found.status !== "ACTIVE") {
    throw new AwsError("ClusterNotFoundException", "The referenced cluster was inactive.");
  }
  const same = parts.schedulers.find(
    ({ spec }) => spec.region === region && spec.cluster === cluster && spec.name === name,
  );
  if (same?.status === "DRAINING") throw refused("Unable to Start a service that is still Draining.");
  return same?.status === "ACTIVE";
}

function specOf(
  parts: Parts,
  wanted: Omit<Create, "clientToken">,
  { region, cluster }: { readonly region: string; readonly cluster: string },
): EcsServiceSpec {
  const taskDefinition = resolveTaskDefinition(parts.spec, wanted.taskDefinition);
  if (taskDefinition === undefined) throw new AwsError("ClientException", "TaskDefinition not found.");
  const [family = ""] = taskDefinition.split(":");
  const mode = definitionOf(parts.spec, taskDefinition)?.networkMode ?? "awsvpc";
  const network = networkOf(wanted, mode);
  const capacityProviders = wanted.capacityProviderStrategy.map(({ capacityProvider }) => capacityProvider);
  requireCapacity(parts, capacityProviders, { region, cluster });
  if (capacityProviders.length > 0 && wanted.launchType !== undefined) {
    const why =
      "Specifying both a launch type and capacity provider strategy is not supported. Remove one and try again.";
    throw refused(why);
  }
  if (wanted.loadBalancers.length === 0 && wanted.healthCheckGracePeriodSeconds !== undefined) {
    throw refused("Health check grace period is only valid for services configured to use load balancers");
  }
  const groups = wanted.loadBalancers.map((balancing) => groupOf(parts.elb, balancing, { region, family, mode }));
  return ServiceSpec.parse({
    ...{ region, cluster, name: wanted.serviceName, taskDefinition, desiredCount: wanted.desiredCount },
    targetGroups: groups.map(({ name }) => name),
    circuitBreaker: wanted.deploymentConfiguration?.deploymentCircuitBreaker,
    healthCheckGracePeriodSeconds: wanted.healthCheckGracePeriodSeconds ?? 0,
    deploymentController: wanted.deploymentController.type,
    // Where neither is named; clusters here have no strategy of their own.
    launchType: wanted.launchType ?? (capacityProviders.length > 0 ? "FARGATE" : "EC2"),
    capacityProviders,
    ...network,
  });
}

function networkOf({ networkConfiguration }: Pick<Create, "networkConfiguration">, mode: string) {
  if (mode === "awsvpc" && !networkConfiguration) {
    throw refused("Network Configuration must be provided when networkMode 'awsvpc' is specified.");
  }
  if (mode !== "awsvpc" && networkConfiguration) {
    throw refused("Network Configuration is not valid for the given networkMode of this task definition.");
  }
  const { subnets, securityGroups } = networkConfiguration?.awsvpcConfiguration ?? {};
  return { subnets, securityGroups };
}

function requireCapacity(
  parts: Parts,
  wanted: readonly string[],
  { region, cluster }: { readonly region: string; readonly cluster: string },
): void {
  const known = clusterIn(parts, region, cluster)?.capacityProviders ?? [];
  if (wanted.every((name) => known.includes(name))) return;
  throw refused(
    "The specified capacity provider strategy cannot contain a capacity provider that is not associated with the cluster. Associate the capacity provider with the cluster and try again.",
  );
}

function groupOf(
  elb: Elb,
  { targetGroupArn: arn, containerName, containerPort }: z.infer<typeof Balancing>,
  { region, family, mode }: { readonly region: string; readonly family: string; readonly mode: string },
): TargetGroup {
  if (containerName !== family) throw refused(`The container ${containerName} does not exist in the task definition.`);
  if (containerPort !== 8080) {
    throw refused(`The container ${containerName} did not have a container port ${containerPort} defined.`);
  }
  const here = elb.loadBalancers.filter((one) => one.region === region).flatMap(({ targetGroups }) => targetGroups);
  const group = here.find((one) => one.arn === arn);
  if (!group) throw refused(`The target group with targetGroupArn ${arn} does not have an associated load balancer.`);
  if (mode === "awsvpc" && group.targetType !== "ip") {
    const why = `which is incompatible with the ${mode} network mode specified in the task definition.`;
    throw refused(`The provided target group ${arn} has target type ${group.targetType}, ${why}`);
  }
  return group;
}
