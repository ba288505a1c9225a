import type { Carriers, Doors, FirewallRule } from "../../src/domain/service/firewall.ts";
import type { HealthVerdict } from "../../src/domain/service/health.ts";
import type { Observation, ResourceSeen } from "../../src/domain/service/observation.ts";
import type { Known, LagFacts } from "../../src/domain/service/observed.ts";
import { type Region, ROUTE53_CONTROL_PLANE, type Service } from "../../src/domain/service/service.ts";
import { type KindPlace, placesOf, toldOf } from "../../src/flows/resources/places.ts";
import type { ComputeFacts } from "../../src/ports/compute.ts";
import type { DatabaseFacts } from "../../src/ports/databases.ts";
import type { RecordSet } from "../../src/ports/traffic.ts";
import { databaseRecordOf, siteOf, standbyOf, trafficOf } from "./site.ts";

export const AT = Date.parse("2026-11-21T03:12:45Z");

export const known = <T>(value: T): Known<T> => ({ known: true, value, atMs: AT });
export const dark = <T>(what: string): Known<T> => ({
  known: false,
  cause: "unreachable",
  why: `${what} does not answer`,
  atMs: AT,
});

/** What is seen of one region of a service that has one resource of each role. */
export interface SiteSeen {
  readonly region: Region;
  readonly database: Known<DatabaseFacts>;
  /** How it was set up when it answered last. */
  readonly lastKnown?: Known<DatabaseFacts>;
  readonly compute: Known<ComputeFacts>;
  readonly firewall: Known<Doors>;
  readonly carriers?: Partial<Carriers>;
  readonly deepHealth: HealthVerdict;
  readonly lag: LagFacts;
}

/** What there is to be seen of such a service, for tests to change before it is looked at. */
export interface Day {
  readonly atMs: number;
  readonly sites: Readonly<Record<Region, SiteSeen>>;
  readonly trafficRecords: Known<readonly RecordSet[]>;
  readonly databaseRecords: Known<readonly RecordSet[]>;
  readonly activeRegion: Known<Region>;
  readonly publicHealth: HealthVerdict;
}

/** The look at such a day. */
export function seenOn(service: Service, day: Day): Observation {
  const { atMs, activeRegion, publicHealth, sites } = day;
  return {
    ...{ service: service.name, atMs, activeRegion, publicHealth },
    resources: Object.fromEntries(placesOf(service).map((place) => [place.id, resourceOn(place, day)])),
    health: Object.fromEntries(Object.entries(sites).map(([region, { deepHealth }]) => [region, deepHealth])),
  };
}

function resourceOn(place: KindPlace, { sites, databaseRecords, trafficRecords }: Day): ResourceSeen {
  const { kind, role } = place;
  const byRegion = <T>(of: (site: SiteSeen) => T) =>
    Object.fromEntries(Object.entries(sites).map(([region, site]) => [region, of(site)]));
  const seen = {
    stores: {
      in: byRegion(({ database, firewall, lag, carriers }) => ({
        ...{ database, firewall, lag },
        carriers: { interfaces: known([]), databases: known([]), ...carriers },
      })),
      name: databaseRecords,
    },
    compute: { in: byRegion(({ compute }) => compute) },
    entrances: { names: { [trafficOf(place.service).name]: trafficRecords } },
  }[role];
  return { kind: kind.kind, seen, ...toldOf({ ...place, seen }) };
}

/** What a look at such a day has seen of a region. */
export function siteOn({ resources, health }: Observation, region: Region): Omit<SiteSeen, "region"> {
  const [store, compute] = Object.values(resources).map(({ seen }) =>
    Reflect.get(Reflect.get(seen, "in") ?? {}, region),
  );
  const { database, firewall, lag, lastKnown } = store as Pick<SiteSeen, "database" | "firewall" | "lag" | "lastKnown">;
  const deepHealth = health[region];
  if (!deepHealth) throw new Error(`nobody has looked at ${region}`);
  const shown = { database, firewall, lag, deepHealth, compute: compute as SiteSeen["compute"] };
  return lastKnown ? { ...shown, lastKnown } : shown;
}

const RULE: FirewallRule = {
  protocol: "tcp",
  fromPort: 5432,
  toPort: 5432,
  source: { kind: "ipv4", cidr: "10.0.0.0/8" },
};

/** What EC2 says of each group of a site. */
export const rulesOn = ({ firewall }: Pick<SiteSeen, "firewall">): Known<readonly FirewallRule[]> =>
  firewall.known ? { ...firewall, value: Object.values(firewall.value).flat() } : firewall;

