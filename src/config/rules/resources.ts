import type { Region, ServiceFile, Site } from "../../domain/service/service.ts";
import { ALL_CANONICAL_ZONES, canonicalZone, readBalancerName, zoneOwner } from "../load-balancers.ts";
import type { Finding, Path } from "../problem.ts";
import { mostSimilar } from "../similar.ts";
import { eachSite, type Rule, rule, sharedBetween } from "./rule.ts";

/** Resources that really lie in their site, and belong to one service. */
export const RESOURCE_RULES: readonly Rule[] = [
  rule({
    name: "balancer-lies-in-its-site",
    severity: "error",
    because: "The name of a load balancer says its region; another site's name sends users to the wrong side.",
    needs: ["services"],
    check: ({ services }) =>
      eachSite(services, ({ load_balancer }, region, path) => {
        const at = [...path, "load_balancer", "dns_name"];
        const read = readBalancerName(load_balancer.dns_name);
        const instead = `write the load balancer's own DNS name, such as name-1234567890.${region}.elb.amazonaws.com`;
        if (!read) return [{ path: at, what: `${load_balancer.dns_name} is no load balancer's own name`, instead }];
        if (read.region === region) return [];
        return [{ path: at, what: `this load balancer lies in ${read.region}, not in ${region}`, instead }];
      }),
  }),
  rule({
    // Seed error 33: a zone that does not exist on one record, the zone of a network load balancer on the other.
    name: "balancer-zone",
    severity: "error",
    because: "Route 53 refuses a whole batch of records when one alias names the wrong zone.",
    needs: ["services"],
    check: ({ services }) =>
      eachSite(services, ({ load_balancer: { dns_name, zone } }, _region, path) => {
        const read = readBalancerName(dns_name);
        const right = read && canonicalZone(read.region, read.kind);
        if (!right || right === zone) return [];
        return [
          {
            path: [...path, "load_balancer", "zone"],
            what: `${zone} ${sayZone(zone)}; this is the ${read.kind} load balancer of ${read.region}`,
            instead: `write ${right}`,
          },
        ];
      }),
  }),
  rule({
    name: "target-group-lies-in-its-site",
    severity: "error",
    because: "Health that is read elsewhere is another service's health.",
    needs: ["aws", "services"],
    check: ({ aws, services }) =>
      eachSite(services, ({ compute }, region, path) =>
        arnElsewhere([...path, "compute", "target_group"], compute.target_group, region, aws.account),
      ),
  }),
  rule({
    name: "role-account",
    severity: "error",
    because: "A role of another account cannot touch the resources described here.",
    needs: ["aws"],
    check: ({ aws }) =>
      (["observe_role", "execute_role"] as const).flatMap((key) => {
        const account = aws[key]?.split(":")[4];
        if (account === undefined || account === aws.account) return [];
        return [
          {
            path: ["aws", key],
            what: `this role belongs to the account ${account}, not to ${aws.account}`,
            instead: `write the role of the account ${aws.account}`,
          },
        ];
      }),
  }),
  rule({
    name: "endpoint-lies-in-its-site",
    severity: "error",
    because: "An endpoint of the other region would be checked in the place of this one.",
    needs: ["services"],
    check: ({ services }) =>
      eachSite(services, ({ database }, region, path) => {
        const found = /^([a-z][a-z0-9-]*)\.[a-z0-9-]+\.([a-z]{2}(?:-[a-z]+)+-\d)\.rds\.amazonaws\.com$/.exec(
          database.endpoint,
        );
        const at = [...path, "database", "endpoint"];
        const instead = `write the instance's own endpoint, ${database.instance}.<id>.${region}.rds.amazonaws.com`;
        if (!found) return [{ path: at, what: `${database.endpoint} is no RDS instance's own endpoint`, instead }];
        if (found[2] !== region)
          return [{ path: at, what: `this endpoint lies in ${found[2]}, not in ${region}`, instead }];
        if (found[1] === database.instance) return [];
        return [{ path: at, what: `this is the endpoint of ${found[1]}, not of ${database.instance}`, instead }];
      }),
  }),
  rule({
    name: "resource-belongs-to-one-service",
    severity: "error",
    because: "A failover of one service would move the other's resources with it.",
    needs: ["services"],
    check: ({ services }) =>
      sharedBetween(eachResource(services), ({ what, owner }, first) => ({
        what: `${owner} has the same ${what} as ${first.owner}`,
        instead: "describe what shares its resources as one service",
      })),
  }),
];

function sayZone(zone: string): string {
  const owner = zoneOwner(zone);
  if (owner) return `belongs to ${owner.kind} load balancers in ${owner.region}`;
  const near = mostSimilar(zone, ALL_CANONICAL_ZONES);
  const meant = near === undefined ? undefined : zoneOwner(near);
  const slip = meant ? ` (it looks like ${near}, ${meant.kind} load balancers in ${meant.region})` : "";
  return `is no load balancer's zone at all${slip}`;
}

function arnElsewhere(path: Path, arn: string, region: Region, account: string): Finding[] {
  const [, , , itsRegion, itsAccount] = arn.split(":");
  const instead = `write the target group of ${region} in the account ${account}`;
  if (itsRegion !== region)
    return [{ path, what: `this target group lies in ${itsRegion}, not in ${region}`, instead }];
  if (itsAccount === account) return [];
  return [{ path, what: `this target group belongs to the account ${itsAccount}, not to ${account}`, instead }];
}

interface Resource {
  readonly key: string;
  readonly path: Path;
  readonly owner: string;
  readonly what: string;
}

function eachResource(services: Readonly<Record<string, ServiceFile>>): Resource[] {
  return Object.entries(services).flatMap(([owner, service]) => [
    ...Object.entries(service.sites).flatMap(([region, site]) => resourcesOf(site, region, owner)),
    {
      ...{ key: `record/${service.traffic.zone}/${service.traffic.name}`, owner },
      ...{ what: `record ${service.traffic.name}`, path: ["services", owner, "traffic", "name"] },
    },
  ]);
}

function resourcesOf({ database, compute }: Site, region: Region, owner: string): Resource[] {
  const path = ["services", owner, "sites", region];
  return [
    {
      ...{ key: `database/${region}/${database.instance}`, owner, what: `database ${database.instance} in ${region}` },
      path: [...path, "database", "instance"],
    },
    {
      ...{ key: `compute/${region}/${compute.cluster}/${compute.service}`, owner },
      ...{ what: `ECS service ${compute.service} in ${region}`, path: [...path, "compute", "service"] },
    },
    {
      ...{ key: `target group/${region}/${compute.target_group}`, owner, what: `target group in ${region}` },
      path: [...path, "compute", "target_group"],
    },
  ];
}
