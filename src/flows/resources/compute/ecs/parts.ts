import type { Region } from "../../../../domain/service/region.ts";
import type { ComputeSite, LoadBalancer } from "../../../../domain/service/site.ts";
import type { Subject } from "../../kind.ts";
import { knownValue } from "../../known-value.ts";
import type { Ecs } from "./settings.ts";

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
  const targetGroup = settings.in?.[region]?.target_group;
  return {
    ...{ cluster: knownValue(cluster, `The ECS cluster in ${region}`), service: name, tasks },
    ...(maxTasks === undefined ? {} : { max_tasks: maxTasks }),
    target_group: knownValue(targetGroup, `The target group of ${name} in ${region}`),
    target_health: settings.healthy_means,
  };
}

export function balancer(settings: Ecs, region: Region): LoadBalancer {
  const { service = "the service" } = inRegion(settings, region);
  const { dns_name, zone } = settings.in?.[region]?.load_balancer ?? {};
  return {
    dns_name: knownValue(dns_name, `The load balancer of ${service} in ${region}`),
    zone: knownValue(zone, `The hosted zone of the load balancer of ${service} in ${region}`),
  };
}

export function subjects(settings: Ecs, regions: readonly Region[]): Subject[] {
  return regions.flatMap((region): Subject[] => {
    const { cluster, service } = inRegion(settings, region);
    if (cluster === undefined || service === undefined) return [];
    return [
      {
        ...{ key: `${region}/${cluster}/${service}`, says: `ECS service ${service} in ${region}`, region, isOwn: true },
        ...{ path: ["in", region], wants: ["target_group", "load_balancer.dns_name", "load_balancer.zone"] },
      },
    ];
  });
}
