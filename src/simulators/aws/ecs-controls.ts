import { z } from "zod";
import type { World } from "../world/world.ts";
import type { ServiceScheduler } from "./ecs-scheduler.ts";
import { ClusterSpec, definitionOf, type EcsSpec, FargateQuotaSpec, ServiceSpec } from "./ecs-spec.ts";

const { deploymentController, launchType, capacityProviders, subnets } = ServiceSpec.shape;
const SetService = z.strictObject({
  ...{ region: z.string(), cluster: z.string(), service: z.string() },
  deploymentController: deploymentController.unwrap().optional(),
  launchType: launchType.unwrap().optional(),
  capacityProviders: capacityProviders.unwrap().optional(),
  subnets: subnets.unwrap().optional(),
});

const SetDefinition = z.strictObject({
  family: z.string(),
  networkMode: z.enum(["awsvpc", "bridge", "host"]).optional(),
  image: z.string().optional(),
  cpuUnits: z.number().int().min(128).optional(),
  executionRoleArn: z.string().optional(),
  stopTimeoutSeconds: z.number().int().min(0).optional(),
});

/**
 * What somebody has set a service, a cluster or an account up with: `POST /ecs/service`, `POST /ecs/cluster`,
 * `POST /ecs/task-definition`, `POST /ecs/quota`.
 */
export function addEcsControls(
  { control, log }: World,
  { spec, schedulers }: { readonly spec: EcsSpec; readonly schedulers: readonly ServiceScheduler[] },
): void {
  control.on("POST /ecs/service", (body) => {
    const { region, cluster, service, ...changes } = SetService.parse(body);
    const isMeant = ({ spec: each }: ServiceScheduler) =>
      each.region === region && each.cluster === cluster && each.name === service;
    const scheduler = schedulers.find(isMeant);
    if (!scheduler) throw new Error(`There is no service ${cluster}/${service} in ${region}`);
    Object.assign(scheduler.spec, changes);
    log.append("ecs.service", { region, cluster, service, ...changes });
  });
  control.on("POST /ecs/task-definition", (body) => {
    const { family, ...changes } = SetDefinition.parse(body);
    const definition = definitionOf(spec, family);
    if (!definition) throw new Error(`There is no task definition ${family}`);
    Object.assign(definition, changes);
    log.append("ecs.task-definition", { family, ...changes });
  });
  control.on("POST /ecs/cluster", (body) => {
    const cluster = ClusterSpec.parse(body);
    const { region, name } = cluster;
    spec.clusters = [...spec.clusters.filter((each) => each.region !== region || each.name !== name), cluster];
    log.append("ecs.cluster", { ...cluster });
  });
  control.on("POST /ecs/quota", (body) => {
    const quota = FargateQuotaSpec.parse(body);
    const isOther = ({ region, provider }: typeof quota) => region !== quota.region || provider !== quota.provider;
    spec.fargateQuotas = [...spec.fargateQuotas.filter(isOther), quota];
    log.append("ecs.quota", quota);
  });
}
