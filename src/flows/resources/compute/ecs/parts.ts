import type { Region } from "../../../../domain/service/region.ts";
import type { ComputeSite } from "../../../../ports/compute.ts";
import type { Permission, Thing } from "../../../../ports/permission.ts";
import type { LookRule, SharedThing, Subject } from "../../kind.ts";
import { knownValue } from "../../known-value.ts";
import type { LoadBalancer } from "../../parts.ts";
import { scaling } from "./permissions.ts";
import type { Ecs } from "./settings.ts";

/** A worker: its tasks run and take jobs, and no load balancer leads to them. */
export const isWorker = ({ healthy_means }: Pick<Ecs, "healthy_means">): boolean => healthy_means === "running-tasks";

/** A region's own words over those of all regions. */
export function inRegion(settings: Ecs, region: Region) {
  const own = settings.in?.[region];
  const id = own?.id ?? settings.id;
  const [cluster, service] = id?.split("/") ?? [];
  return { cluster, service, tasks: own?.tasks ?? settings.tasks, maxTasks: own?.max_tasks ?? settings.max_tasks };
}

export function compute(settings: Ecs, region: Region): ComputeSite {
  const { cluster, service, tasks, maxTasks } = inRegion(settings, region);
  const name = knownValue(service, `The ECS service in ${region}`);
  return {
    ...{ cluster: knownValue(cluster, `The ECS cluster in ${region}`), service: name, tasks },
    ...(typeof maxTasks === "number" && { max_tasks: maxTasks }),
    ...(isWorker(settings) ? {} : { target_group: targetGroup(settings, region) }),
    target_health: settings.healthy_means,
  };
}

function targetGroup(settings: Ecs, region: Region): string {
  const { service = "the service" } = inRegion(settings, region);
  return knownValue(settings.in?.[region]?.target_group, `The target group of ${service} in ${region}`);
}

export function balancer(settings: Ecs, region: Region): LoadBalancer | undefined {
  if (isWorker(settings)) return undefined;
  const { service = "the service" } = inRegion(settings, region);
  const { dns_name, zone } = settings.in?.[region]?.load_balancer ?? {};
  return {
    dns_name: knownValue(dns_name, `The load balancer of ${service} in ${region}`),
    zone: knownValue(zone, `The hosted zone of the load balancer of ${service} in ${region}`),
  };
}

const BALANCED = ["target_group", "load_balancer.dns_name", "load_balancer.zone"];

const SCALED = ["max_tasks"];

export function subjects(settings: Ecs, regions: readonly Region[]): Subject[] {
  return regions.flatMap((region): Subject[] => {
    const { cluster, service } = inRegion(settings, region);
    if (cluster === undefined || service === undefined) return [];
    return [
      {
        ...{ key: `${region}/${cluster}/${service}`, says: `ECS service ${service} in ${region}`, region, isOwn: true },
        ...{ path: ["in", region], wants: isWorker(settings) ? SCALED : [...BALANCED, ...SCALED] },
        // A scale-out looks at AWS's own maximum right before it raises it, so a plan can do without what is remembered.
        ...{ saidOnce: SCALED, spared: SCALED },
      },
    ];
  });
}

/** Clusters and load balancers serve several services with one room and one front. */
export function shares(settings: Ecs, regions: readonly Region[]): SharedThing[] {
  return regions.flatMap((region): SharedThing[] => {
    const { cluster } = inRegion(settings, region);
    const front = settings.in?.[region]?.load_balancer?.dns_name?.toLowerCase();
    const at = settings.in?.[region]?.id === undefined ? ["id"] : ["in", region, "id"];
    const path = ["in", region, "load_balancer", "dns_name"];
    return [
      ...(cluster === undefined
        ? []
        : [
            {
              what: "cluster",
              key: `${region}/${cluster}`,
              says: `cluster ${cluster} in ${region}`,
              path: at,
            } as const,
          ]),
      ...(front === undefined
        ? []
        : [{ what: "load-balancer", key: front, says: `load balancer ${front} in ${region}`, path } as const]),
    ];
  });
}

export const permits = (settings: Ecs, regions: readonly Region[]): Permission[] =>
  regions.flatMap((region) => {
    const { cluster = "*", service = "*" } = inRegion(settings, region);
    return scaling(region, cluster, service);
  });

export const LOOKS: readonly LookRule<Ecs>[] = [
  {
    actions: [
      ...["application-autoscaling:DescribeScalableTargets", "elasticloadbalancing:DescribeLoadBalancers"],
      ...["elasticloadbalancing:DescribeTargetGroups", "elasticloadbalancing:DescribeTargetHealth"],
      "elasticloadbalancing:DescribeTargetGroupAttributes",
      ...["ec2:DescribeSubnets", "ecs:DescribeTaskDefinition", "servicequotas:GetServiceQuota"],
    ],
  },
  {
    actions: ["ecs:DescribeServices"],
    on: (settings, regions) =>
      regions.map((region) => {
        const { cluster = "*", service = "*" } = inRegion(settings, region);
        return { service: "ecs", region, resource: `service/${cluster}/${service}` };
      }),
  },
  {
    actions: ["ecr:DescribeImages"],
    // A registry that several accounts share may lie in any of them, and in whatever region the task definition names.
    on: (): Thing[] => [{ service: "ecr", region: "*", account: "*", resource: "repository/*" }],
  },
  // The same, and no policy can name a registry.
  { actions: ["ecr:DescribePullThroughCacheRules"], isGlobal: true },
  { actions: ["ecs:DescribeClusters"], on: clusters },
  { actions: ["ecs:ListTasks", "ecs:DescribeTasks"], by: "ecs:cluster", on: clusters },
];

function clusters(settings: Ecs, regions: readonly Region[]): Thing[] {
  return regions.map((region) => {
    const { cluster = "*" } = inRegion(settings, region);
    return { service: "ecs", region, resource: `cluster/${cluster}` };
  });
}
