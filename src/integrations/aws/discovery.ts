import { z } from "zod";
import type { FoundDatabase, FoundLoadBalancer, FoundService } from "../../domain/service/discovered.ts";
import type { Region } from "../../domain/service/service.ts";
import type { Discovery } from "../../ports/discovery.ts";
import { ComputeReader } from "./compute-facts.ts";
import { NotGiven, noEndpoint } from "./errors.ts";
import { hostedZones } from "./hosted-zones.ts";
import type { By, Lookups } from "./lookups.ts";
import { type Instance, readInstance, securityGroupsOf, told } from "./rds-instances.ts";

interface Asked {
  readonly region: Region;
  readonly signal: AbortSignal | undefined;
}

/** What the file need not say, because AWS knows it. */
export function awsDiscovery({ caller, clients, lookups }: By): Discovery {
  const compute = new ComputeReader(lookups);
  return {
    service: (region, id, signal) => caller.known(() => readService(compute, { ...id, region, signal })),
    scaling: (region, site, signal) =>
      caller.known(async () => (await compute.scaling({ region, site, signal })) ?? "not-scaled"),
    loadBalancers: (region, targetGroup, signal) =>
      caller.known(async () => {
        const asked = { region, signal };
        const arns = await balancersOf(lookups, { ...asked, targetGroup });
        return arns.length === 0 ? [] : await readBalancers(lookups, { ...asked, arns });
      }),
    database: (region, instance, signal) =>
      caller.known(async () => databaseOf(await readInstance(lookups, { region, instance, signal }))),
    zones: (name, signal) => caller.known(() => hostedZones(caller, clients, { name, signal })),
  };
}

async function readService(
  compute: ComputeReader,
  { region, cluster, service, signal }: Asked & { readonly cluster: string; readonly service: string },
): Promise<FoundService> {
  const found = await compute.service({ region, site: { cluster, service }, signal });
  return {
    service: found.serviceName,
    targetGroups: found.loadBalancers.flatMap(({ targetGroupArn }) => targetGroupArn ?? []),
  };
}

const TargetGroup = z.object({ LoadBalancerArns: z.array(z.string()).default([]) });

async function balancersOf(
  lookups: Lookups,
  { region, targetGroup: id, signal }: Asked & { readonly targetGroup: string },
): Promise<readonly string[]> {
  const wish = { id, doing: `describe target group ${id}`, signal };
  return TargetGroup.parse(await lookups.targetGroups(region).ask(wish)).LoadBalancerArns;
}

const Balancers = z.array(
  z
    .object({
      LoadBalancerArn: z.string(),
      LoadBalancerName: z.string(),
      DNSName: z.string().optional(),
      CanonicalHostedZoneId: z.string().optional(),
      Type: z.enum(["application", "network", "gateway"]),
      State: z.object({ Code: z.string().default("") }).prefault({}),
    })
    .transform((found): FoundLoadBalancer => {
      const { LoadBalancerArn: arn, LoadBalancerName: name, Type: kind, DNSName, CanonicalHostedZoneId: zone } = found;
      if (DNSName === undefined || zone === undefined) throw new NotGiven(whyNoName(name, kind, found.State.Code));
      return { arn, name, kind, dnsName: DNSName.toLowerCase(), zone };
    }),
);

const whyNoName = (name: string, kind: FoundLoadBalancer["kind"], state: string): string =>
  kind === "gateway"
    ? `${name} is a gateway load balancer, which has no DNS name`
    : `${name} has no DNS name yet: it is ${state || "in an unknown state"}`;

async function readBalancers(
  lookups: Lookups,
  { region, arns, signal }: Asked & { readonly arns: readonly string[] },
): Promise<readonly FoundLoadBalancer[]> {
  const wish = { doing: `describe load balancers ${arns.join(", ")}`, signal };
  return Balancers.parse(await lookups.loadBalancers(region).askEach(arns, wish));
}

/** Throws NotGiven while it has no endpoint. */
function databaseOf(instance: Instance): FoundDatabase {
  const { DBInstanceIdentifier: name, DBInstanceStatus: status } = instance;
  const { Address: host, Port: port } = instance.Endpoint ?? {};
  if (host === undefined || port === undefined) throw new NotGiven(noEndpoint(name, status));
  return {
    instance: name,
    engine: instance.Engine ?? "",
    endpoint: { host, port },
    securityGroups: securityGroupsOf(instance),
    ...told({ cluster: instance.DBClusterIdentifier }),
  };
}
