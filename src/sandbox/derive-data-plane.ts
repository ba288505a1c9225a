import type { Region, Service } from "../domain/service/service.ts";
import { directIn } from "../flows/observe.ts";
import type { LoadBalancer } from "../flows/resources/parts.ts";
import {
  type ComputeAt,
  clustersIn,
  computesIn,
  fixedNamesOf,
  namesOf,
  type StoreSite,
  servingUsers,
  storesIn,
} from "../flows/resources/site.ts";
import type { ComputeSite } from "../ports/compute.ts";
import type { ApplicationSpec, StoreSpec } from "../simulators/application/spec.ts";
import type { TrafficSpecInput } from "../simulators/application/traffic.ts";
import type { Ec2SpecInput } from "../simulators/aws/ec2-spec.ts";
import type { RdsSpecInput } from "../simulators/aws/specs.ts";
import { askedName } from "./derive-zones.ts";
import { DEEP_HEALTH_PATH } from "./rewrites.ts";

/** The file says no engine; the port is PostgreSQL's. */
const DATABASE_PORT = 5_432;
/** Who may connect to a database on a normal day: the network of its region. */
export const DATABASE_RULE = { fromPort: DATABASE_PORT, toPort: DATABASE_PORT, source: "10.0.0.0/8" } as const;

interface Place {
  readonly service: Service;
  readonly region: Region;
  readonly isHome: boolean;
}

/** The home region first: a replica needs its source. */
export function placesOf(services: readonly Service[]): Place[] {
  return services.flatMap((service) =>
    service.regions.map((region): Place => ({ service, region, isHome: region === service.home })),
  );
}

/** The home instance of each store is the writer, those of the other regions are its replicas. */
export function deriveDatabases(services: readonly Service[], lagSeconds: number): RdsSpecInput["databases"] {
  return placesOf(services).flatMap(({ service, region, isHome }) => {
    const sources = storesIn(service, service.home);
    return storesIn(service, region).map(({ name, database }) => ({
      ...{ identifier: database.instance, region, endpoint: database.endpoint.toLowerCase(), multiAz: isHome },
      securityGroups: [database.security_group],
      // A replica is made without it unless somebody asks.
      deletionProtection: isHome,
      ...(isHome
        ? { backupRetentionDays: database.backup_retention_days }
        : {
            backupRetentionDays: 0,
            lagSeconds,
            replicaOf: { region: service.home, identifier: sourceOf(name, sources) },
          }),
    }));
  });
}

function sourceOf(store: string, sources: readonly StoreSite[]): string {
  return sources.find(({ name }) => name === store)?.database.instance ?? "";
}

/** Databases of one region may share a group; it lets the network of its region in. */
export function deriveSecurityGroups(services: readonly Service[]): NonNullable<Ec2SpecInput["securityGroups"]> {
  const groups = placesOf(services).flatMap(({ service, region }) =>
    storesIn(service, region).map(({ database: { security_group: id } }) => {
      return { id, region, name: `${service.name}-database`, ingress: [DATABASE_RULE] };
    }),
  );
  const ofClusters = placesOf(services).flatMap(({ service, region }) =>
    clustersIn(service, region).map(() => ({ id: CLUSTERS_GROUP, region, name: "clusters", ingress: [DATABASE_RULE] })),
  );
  return [...new Map([...groups, ...ofClusters].map((group) => [`${group.region}/${group.id}`, group])).values()];
}

/** Home at full strength, standby at none. */
export function deriveCompute(services: readonly Service[]): Pick<TrafficSpecInput, "autoscaling" | "ecs" | "elb"> {
  const places = placesOf(services).flatMap((place) =>
    computesIn(place.service, place.region).map((at): Place & ComputeAt => ({ ...place, ...at })),
  );
  return {
    elb: {
      loadBalancers: places.flatMap((place) =>
        place.balancer ? loadBalancer(place.compute, place.region, place.balancer) : [],
      ),
    },
    ecs: {
      services: places.map(({ region, compute, isHome }) => ({
        ...{ region, cluster: compute.cluster, name: compute.service, desiredCount: isHome ? compute.tasks : 0 },
        ...{ taskDefinition: `${familyOf(compute)}:1`, targetGroups: targetGroupsOf(compute) },
      })),
      taskDefinitions: [...new Set(places.map(({ compute }) => familyOf(compute)))].map((family) => {
        return { family, latestRevision: 1 };
      }),
    },
    autoscaling: { targets: places.flatMap(scalableTarget) },
  };
}

