import type { ComputeSite, Region, Service, Site } from "../domain/service/service.ts";
import { databaseRecordOf, siteOf, trafficOf } from "../flows/resources/site.ts";
import type { ApplicationSpec } from "../simulators/application/spec.ts";
import type { TrafficSpecInput } from "../simulators/application/traffic.ts";
import type { Ec2SpecInput, RdsSpecInput } from "../simulators/aws/specs.ts";
import { askedName } from "./derive-zones.ts";
import { DEEP_HEALTH_PATH } from "./rewrites.ts";

/** The file says no engine; the port is PostgreSQL's. */
const DATABASE_PORT = 5_432;

interface Place {
  readonly service: Service;
  readonly region: Region;
  readonly site: Site;
  readonly isHome: boolean;
}

/** The home site first: a replica needs its source. */
export function placesOf(services: readonly Service[]): Place[] {
  return services.flatMap((service) =>
    [service.home, service.standby].map((region): Place => {
      return { service, region, site: siteOf(service, region), isHome: region === service.home };
    }),
  );
}

/** The home instance is the writer, the standby's its replica in the other region. */
export function deriveDatabases(services: readonly Service[], lagSeconds: number): RdsSpecInput["databases"] {
  return placesOf(services).map(({ service, region, site: { database }, isHome }) => ({
    ...{ identifier: database.instance, region, endpoint: database.endpoint.toLowerCase(), multiAz: isHome },
    securityGroups: [database.security_group],
    ...(isHome
      ? { backupRetentionDays: database.backup_retention_days }
      : {
          backupRetentionDays: 0,
          lagSeconds,
          replicaOf: { region: service.home, identifier: siteOf(service, service.home).database.instance },
        }),
  }));
}

/** Databases of one region may share a group; it lets the network of its region in. */
export function deriveSecurityGroups(services: readonly Service[]): NonNullable<Ec2SpecInput["securityGroups"]> {
  const rule = { fromPort: DATABASE_PORT, toPort: DATABASE_PORT, source: "10.0.0.0/8" };
  const groups = placesOf(services).map(({ service, region, site }) => {
    return { id: site.database.security_group, region, name: `${service.name}-database`, ingress: [rule] };
  });
  return [...new Map(groups.map((group) => [`${group.region}/${group.id}`, group])).values()];
}

/** Home at full strength, standby at none. */
export function deriveCompute(services: readonly Service[]): Pick<TrafficSpecInput, "autoscaling" | "ecs" | "elb"> {
  const places = placesOf(services);
  return {
    elb: { loadBalancers: places.map(loadBalancer) },
    ecs: {
      services: places.map(({ region, site: { compute }, isHome }) => ({
        ...{ region, cluster: compute.cluster, name: compute.service, desiredCount: isHome ? compute.tasks : 0 },
        ...{ taskDefinition: `${familyOf(compute)}:1`, targetGroups: [targetGroupName(compute)] },
      })),
      taskDefinitions: [...new Set(places.map(({ site }) => familyOf(site.compute)))].map((family) => {
        return { family, latestRevision: 1 };
      }),
    },
    autoscaling: { targets: places.flatMap(scalableTarget) },
  };
}

function loadBalancer({ region, site: { compute, load_balancer } }: Place) {
  const dnsName = load_balancer.dns_name;
  return {
    ...{ region, dnsName, name: dnsName.split(".")[0] ?? dnsName, canonicalHostedZoneId: load_balancer.zone },
    type: /\.elb\.[a-z0-9-]+\.amazonaws\.com$/i.test(dnsName) ? ("network" as const) : ("application" as const),
    targetGroups: [
      {
        ...{ name: targetGroupName(compute), arn: compute.target_group },
        healthCheckPath: compute.target_health === "writable-database" ? DEEP_HEALTH_PATH : "/health",
      },
    ],
  };
}

/** At home the floor is what the site serves users with; a standby may sleep. */
function scalableTarget({ region, site: { compute }, isHome }: Place) {
  const { cluster, service, tasks, max_tasks: maxCapacity } = compute;
  if (maxCapacity === undefined) return [];
  return [{ region, resourceId: `service/${cluster}/${service}`, minCapacity: isHome ? tasks : 0, maxCapacity }];
}

/** `arn:aws:elasticloadbalancing:<region>:<account>:targetgroup/<name>/<id>`; an ARN without a name stands for itself. */
function targetGroupName({ target_group: arn }: ComputeSite): string {
  return arn.split("/")[1] ?? arn;
}

function familyOf({ service }: ComputeSite): string {
  return service.replaceAll(/[^\w-]/g, "-");
}

/** One application a service, with users who write orders by its public name. */
export function deriveApplications(
  services: readonly Service[],
  writers: Partial<ApplicationSpec["writers"]>,
): TrafficSpecInput["applications"] {
  return services.map((service) => ({
    ...{ name: service.name, publicName: askedName(trafficOf(service).name), writers },
    regions: [service.home, service.standby].map((region) => {
      const { compute, database } = siteOf(service, region);
      const databaseHost = databaseRecordOf(service)?.name ?? database.endpoint.toLowerCase();
      return { region, databaseHost, cluster: compute.cluster, service: compute.service, instance: database.instance };
    }),
  }));
}
