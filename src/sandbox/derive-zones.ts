import type { Region, Service } from "../domain/service/service.ts";
import type { Traffic } from "../flows/resources/parts.ts";
import { frontOf, namesOf, storesIn } from "../flows/resources/site.ts";
import type { TrafficSpecInput } from "../simulators/application/traffic.ts";
import { firstTarget } from "./first-target.ts";

type ZoneSpec = TrafficSpecInput["route53"]["zones"][number];
type RecordSpec = NonNullable<ZoneSpec["records"]>[number];

/** A record in a zone, before the zone's own name is known. */
interface Placed {
  readonly zone: string;
  readonly isPrivate: boolean;
  readonly record: RecordSpec;
}

/**
 * Zones and records as the file names them, all of them pointing home. `checkOf`: id of the health check that the PRIMARY
 * record of failover routing carries. Throws Error where the names in one zone have no domain in common.
 */
export function deriveZones(
  services: readonly Service[],
  checkOf: (service: string) => string | undefined,
): ZoneSpec[] {
  const placed = services.flatMap((service) => [
    ...namesOf(service).flatMap((traffic) => trafficRecords(service, traffic, checkOf(service.name))),
    ...databaseRecords(service),
  ]);
  return [...new Set(placed.map(({ zone }) => zone))].map((id) => {
    const members = placed.filter(({ zone }) => zone === id);
    return {
      ...{ id, name: zoneName(id, [...new Set(members.map(({ record }) => record.Name))]) },
      // A zone that users resolve is public, whatever else it holds.
      private: members.every(({ isPrivate }) => isPrivate),
      records: members.map(({ record }) => record),
    };
  });
}

/** A name to ask for where the record is a wildcard. */
export function askedName(recordName: string): string {
  return recordName.replace("*", "www");
}

function trafficRecords(service: Service, traffic: Traffic, healthCheck: string | undefined): Placed[] {
  const { home, regions } = service;
  const inZone = (record: RecordSpec): Placed => ({
    ...{ zone: traffic.zone, isPrivate: traffic.isPrivate === true, record },
  });
  const named = { Name: traffic.name, Type: "A" as const };
  switch (traffic.routing) {
    case "weighted":
      return regions.map((region) =>
        inZone({
          ...{ ...named, SetIdentifier: traffic.set_identifiers[region] ?? region },
          ...{ Weight: region === home ? 100 : 0, AliasTarget: alias(service, region) },
        }),
      );
    case "failover":
      return [
        inZone({
          ...{ ...named, SetIdentifier: traffic.primary, Failover: "PRIMARY", AliasTarget: alias(service, home) },
          ...(healthCheck === undefined ? {} : { HealthCheckId: healthCheck }),
        }),
        inZone({
          ...{ ...named, SetIdentifier: traffic.secondary, Failover: "SECONDARY" },
          AliasTarget: alias(service, firstTarget(service)),
        }),
      ];
    case "simple":
      return [
        inZone(cname(traffic.name, traffic.ttl_seconds, traffic.values[home] ?? balancerOf(service, home))),
        ...regions.flatMap((region) => steppingStone(service, traffic, region)),
      ];
  }
}

/** A CNAME value that is no load balancer's name leads on to the one of its site. */
function steppingStone(service: Service, traffic: Traffic, region: Region): Placed[] {
  const value = (traffic.routing === "simple" ? traffic.values[region] : undefined)?.toLowerCase().replace(/\.$/, "");
  if (value === undefined || value === balancerOf(service, region) || value.endsWith(".amazonaws.com")) return [];
  const isNeighbour = value.endsWith(`.${parentOf(traffic.name)}`);
  const zone = isNeighbour
    ? traffic.zone
    : `ZSTONE${parentOf(value)
        .toUpperCase()
        .replaceAll(/[^A-Z0-9]/g, "")}`;
  return [{ zone, isPrivate: false, record: cname(value, 60, balancerOf(service, region)) }];
}

const databaseRecords = (service: Service): Placed[] =>
  storesIn(service, service.home).flatMap(({ database, record }) => {
    if (!record) return [];
    const endpoint = database.endpoint.toLowerCase();
    return [{ zone: record.zone, isPrivate: true, record: cname(record.name, record.ttl_seconds, endpoint) }];
  });

function cname(Name: string, TTL: number, Value: string): RecordSpec {
  return { Name, Type: "CNAME", TTL, ResourceRecords: [{ Value }] };
}

function alias(service: Service, region: Region) {
  const front = frontOf(service, region);
  return { HostedZoneId: front?.zone ?? "", DNSName: front?.dns_name ?? "", EvaluateTargetHealth: true };
}

function balancerOf(service: Service, region: Region): string {
  return frontOf(service, region)?.dns_name.toLowerCase() ?? "";
}

/** The longest domain that all names lie below; a name of two labels is the top of its zone. */
function zoneName(id: string, names: readonly string[]): string {
  const domains = names.map((name) => (name.split(".").length > 2 ? parentOf(name) : name));
  let common = domains[0] ?? "";
  for (const domain of domains) {
    while (common !== "" && !`.${domain}`.endsWith(`.${common}`)) common = common.split(".").slice(1).join(".");
  }
  if (common === "") throw new Error(`The records ${names.join(", ")} cannot all lie in the zone ${id}`);
  return common;
}

function parentOf(name: string): string {
  return name.slice(name.indexOf(".") + 1);
}
