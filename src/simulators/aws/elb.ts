import { z } from "zod";
import { liesWithin, withoutDualstack } from "../dns/names.ts";
import type { World } from "../world/world.ts";
import {
  balancerDomain,
  buildLoadBalancer,
  canonicalZoneHome,
  type ElbSpec,
  type LoadBalancer,
  type TargetGroup,
} from "./elb-spec.ts";
import { type Target, type TargetCheck, TargetRegistry } from "./elb-targets.ts";
import { type AwsCall, AwsError, type AwsService, XmlList } from "./service.ts";

export interface Elb {
  readonly service: AwsService;
  readonly loadBalancers: readonly LoadBalancer[];
  readonly targets: TargetRegistry;
  /** By canonical name, with or without `dualstack.`. */
  named(dnsName: string): LoadBalancer | undefined;
  /** True while a request would be served: region reachable and a healthy target in some target group. */
  isHealthy(balancer: LoadBalancer): boolean;
  /** For Route 53's validation of aliases outside the record's own zone. */
  readonly aliasTarget: (this: void, name: string, hostedZoneId: string) => "found" | "not-found" | "outside-zone";
  stop(): void;
}

const SetTargetGroup = z.strictObject({
  ...{ region: z.string(), name: z.string() },
  targetType: z.enum(["ip", "instance"]).exactOptional(),
  deregistrationDelaySeconds: z.number().min(0).max(3_600).exactOptional(),
});

export function createElb(
  world: World,
  spec: ElbSpec,
  { accountId, check }: { readonly accountId: string; readonly check: TargetCheck },
): Elb {
  const loadBalancers = spec.loadBalancers.map((entry) => buildLoadBalancer(entry, accountId));
  const targets = new TargetRegistry(
    world,
    loadBalancers.flatMap((balancer) => balancer.targetGroups),
    check,
  );
  world.control.on("POST /elb/target-group", (body) => {
    const { region, name, ...changes } = SetTargetGroup.parse(body);
    const groups = loadBalancers.flatMap(({ targetGroups }) => targetGroups);
    const group = groups.find((each) => each.region === region && each.name === name);
    if (!group) throw new Error(`There is no target group ${name} in ${region}`);
    Object.assign(group, changes);
    world.log.append("elb.target-group", { region, name, ...changes });
  });
  const byName = new Map(loadBalancers.map((balancer) => [balancer.canonicalDnsName, balancer]));
  const named = (dnsName: string) => byName.get(withoutDualstack(dnsName));
  return {
    loadBalancers,
    targets,
    named,
    isHealthy: ({ region, targetGroups }) =>
      !world.regions.isUnreachable(region) && targetGroups.some((group) => targets.healthy(group.arn).length > 0),
    aliasTarget: (name, hostedZoneId) => {
      const balancer = named(name);
      if (balancer) return balancer.canonicalHostedZoneId === hostedZoneId ? "found" : "outside-zone";
      const home = canonicalZoneHome(hostedZoneId);
      return home && liesWithin(name, balancerDomain(home.region, home.type)) ? "not-found" : "outside-zone";
    },
    stop: () => targets.stop(),
    service: {
      name: "elasticloadbalancing",
      protocol: "query",
      namespace: "http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/",
      operations: {
        DescribeLoadBalancers: { mutates: false, handle: (call) => describeBalancers(loadBalancers, call) },
        DescribeListeners: { mutates: false, handle: (call) => describeListeners(loadBalancers, call) },
        DescribeTargetGroups: { mutates: false, handle: (call) => describeGroups(loadBalancers, call) },
        DescribeTargetGroupAttributes: { mutates: false, handle: (call) => describeAttributes(targets, call) },
        DescribeTargetHealth: { mutates: false, handle: (call) => describeHealth(targets, call) },
      },
    },
  };
}

/** The asked-for entries in the order asked, or all of them; one that is missing fails the whole call. */
function select<T extends { readonly arn: string; readonly name: string; readonly region: string }>(
  all: readonly T[],
  call: AwsCall,
  lookup: { readonly arns: string; readonly code: string; readonly message: string },
): readonly T[] {
  const here = all.filter((entry) => entry.region === call.region);
  const pick = (member: string, key: "arn" | "name") => {
    const wanted = call.input[member];
    if (!Array.isArray(wanted)) return undefined;
    return wanted.map((value) => {
      const found = here.find((entry) => entry[key] === value);
      if (!found) throw new AwsError(lookup.code, lookup.message);
      return found;
    });
  };
  return pick(lookup.arns, "arn") ?? pick("Names", "name") ?? here;
}

function describeBalancers(all: readonly LoadBalancer[], call: AwsCall): Record<string, unknown> {
  const missing = {
    arns: "LoadBalancerArns",
    code: "LoadBalancerNotFound",
    message: "One or more load balancers not found",
  };
  const entries = select(all, call, missing).map((balancer) => ({
    LoadBalancerArn: balancer.arn,
    ...(balancer.type !== "gateway" && {
      ...{ DNSName: balancer.dnsName, CanonicalHostedZoneId: balancer.canonicalHostedZoneId },
    }),
    LoadBalancerName: balancer.name,
    Scheme: "internet-facing",
    State: { Code: "active" },
    Type: balancer.type,
    IpAddressType: balancer.ipAddressType,
  }));
  return { LoadBalancers: new XmlList("member", entries) };
}

