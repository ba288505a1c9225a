import { createHash } from "node:crypto";
import { z } from "zod";
import { canonicalName } from "../dns/names.ts";
import { partitionOf } from "./arn.ts";

const TargetGroupSpec = z.strictObject({
  name: z.string(),
  arn: z.string().optional(),
  port: z.number().int().default(8080),
  /** By what its targets are known: the address of a task, or a machine. */
  targetType: z.enum(["ip", "instance"]).default("ip"),
  /** `/health` is shallow; `/health?check=db` is healthy only while the database takes writes. */
  healthCheckPath: z.string().default("/health"),
  healthCheckIntervalSeconds: z.number().positive().default(10),
  healthyThreshold: z.number().int().min(2).max(10).default(2),
  unhealthyThreshold: z.number().int().min(2).max(10).default(2),
  deregistrationDelaySeconds: z.number().min(0).max(3_600).default(30),
});

export const LoadBalancerSpec = z.strictObject({
  region: z.string(),
  name: z.string(),
  /** A `gateway` has no name of its own: users reach it by routes. */
  type: z.enum(["application", "network", "gateway"]).default("application"),
  /** `dualstack`: its names have IPv6 addresses too. */
  ipAddressType: z.enum(["ipv4", "dualstack"]).default("ipv4"),
  arn: z.string().optional(),
  dnsName: z.string().optional(),
  /** Needed in regions that the table below does not name. */
  canonicalHostedZoneId: z.string().optional(),
  targetGroups: z.array(TargetGroupSpec).min(1),
});

export const ElbSpec = z.strictObject({ loadBalancers: z.array(LoadBalancerSpec).default([]) });
export type ElbSpec = z.infer<typeof ElbSpec>;

export interface TargetGroup extends z.infer<typeof TargetGroupSpec> {
  readonly arn: string;
  readonly region: string;
  readonly loadBalancerArn: string;
}

export interface LoadBalancer {
  readonly region: string;
  readonly name: string;
  readonly type: "application" | "network" | "gateway";
  readonly ipAddressType: "ipv4" | "dualstack";
  readonly arn: string;
  /** As the API shows it; `canonicalDnsName` has lower case and the trailing dot. */
  readonly dnsName: string;
  readonly canonicalDnsName: string;
  readonly canonicalHostedZoneId: string;
  readonly targetGroups: readonly TargetGroup[];
}

/** Zones that hold the load balancers' own names, by region and kind (AWS General Reference, ELB endpoints). */
const CANONICAL_ZONES: Readonly<Record<string, Partial<Record<LoadBalancer["type"], string>>>> = {
  "eu-west-1": { application: "Z32O12XQLNTSW2", network: "Z2IFOLAFXWLO4F" },
  "eu-central-1": { application: "Z215JYRZR1TBD5", network: "Z3F0SRJ5LGBH90" },
  "us-east-1": { application: "Z35SXDOTRQ7X7K", network: "Z26RNL4JYFTOTI" },
  "us-west-2": { application: "Z1H1FL5HABSF5", network: "Z18D5FSROUN65G" },
};

/** The region and kind that a canonical zone serves. */
export function canonicalZoneHome(zoneId: string): { region: string; type: LoadBalancer["type"] } | undefined {
  for (const [region, zones] of Object.entries(CANONICAL_ZONES)) {
    if (zones.application === zoneId) return { region, type: "application" };
    if (zones.network === zoneId) return { region, type: "network" };
  }
  return undefined;
}

/** Domain below which the names of a region's load balancers of one kind lie. */
export function balancerDomain(region: string, type: LoadBalancer["type"]): string {
  return type === "application" ? `${region}.elb.amazonaws.com.` : `elb.${region}.amazonaws.com.`;
}

/** Names, ARNs and zones that the spec left out are derived from region and name alone, whatever the seed. */
export function buildLoadBalancer(spec: z.infer<typeof LoadBalancerSpec>, accountId: string): LoadBalancer {
  const { region, name, type, ipAddressType } = spec;
  const canonicalHostedZoneId = spec.canonicalHostedZoneId ?? CANONICAL_ZONES[region]?.[type];
  if (!canonicalHostedZoneId) throw new Error(`Give the canonicalHostedZoneId of load balancer ${name} in ${region}`);
  const digest = createHash("sha256").update(`${region}/${name}`).digest("hex");
  const prefix = `arn:${partitionOf(region)}:elasticloadbalancing:${region}:${accountId}`;
  const arn =
    spec.arn ?? `${prefix}:loadbalancer/${type === "application" ? "app" : "net"}/${name}/${digest.slice(0, 16)}`;
  const digits = String(Number.parseInt(digest.slice(0, 8), 16)).padStart(10, "0");
  const dnsName = spec.dnsName ?? `${name}-${digits}.${balancerDomain(region, type).slice(0, -1)}`;
  return {
    ...{
      region,
      name,
      type,
      ipAddressType,
      arn,
      dnsName,
      canonicalHostedZoneId,
      canonicalDnsName: canonicalName(dnsName),
    },
    targetGroups: spec.targetGroups.map((group) => {
      const id = createHash("sha256").update(`${region}/${name}/${group.name}`).digest("hex").slice(0, 16);
      return { ...group, region, arn: group.arn ?? `${prefix}:targetgroup/${group.name}/${id}`, loadBalancerArn: arn };
    }),
  };
}
