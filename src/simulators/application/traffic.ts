import { z } from "zod";
import { AutoscalingSpec, createAutoscaling } from "../aws/autoscaling.ts";
import { createEcr } from "../aws/ecr.ts";
import { createEcs, type Ecs } from "../aws/ecs.ts";
import { EcsSpec } from "../aws/ecs-spec.ts";
import { createElb, type Elb } from "../aws/elb.ts";
import { ElbSpec, type LoadBalancer } from "../aws/elb-spec.ts";
import { createRoute53, type Route53 } from "../aws/route53.ts";
import type { Probed } from "../aws/route53-observed.ts";
import { Route53Spec } from "../aws/route53-spec.ts";
import type { AwsService, DatabaseEngine } from "../aws/service.ts";
import { createServiceQuotas } from "../aws/service-quotas.ts";
import { ACCOUNT_ID } from "../aws/specs.ts";
import { besides, createAddressBook } from "../dns/addresses.ts";
import { createAuthority, type Host } from "../dns/authority.ts";
import { canonicalName } from "../dns/names.ts";
import { placeIn } from "../dns/places.ts";
import { createResolver, type Resolver } from "../dns/resolver.ts";
import type { DnsAuthorities } from "../dns/server.ts";
import type { World } from "../world/world.ts";
import type { AppRequest } from "./application.ts";
import { type Applications, createApplications, type Outcome } from "./applications.ts";
import { Judge } from "./judge.ts";
import { ApplicationSpec } from "./spec.ts";

export const TrafficSpec = z.strictObject({
  accountId: z
    .string()
    .regex(/^\d{12}$/)
    .default(ACCOUNT_ID),
  route53: Route53Spec,
  elb: ElbSpec.prefault({}),
  ecs: EcsSpec.prefault({}),
  autoscaling: AutoscalingSpec.prefault({}),
  applications: z.array(ApplicationSpec).default([]),
  /** Names at a DNS provider that is not Route 53: each leads to another name until somebody changes it. */
  names: z
    .array(
      z.strictObject({
        name: z.string().transform(canonicalName),
        value: z.string().transform(canonicalName),
        ttlSeconds: z.number().int().positive().default(300),
      }),
    )
    .default([]),
});
export type TrafficSpec = z.infer<typeof TrafficSpec>;
export type TrafficSpecInput = z.input<typeof TrafficSpec>;

export interface Traffic {
  readonly spec: TrafficSpec;
  /** For `startAws`. */
  readonly services: readonly AwsService[];
  readonly route53: Route53;
  readonly elb: Elb;
  readonly ecs: Ecs;
  /** For `startDns`. */
  readonly authorities: DnsAuthorities;
  readonly applications: Applications;
  readonly judge: Judge;
  /** Every address outside that answers HTTP, in the order of the spec. */
  readonly entries: readonly Entry[];
  readonly entryAt: (this: void, address: string) => Entry | undefined;
  addressOf(balancer: LoadBalancer): string;
  /** Somebody changes a name at the DNS provider that is not Route 53. Throws where there is no such name. */
  pointName(name: string, value: string): void;
  /** CloudWatch `AWS/Route53 HealthCheckStatus`: 1 healthy, 0 not, undefined for an unknown check. */
  healthCheckStatus(id: string): 0 | 1 | undefined;
  stop(): void;
}

/** A load balancer, or a machine that runs an application, as clients outside reach it. */
export interface Entry {
  readonly address: string;
  /** IPv6; undefined: it has none. */
  readonly address6?: string | undefined;
  readonly region: string;
  readonly name: string;
  readonly dnsName: string;
  readonly answer: (request: AppRequest) => Outcome;
}

/** TTL of an RDS endpoint, world seconds. */
const DATABASE_TTL_SECONDS = 5;
/** TTL of a load balancer's own name, and so of every alias to it. */
const BALANCER_TTL_SECONDS = 60;

