import type { FirewallRule } from "../../../src/domain/service/firewall.ts";
import type { Region, Service } from "../../../src/domain/service/service.ts";
import { computesIn, fixedNamesOf, namesOf, storesIn } from "../../../src/flows/resources/site.ts";
import type { ComputeSite } from "../../../src/ports/compute.ts";
import type { DatabaseFacts } from "../../../src/ports/databases.ts";
import type { DnsAnswer } from "../../../src/ports/probe.ts";
import { AT, dark, known } from "../observed.ts";
import type { SaidCloud } from "./cloud.ts";

/** What a test changes of an ordinary day. */
export interface Change {
  readonly database?: (facts: DatabaseFacts, region: Region) => DatabaseFacts;
  /** Seconds that the copy of a store is behind, by the instance. */
  readonly lag?: Readonly<Record<string, number>>;
  /** Regions whose security groups let nobody in. */
  readonly closed?: readonly Region[];
  /** Regions in which there is no such database. */
  readonly absent?: readonly Region[];
  /** Regions that give no answer. */
  readonly silent?: readonly Region[];
  /** Route 53 says nothing of its records. */
  readonly areRecordsSilent?: true;
  /** Where the names outside Route 53 lead; absent: home. */
  readonly ledTo?: string;
}

const RULE: FirewallRule = {
  protocol: "tcp",
  fromPort: 5432,
  toPort: 5432,
  source: { kind: "ipv4", cidr: "10.0.0.0/8" },
};

/** What the ports of a service of any kinds say on an ordinary day: home serves, its copies are two seconds behind. */
export function ordinaryDay(service: Service, change: Change = {}): SaidCloud {
  const there = <T>(region: Region, value: T) => (change.silent?.includes(region) ? dark<T>("AWS") : known(value));
  return {
    clock: { now: () => AT },
    databases: {
      describe: async (region, instance) =>
        change.absent?.includes(region)
          ? { known: false, cause: "absent", why: `there is no ${instance}`, atMs: AT }
          : there(region, databaseOf(service, { region, instance, change })),
      lag: async (region, instance) =>
        there(region, { seconds: change.lag?.[instance] ?? 2, measuredAtMs: AT - 10_000 }),
    },
    clusters: { describe: async (_region, cluster) => known(clusterOf(cluster)) },
    firewall: { rules: async (region) => there(region, change.closed?.includes(region) ? [] : [RULE]) },
    compute: {
      describe: async (region, site) => there(region, tasksOf(site, region === service.home ? site.tasks : 0)),
    },
    traffic: {
      records: async (_zone, name) => (change.areRecordsSilent ? dark("Route 53") : known(recordsOf(service, name))),
    },
    probe: {
      health: async () => ({ kind: "healthy", status: 200 }),
      resolve: async (host) => [answer(host)],
      resolveAuthoritative: async (name) => [answer(change.ledTo ?? homeOf(service, name))],
    },
  };
}

interface Described {
  readonly region: Region;
  readonly instance: string;
  readonly change: Change;
}

function databaseOf(service: Service, { region, instance, change }: Described): DatabaseFacts {
  const isHome = region === service.home;
  const { name } = storesIn(service, region).find(({ database }) => database.instance === instance) ?? { name: "" };
  const source = storesIn(service, service.home).find((store) => store.name === name)?.database.instance;
  const facts: DatabaseFacts = {
    ...{
      instance,
      status: "available",
      multiAz: isHome,
      deletionProtection: isHome,
      logExports: [],
      encrypted: true,
      backupRetentionDays: 7,
      securityGroups: [],
    },
    ...{
      instanceClass: "db.r6g.large",
      engine: "postgres",
      availabilityZone: `${region}a`,
      kmsKey: `key-of-${region}`,
    },
    ...(isHome
      ? { role: "standalone", source: undefined, replicating: undefined }
      : { role: "replica", source, replicating: true }),
  };
  return change.database?.(facts, region) ?? facts;
}

const clusterOf = (cluster: string) => ({
  ...{ cluster, arn: `arn:aws:rds:eu-west-1:123456789012:cluster:${cluster}`, status: "available", port: 5432 },
  ...{ engine: "aurora-postgresql", engineVersion: "16.4", multiAz: true, encrypted: true, deletionProtection: true },
  ...{ backupRetentionDays: 7, securityGroups: [], endpoints: { writer: `${cluster}.example.com` } },
  members: [
    { instance: `${cluster}-1`, isWriter: true, promotionTier: 1, status: "available", availabilityZone: "eu-west-1a" },
    {
      instance: `${cluster}-2`,
      isWriter: false,
      promotionTier: 2,
      status: "available",
      availabilityZone: "eu-west-1b",
    },
    {
      instance: `${cluster}-3`,
      isWriter: false,
      promotionTier: 1,
      status: "available",
      availabilityZone: "eu-west-1c",
    },
  ],
});

const tasksOf = ({ target_group }: ComputeSite, tasks: number) => ({
  ...{ status: "ACTIVE", desired: tasks, running: tasks, pending: 0, taskDefinition: "app:7", scaling: undefined },
  deployments: [{ id: "d1", primary: true, rollout: "COMPLETED", failedTasks: 0 }],
  ...(target_group === undefined ? {} : { targets: { healthy: tasks, total: tasks } }),
  reasons: [],
});

function recordsOf(service: Service, name: string) {
  const traffic = namesOf(service).find((each) => each.name === name);
  if (!traffic) return [{ name, type: "CNAME", ttlSeconds: 30, values: ["home.example.com"] }];
  const alias = { zone: "Z32O12XQLNTSW2", dnsName: "home.example.com", evaluateTargetHealth: true };
  const set = { name, type: "A", alias };
  if (traffic.routing === "weighted")
    return Object.entries(traffic.set_identifiers).map(([region, setIdentifier]) => ({
      ...{ ...set, setIdentifier, weight: region === service.home ? 100 : 0 },
    }));
  if (traffic.routing === "failover")
    return [
      { ...set, setIdentifier: traffic.primary, failover: "PRIMARY" as const },
      { ...set, setIdentifier: traffic.secondary, failover: "SECONDARY" as const },
    ];
  return [{ name, type: "CNAME", ttlSeconds: 60, values: [traffic.values[service.home] ?? ""] }];
}

const homeOf = (service: Service, name: string): string =>
  fixedNamesOf(service).find((each) => each.name === name)?.in[service.home] ?? name;

const answer = (value: string): DnsAnswer => ({ server: "ns", values: [value], ttlSeconds: 60 });

/** How many tasks and instances the service of a test has, so that a test cannot pass on nothing. */
export const countOf = (service: Service) => ({
  stores: storesIn(service, service.home).length,
  computes: computesIn(service, service.home).length,
});