/** One listener a load balancer, which sends everything to its first target group. */
function describeListeners(all: readonly LoadBalancer[], { input, region }: AwsCall): Record<string, unknown> {
  const balancer = all.find((each) => each.region === region && each.arn === input["LoadBalancerArn"]);
  if (!balancer) throw new AwsError("LoadBalancerNotFound", "One or more load balancers not found");
  const [group] = balancer.targetGroups;
  const action = { Type: "forward", TargetGroupArn: group?.arn, Order: 1 };
  const listener = {
    ListenerArn: `${balancer.arn.replace(":loadbalancer/", ":listener/")}/0a0b0c0d0e0f0001`,
    LoadBalancerArn: balancer.arn,
    ...{ Port: 80, Protocol: balancer.type === "network" ? "TCP" : "HTTP" },
    DefaultActions: new XmlList("member", group ? [action] : []),
  };
  return { Listeners: new XmlList("member", [listener]) };
}

function describeGroups(all: readonly LoadBalancer[], call: AwsCall): Record<string, unknown> {
  const missing = {
    arns: "TargetGroupArns",
    code: "TargetGroupNotFound",
    message: "One or more target groups not found",
  };
  const balancerArn = call.input["LoadBalancerArn"];
  const groups = all.flatMap((balancer) => balancer.targetGroups);
  if (balancerArn !== undefined && !all.some(({ arn, region }) => arn === balancerArn && region === call.region)) {
    throw new AwsError("LoadBalancerNotFound", "One or more load balancers not found");
  }
  const entries = select(groups, call, missing)
    .filter((group) => balancerArn === undefined || group.loadBalancerArn === balancerArn)
    .map(shownGroup);
  return { TargetGroups: new XmlList("member", entries) };
}

function shownGroup(group: TargetGroup): Record<string, unknown> {
  return {
    TargetGroupArn: group.arn,
    TargetGroupName: group.name,
    Protocol: "HTTP",
    Port: group.port,
    HealthCheckProtocol: "HTTP",
    HealthCheckPort: "traffic-port",
    HealthCheckEnabled: true,
    HealthCheckIntervalSeconds: group.healthCheckIntervalSeconds,
    HealthCheckTimeoutSeconds: 5,
    HealthyThresholdCount: group.healthyThreshold,
    UnhealthyThresholdCount: group.unhealthyThreshold,
    HealthCheckPath: group.healthCheckPath,
    Matcher: { HttpCode: "200-399" },
    LoadBalancerArns: new XmlList("member", [group.loadBalancerArn]),
    TargetType: group.targetType,
  };
}

/** The group that a call is about, in its own region. */
function groupOf(registry: TargetRegistry, { input, region }: AwsCall): TargetGroup {
  const arn = input["TargetGroupArn"];
  if (typeof arn !== "string") throw new AwsError("ValidationError", "A target group ARN must be specified");
  const group = registry.group(arn);
  if (group?.region !== region) throw new AwsError("TargetGroupNotFound", "One or more target groups not found");
  return group;
}

function describeAttributes(registry: TargetRegistry, call: AwsCall): Record<string, unknown> {
  const { deregistrationDelaySeconds: delay } = groupOf(registry, call);
  const entries = [{ Key: "deregistration_delay.timeout_seconds", Value: String(delay) }];
  return { Attributes: new XmlList("member", entries) };
}

function describeHealth(registry: TargetRegistry, call: AwsCall): Record<string, unknown> {
  const group = groupOf(registry, call);
  const { arn } = group;
  const wanted = call.input["Targets"];
  const known = registry.targets(arn);
  const entries = Array.isArray(wanted)
    ? wanted.map((target) => shownOrUnused(known, group, target))
    : known.map(shown);
  return { TargetHealthDescriptions: new XmlList("member", entries) };
}

function shown({ id, port, state, reason, description }: Target): Record<string, unknown> {
  return {
    Target: { Id: id, Port: port },
    HealthCheckPort: String(port),
    TargetHealth: {
      State: state,
      ...(reason !== undefined && { Reason: reason }),
      ...(description !== undefined && { Description: description }),
    },
  };
}

function shownOrUnused(known: readonly Target[], group: TargetGroup, wanted: unknown): Record<string, unknown> {
  const id = typeof wanted === "object" && wanted !== null && "Id" in wanted ? String(wanted.Id) : "";
  const target = known.find((other) => other.id === id);
  if (target) return shown(target);
  const TargetHealth = {
    State: "unused",
    Reason: "Target.NotRegistered",
    Description: "Target is not registered to the target group",
  };
  return { Target: { Id: id, Port: group.port }, TargetHealth };
}