/** Everything between users and databases: DNS, load balancers, services and the applications in them. */
export function createTraffic(world: World, input: TrafficSpecInput, databases: DatabaseEngine): Traffic {
  const spec = TrafficSpec.parse(input);
  const { accountId } = spec;
  const addresses = addressesOutside();
  const machines = machinesIn(spec);
  const foreign = new Map(spec.names.map((entry) => [entry.name, entry]));

  // The parts refer to each other in a circle; each reference is used by timers and requests only, after the wiring.
  const elb = createElb(world, spec.elb, {
    accountId,
    check: (group, ip) => applications.atTask(ip, group.healthCheckPath),
  });
  const ecs = createEcs(world, spec.ecs, { elb, accountId });
  const route53 = createRoute53(world, spec.route53, {
    aliasTarget: elb.aliasTarget,
    probe: (host, path) => probed(entryAt(outsideAddress(host)), path),
  });
  const authorities = authoritiesOf(world, { databases, elb, route53, addresses, machines, foreign });
  // Route 53's checkers resolve the name afresh for each observation.
  const outsideAddress = (host: string) =>
    createResolver(world.clock, authorities.public)
      .resolve(host)
      .records.find((record) => record.type === "A")?.value ?? "";
  const resolverOf = regionalResolvers(world, authorities.vpc);
  const judge = new Judge(world, databases);
  const applications = createApplications(world, spec.applications, { ecs, elb, databases, judge, resolverOf });
  const entries = entriesOf({ elb, machines, addresses, applications });
  const byAddress = new Map(entries.map((entry) => [entry.address, entry]));
  const entryAt = (address: string) => byAddress.get(address);
  return {
    ...{ spec, route53, elb, ecs, authorities, applications, judge, entries, entryAt },
    pointName: (name, value) => pointName(world, foreign, { name, value }),
    services: [
      ...[route53.service, elb.service, ecs.service, createEcr(world, { ecs: spec.ecs, accountId })],
      createServiceQuotas({ ecs: spec.ecs, accountId }),
      createAutoscaling(world, spec.autoscaling, { ecs, accountId }).service,
    ],
    addressOf: (balancer) => addresses.ofBalancer(balancer),
    healthCheckStatus: (id) => statusOf(route53.healthChecks.isHealthy(id)),
    stop: () => {
      for (const part of [applications, route53, ecs, elb]) part.stop();
    },
  };
}

/** A machine that runs an application itself, without a load balancer. */
interface Machine {
  readonly application: string;
  readonly region: string;
  readonly host: string;
}

type Names = Map<string, TrafficSpec["names"][number]>;

const machinesIn = ({ applications }: TrafficSpec): readonly Machine[] =>
  applications.flatMap(({ name: application, regions }) =>
    regions.flatMap(({ region, host }) => (host === undefined ? [] : [{ application, region, host }])),
  );

type Addresses = ReturnType<typeof addressesOutside>;

/** One block for each sort of thing that has an address of its own. */
function addressesOutside() {
  const balancerAddress = createAddressBook("198.51.100");
  return {
    ofDatabase: createAddressBook("203.0.113"),
    ofMachine: createAddressBook("192.0.2"),
    ofBalancer: ({ arn }: LoadBalancer) => balancerAddress(arn),
    ofBalancer6: ({ arn, ipAddressType }: LoadBalancer) =>
      ipAddressType === "dualstack" ? besides(balancerAddress(arn)) : undefined,
  };
}

interface Outside {
  readonly databases: DatabaseEngine;
  readonly elb: Elb;
  readonly route53: Route53;
  readonly addresses: Addresses;
  readonly machines: readonly Machine[];
  readonly foreign: Names;
}