function site(service: Service, region: Region, role: "replica" | "standalone"): SiteSeen {
  const { database, compute } = siteOf(service, region);
  const serves = role === "standalone";
  const other = siteOf(service, region === service.home ? standbyOf(service) : service.home);
  return {
    region,
    database: known({
      instance: database.instance,
      status: "available",
      role,
      source: serves ? undefined : `arn:aws:rds:${service.home}:123456789012:db:${other.database.instance}`,
      replicating: serves ? undefined : true,
      backupRetentionDays: 7,
      securityGroups: [database.security_group],
      instanceClass: "db.r6g.large",
      deletionProtection: true,
      logExports: [],
      multiAz: false,
      encrypted: true,
      engine: "postgres",
    }),
    compute: known({
      status: "ACTIVE",
      desired: serves ? compute.tasks : 0,
      running: serves ? compute.tasks : 0,
      pending: 0,
      deployments: [{ id: "d1", primary: true, rollout: "COMPLETED", failedTasks: 0 }],
      taskDefinition: `${compute.service}:7`,
      scaling: undefined,
      targets: { healthy: serves ? compute.tasks : 0, total: serves ? compute.tasks : 0 },
      reasons: [],
    }),
    firewall: known({ [database.security_group]: [RULE] }),
    deepHealth: serves
      ? { kind: "healthy", status: 200 }
      : { kind: "unhealthy", status: 503, why: "no healthy target" },
    lag: serves
      ? { known: false, cause: "absent", why: "it is no replica", atMs: AT }
      : known({ seconds: 2, measuredAtMs: AT - 10_000 }),
  };
}

function records(service: Service): RecordSet[] {
  const traffic = trafficOf(service);
  const alias = (region: Region) => {
    const { load_balancer } = siteOf(service, region);
    return { zone: load_balancer.zone, dnsName: load_balancer.dns_name, evaluateTargetHealth: true };
  };
  const set = { name: traffic.name, type: "A" };
  if (traffic.routing === "weighted") {
    return Object.entries(traffic.set_identifiers).map(([region, setIdentifier]) => ({
      ...set,
      setIdentifier,
      weight: region === service.home ? 100 : 0,
      alias: alias(region),
    }));
  }
  if (traffic.routing === "failover") {
    return [
      { ...set, setIdentifier: traffic.primary, failover: "PRIMARY", alias: alias(service.home), healthCheck: "hc-1" },
      { ...set, setIdentifier: traffic.secondary, failover: "SECONDARY", alias: alias(standbyOf(service)) },
    ];
  }
  return [{ name: traffic.name, type: "CNAME", ttlSeconds: 60, values: [traffic.values[service.home] ?? ""] }];
}

/** The service on an ordinary day: home serves, the standby follows two seconds behind. */
export function quietDay(service: Service): Day {
  const record = databaseRecordOf(service);
  return {
    atMs: AT,
    sites: {
      [service.home]: site(service, service.home, "standalone"),
      [standbyOf(service)]: site(service, standbyOf(service), "replica"),
    },
    trafficRecords: known(records(service)),
    databaseRecords: known(
      record
        ? [
            {
              name: record.name,
              type: "CNAME",
              ttlSeconds: record.ttl_seconds,
              values: [siteOf(service, service.home).database.endpoint],
            },
          ]
        : [],
    ),
    activeRegion: known(service.home),
    publicHealth: { kind: "healthy", status: 200 },
  };
}

/** The same service with its home region dark: nothing over there answers, nor Route 53 where it lies there, and the replica has lost its source. */
export function homeIsDark(service: Service): Day {
  const quiet = quietDay(service);
  const [home, standby] = [quiet.sites[service.home], quiet.sites[standbyOf(service)]];
  if (!home || !standby) throw new Error("the service has two sites");
  const names = { trafficRecords: dark<never>("Route 53"), databaseRecords: dark<never>("Route 53") };
  return {
    ...quiet,
    ...(service.home === ROUTE53_CONTROL_PLANE && names),
    sites: {
      [service.home]: {
        ...home,
        database: dark("RDS"),
        compute: dark("ECS"),
        firewall: dark("EC2"),
        lag: dark("CloudWatch"),
        deepHealth: { kind: "unreachable", why: "timed out" },
      },
      [standbyOf(service)]: {
        ...standby,
        lag: { known: false, cause: "failed", why: "replication is broken (-1)", atMs: AT },
      },
    },
    publicHealth: { kind: "unreachable", why: "timed out" },
  };
}
