import type { Finding, Path } from "../../../../domain/service/finding.ts";
import type { Region } from "../../../../domain/service/region.ts";
import { mostSimilar } from "../../../../domain/similar.ts";
import type { KindRule, LintPlace } from "../../kind.ts";
import { ALL_CANONICAL_ZONES, canonicalZone, readBalancerName, zoneOwner } from "../../load-balancers.ts";
import { inRegion, isWorker } from "./parts.ts";
import type { Ecs } from "./settings.ts";

export const RULES: readonly KindRule<Ecs>[] = [
  {
    name: "service-named-in-each-region",
    severity: "error",
    because: "What is not named in a region cannot be started there.",
    check: ({ resource, service, path }) =>
      service.regions
        .filter((region) => inRegion(resource, region).service === undefined)
        .map((region) => ({
          path: resource.in ? [...path, "in"] : path,
          what: `no ECS service is named for ${region}`,
          instead: `write id: cluster/service, or in: { ${region}: { id: cluster/service } }`,
        })),
  },
  {
    name: "balancer-lies-in-its-site",
    severity: "error",
    because: "The name of a load balancer says its region; another site's name sends users to the wrong side.",
    check: (place) =>
      eachRegion(place, ({ load_balancer }, region, path) => {
        if (load_balancer?.dns_name === undefined) return [];
        const at = [...path, "load_balancer", "dns_name"];
        const read = readBalancerName(load_balancer.dns_name);
        const instead = `write the load balancer's own DNS name, such as name-1234567890.${region}.elb.amazonaws.com`;
        if (!read) return [{ path: at, what: `${load_balancer.dns_name} is no load balancer's own name`, instead }];
        if (read.region === region) return [];
        return [{ path: at, what: `this load balancer lies in ${read.region}, not in ${region}`, instead }];
      }),
  },
  {
    // Seed error 33: a zone that does not exist on one record, the zone of a network load balancer on the other.
    name: "balancer-zone",
    severity: "error",
    because: "Route 53 refuses a whole batch of records when one alias names the wrong zone.",
    check: (place) =>
      eachRegion(place, ({ load_balancer: { dns_name, zone } = {} }, _region, path) => {
        const read = dns_name === undefined ? undefined : readBalancerName(dns_name);
        const right = read && canonicalZone(read.region, read.kind);
        if (!right || zone === undefined || right === zone) return [];
        return [
          {
            path: [...path, "load_balancer", "zone"],
            what: `${zone} ${sayZone(zone)}; this is the ${read.kind} load balancer of ${read.region}`,
            instead: `write ${right}`,
          },
        ];
      }),
  },
  {
    name: "worker-has-no-targets",
    severity: "error",
    because: "With `running-tasks` nobody reaches the service by name, so nothing of a load balancer is ever read.",
    check: (place) =>
      eachRegion(place, (settings, region, path) => {
        if (!isWorker(place.resource)) return [];
        const written = (["target_group", "load_balancer"] as const).filter((key) => settings[key] !== undefined);
        return written.map((key) => ({
          ...{ path: [...path, key], isAboutKey: true as const },
          what: `${key} means nothing with healthy_means: running-tasks`,
          instead: `remove it, or write healthy_means: writable-database or process if users reach this service in ${region}`,
        }));
      }),
  },
  {
    name: "target-group-lies-in-its-site",
    severity: "error",
    because: "Health that is read elsewhere is another service's health.",
    check: (place) =>
      eachRegion(place, ({ target_group: arn }, region, path) => {
        const account = place.accountIn(region);
        if (arn === undefined || account === undefined) return [];
        return arnElsewhere([...path, "target_group"], { arn, region, account });
      }),
  },
  {
    name: "tasks-fit",
    severity: "error",
    because: "A maximum below the wanted number scales the service back in.",
    check: ({ resource, service, path }) => {
      const places = service.regions.map((region) => ({ region, ...inRegion(resource, region) }));
      const wrong = places.filter(({ tasks, maxTasks }) => typeof maxTasks === "number" && maxTasks < tasks);
      const findings = wrong.map(({ region, tasks, maxTasks }) => ({
        path: whereWritten(resource, path, { region, key: "max_tasks" }),
        what: `max_tasks is ${maxTasks}, below the ${tasks} tasks that serve users`,
        instead: `write at least ${tasks}`,
      }));
      return onePlaceOnce(findings);
    },
  },
  {
    name: "standby-carries-the-load",
    severity: "warning",
    because: "After a failover the standby has all the users.",
    check: ({ resource, service, path }) => {
      const [home = "", ...others] = service.regions;
      const ours = inRegion(resource, home).tasks;
      return others
        .map((region) => ({ region, theirs: inRegion(resource, region).tasks }))
        .filter(({ region, theirs }) => theirs < ours && region !== home)
        .map(({ region, theirs }) => ({
          path: whereWritten(resource, path, { region, key: "tasks" }),
          what: `the standby would serve everybody with ${theirs} tasks where the home region has ${ours}`,
          instead: `write at least ${ours}, unless fewer were measured to be enough`,
        }));
    },
  },
];

type InRegion = NonNullable<Ecs["in"]>[Region];

function eachRegion(
  { resource, path }: LintPlace<Ecs>,
  check: (settings: InRegion, region: Region, path: Path) => readonly Finding[],
): Finding[] {
  return Object.entries(resource.in ?? {}).flatMap(([region, settings]) =>
    check(settings, region, [...path, "in", region]),
  );
}

/** A region's own value where it has one, else the value of all regions. */
function whereWritten(
  resource: Ecs,
  path: Path,
  { region, key }: { readonly region: Region; readonly key: "tasks" | "max_tasks" },
): Path {
  return resource.in?.[region]?.[key] === undefined ? [...path, key] : [...path, "in", region, key];
}

function onePlaceOnce(findings: readonly Finding[]): Finding[] {
  return [...new Map(findings.map((finding) => [JSON.stringify(finding.path), finding])).values()];
}

function sayZone(zone: string): string {
  const owner = zoneOwner(zone);
  if (owner) return `belongs to ${owner.kind} load balancers in ${owner.region}`;
  const near = mostSimilar(zone, ALL_CANONICAL_ZONES);
  const meant = near === undefined ? undefined : zoneOwner(near);
  const slip = meant ? ` (it looks like ${near}, ${meant.kind} load balancers in ${meant.region})` : "";
  return `is no load balancer's zone at all${slip}`;
}

interface Arn {
  readonly arn: string;
  readonly region: Region;
  readonly account: string;
}

function arnElsewhere(path: Path, { arn, region, account }: Arn): Finding[] {
  const [, , , itsRegion, itsAccount] = arn.split(":");
  const instead = `write the target group of ${region} in the account ${account}`;
  if (itsRegion !== region)
    return [{ path, what: `this target group lies in ${itsRegion}, not in ${region}`, instead }];
  if (itsAccount === account) return [];
  return [{ path, what: `this target group belongs to the account ${itsAccount}, not to ${account}`, instead }];
}