function loadBalancer(compute: ComputeSite, region: Region, { dns_name: dnsName, zone }: LoadBalancer) {
  const { target_group: arn, target_health: means } = compute;
  if (arn === undefined) return [];
  return [
    {
      ...{ region, dnsName, name: dnsName.split(".")[0] ?? dnsName, canonicalHostedZoneId: zone },
      type: /\.elb\.[a-z0-9-]+\.amazonaws\.com$/i.test(dnsName) ? ("network" as const) : ("application" as const),
      targetGroups: [
        {
          ...{ name: targetGroupName(arn), arn },
          healthCheckPath: means === "writable-database" ? DEEP_HEALTH_PATH : "/health",
        },
      ],
    },
  ];
}

/** A worker has none. */
const targetGroupsOf = ({ target_group: arn }: ComputeSite): string[] =>
  arn === undefined ? [] : [targetGroupName(arn)];

/** At home the floor is what the region serves users with; a standby may sleep. */
function scalableTarget({ region, compute, isHome }: Place & { readonly compute: ComputeSite }) {
  const { cluster, service, tasks, max_tasks: maxCapacity } = compute;
  if (maxCapacity === undefined) return [];
  return [{ region, resourceId: `service/${cluster}/${service}`, minCapacity: isHome ? tasks : 0, maxCapacity }];
}

/** `arn:aws:elasticloadbalancing:<region>:<account>:targetgroup/<name>/<id>`; an ARN without a name stands for itself. */
function targetGroupName(arn: string): string {
  return arn.split("/")[1] ?? arn;
}

function familyOf({ service }: ComputeSite): string {
  return service.replaceAll(/[^\w-]/g, "-");
}

/** Tasks have work of their own beside what users ask for, and go on with it while they drain. */
const JOB_EVERY_SECONDS = 2;

/** One application a service, with users who write orders by its public name. */
export function deriveApplications(
  services: readonly Service[],
  writers: Partial<ApplicationSpec["writers"]>,
): TrafficSpecInput["applications"] {
  return services.map((service) => ({
    ...{ name: service.name, publicName: askedName(publicNameOf(service)), writers },
    jobs: { intervalSeconds: JOB_EVERY_SECONDS },
    regions: service.regions.flatMap((region) => {
      const [own, ...more] = databasesOf(service, region);
      const runs = runnerIn(service, region);
      if (!own || !runs) return [];
      const { databaseHost, instance } = own;
      return [{ region, databaseHost, more, ...(instance === undefined ? {} : { instance }), ...runs }];
    }),
  }));
}

const publicNameOf = (service: Service): string =>
  [...namesOf(service), ...fixedNamesOf(service)][0]?.name ?? new URL(service.url).hostname;

/** What runs the application there: the ECS service that users are led to, else a machine at the name that leads to the region. */
function runnerIn(service: Service, region: Region) {
  const front = computesIn(service, region).find(({ name }) => name === servingUsers(service));
  if (front) return { cluster: front.compute.cluster, service: front.compute.service };
  const host = directIn(service, region);
  return host === undefined ? undefined : { host };
}

/** Names at a DNS provider of somebody else, all of them leading home. */
export function deriveNames(services: readonly Service[]): TrafficSpecInput["names"] {
  return services.flatMap((service) =>
    fixedNamesOf(service).map(({ name, ttl_seconds: ttlSeconds, in: hosts }) => {
      return { name, ttlSeconds, value: hosts[service.home] ?? name };
    }),
  );
}

/** Each store by the name through which the application of a region finds it; a cluster of another region is out of reach from here. */
function databasesOf(service: Service, region: Region): StoreSpec[] {
  const instances = storesIn(service, region).map(({ name, database: { endpoint, instance }, record }) => {
    return { name, databaseHost: record?.name ?? endpoint.toLowerCase(), instance };
  });
  const clusters = service.regions
    .flatMap((each) => clustersIn(service, each).map((at) => ({ ...at, region: each })))
    .map((at) => ({ name: at.name, databaseHost: clusterEndpoints(at.cluster, at.region).writer }));
  return [...instances, ...clusters];
}

/** The file names no security group of a cluster: all of a region share one. */
const CLUSTERS_GROUP = "sg-0c1u57e5";

/** Two members in two zones: the first one writes. */
export function deriveClusters(services: readonly Service[]): RdsSpecInput["clusters"] {
  return services.flatMap((service) =>
    service.regions.flatMap((region) =>
      clustersIn(service, region).map(({ cluster }) => ({
        ...{ identifier: cluster, region, endpoints: clusterEndpoints(cluster, region) },
        securityGroups: [CLUSTERS_GROUP],
        instances: [1, 2].map((number) => ({
          ...{ identifier: `${cluster}-${number}`, promotionTier: number },
          endpoint: `${cluster}-${number}.c9sandbox.${region}.rds.amazonaws.com`,
        })),
      })),
    ),
  );
}

const clusterEndpoints = (cluster: string, region: Region) => ({
  writer: `${cluster}.cluster-c9sandbox.${region}.rds.amazonaws.com`,
  reader: `${cluster}.cluster-ro-c9sandbox.${region}.rds.amazonaws.com`,
});