function authoritiesOf(world: World, outside: Outside): DnsAuthorities {
  const { databases, route53, foreign } = outside;
  const random = world.random.fork("dns");
  const deps = {
    zones: route53.zones,
    host: (name: string) => hostOf(name, outside),
    leadsTo: (name: string) => {
      const known = foreign.get(name);
      if (known) return { target: known.value, ttlSeconds: known.ttlSeconds };
      const endpoint = databases.leadsTo(name.replace(/\.$/, ""));
      return endpoint === undefined ? undefined : { target: canonicalName(endpoint), ttlSeconds: DATABASE_TTL_SECONDS };
    },
    isCheckHealthy: (id: string) => route53.healthChecks.isHealthy(id),
    chance: () => random.next(),
    blocksOf: route53.blocksOf,
  };
  return { public: createAuthority(deps, "public"), vpc: createAuthority(deps, "vpc") };
}

function hostOf(name: string, { elb, databases, addresses, machines }: Outside): Host | undefined {
  const balancer = elb.named(name);
  if (balancer) {
    const address = addresses.ofBalancer(balancer);
    const address6 = addresses.ofBalancer6(balancer);
    return { address, address6, ttlSeconds: BALANCER_TTL_SECONDS, isHealthy: elb.isHealthy(balancer) };
  }
  const machine = machines.find((each) => each.host === name);
  if (machine) return { address: addresses.ofMachine(name), ttlSeconds: BALANCER_TTL_SECONDS, isHealthy: true };
  if (!databases.locate(name.replace(/\.$/, ""))) return undefined;
  return { address: addresses.ofDatabase(name), ttlSeconds: DATABASE_TTL_SECONDS, isHealthy: true };
}

function regionalResolvers(world: World, vpc: DnsAuthorities["vpc"]): (region: string) => Resolver {
  const regional = new Map<string, Resolver>();
  return (region) => {
    const resolver = regional.get(region) ?? createResolver(world.clock, vpc, placeIn(region));
    regional.set(region, resolver);
    return resolver;
  };
}

interface Within {
  readonly elb: Elb;
  readonly machines: readonly Machine[];
  readonly addresses: Addresses;
  readonly applications: Applications;
}

/** Addresses in the order of the spec, not in the order of first use. */
const entriesOf = ({ elb, machines, addresses, applications }: Within): readonly Entry[] => [
  ...elb.loadBalancers.map(
    (balancer): Entry => ({
      ...{ address: addresses.ofBalancer(balancer), address6: addresses.ofBalancer6(balancer) },
      ...{ region: balancer.region, name: balancer.name, dnsName: balancer.dnsName },
      answer: (request) => applications.throughBalancer(balancer, request),
    }),
  ),
  ...machines.map(
    ({ application, region, host: dnsName }): Entry => ({
      ...{ address: addresses.ofMachine(dnsName), region, name: dnsName, dnsName },
      answer: (request) => applications.throughHost(application, region, request),
    }),
  ),
];

function pointName(world: World, foreign: Names, { name, value }: { name: string; value: string }): void {
  const known = foreign.get(canonicalName(name));
  if (!known) throw new Error(`There is no name ${name} outside Route 53`);
  foreign.set(known.name, { ...known, value: canonicalName(value) });
  world.log.append("dns.name-pointed", { name: known.name, value: canonicalName(value) });
}

const statusOf = (isHealthy: boolean | undefined): 0 | 1 | undefined =>
  isHealthy === undefined ? undefined : isHealthy ? 1 : 0;

/** What a checker of Route 53 sees of it: the status, or undefined where nothing answers in time. */
function probed(entry: Entry | undefined, path: string): Probed | undefined {
  const outcome = entry?.answer({ method: "GET", path });
  if (outcome?.kind !== "reply" || outcome.delayMs >= PROBE_TIMEOUT_MS) return undefined;
  const { status, body } = outcome.reply;
  return { status, body: JSON.stringify(body) };
}

/** Checkers wait two seconds for the status line once connected; slowness is machine time, as region modes are. */
const PROBE_TIMEOUT_MS = 2_000;

export function applicationNamed(traffic: Traffic, name: string): ApplicationSpec {
  const found = traffic.spec.applications.find((application) => application.name === name);
  if (!found) throw new Error(`There is no application ${name}`);
  return found;
}
