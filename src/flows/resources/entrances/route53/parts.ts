import { type Region, route53RegionOf } from "../../../../domain/service/region.ts";
import type { Permission } from "../../../../ports/permission.ts";
import { CHANGES_LOOK, changing, hostedZone, RECORDS_LOOK } from "../../../steps/permissions.ts";
import type { LookRule, NamedRecord, Subject } from "../../kind.ts";
import { knownValue } from "../../known-value.ts";
import type { Traffic } from "../../parts.ts";
import type { PublicName, Route53 } from "./settings.ts";

/** TTL with which Route 53 answers an alias to a load balancer; it cannot be changed. */
const ALIAS_TTL_SECONDS = 60;

export const names = ({ names: all }: Route53, regions: readonly Region[]): Traffic[] =>
  all.map((entry) => trafficOf(entry, regions));

interface Named {
  readonly name: string;
  readonly zone?: string | undefined;
}

/** A name of a private zone may stand in the public one, and in other private ones, too. */
const keyOf = (entry: PublicName): string => (entry.private ? trafficKey({ ...entry, isPrivate: true }) : entry.name);
const sayName = (entry: PublicName): string => (entry.private ? sayTraffic({ ...entry, isPrivate: true }) : entry.name);

/** Tells a name from every other one of its entrance: no two entries have the same zone and name. */
export const trafficKey = ({ name, zone = "", isPrivate }: Named & Pick<Traffic, "isPrivate">): string =>
  isPrivate ? [zone.toLowerCase(), name].join("/") : name;

export const sayTraffic = ({ name, zone = "", isPrivate }: Named & Pick<Traffic, "isPrivate">): string =>
  isPrivate ? `${name} in private zone ${zone}` : name;

function trafficOf(found: PublicName, regions: readonly Region[]): Traffic {
  const { name } = found;
  const record = {
    ...{ name, zone: knownValue(found.zone, `The hosted zone of ${name}`) },
    ...(found.private ? { isPrivate: true as const } : {}),
  };
  const identifier = (value: string | undefined, which: string) =>
    knownValue(value, `The set identifier of the ${which} record of ${name}`);
  const routing = knownValue(found.routing, `The routing of ${name}`);
  switch (routing) {
    case "weighted":
      return {
        ...{ ...record, routing },
        set_identifiers: byRegion(regions, (region) => identifier(found.set_identifiers?.[region], region)),
      };
    case "failover":
      return {
        ...{ ...record, routing },
        primary: identifier(found.primary, "PRIMARY"),
        secondary: identifier(found.secondary, "SECONDARY"),
      };
    case "simple":
      return {
        ...{ ...record, routing },
        ttl_seconds: knownValue(found.ttl_seconds, `The TTL of ${name}`),
        values: byRegion(regions, (region) =>
          knownValue(found.values?.[region], `The value of ${name} that leads to ${region}`),
        ),
      };
  }
}

function byRegion(regions: readonly Region[], find: (region: Region) => string): Record<Region, string> {
  return Object.fromEntries(regions.map((region) => [region, find(region)]));
}

export function subjects({ names: all }: Route53, regions: readonly Region[]): Subject[] {
  const [home = ""] = regions;
  return all.map((entry, at) => ({
    ...{ key: `record/${keyOf(entry)}`, says: `record ${sayName(entry)}`, region: route53RegionOf(home) },
    ...{ path: ["names", at], isOwn: true, wants: ["zone", "routing", ...wantsOf(entry, regions)] },
  }));
}

/** What each routing needs; unknown routing: it is found together with what it needs. */
function wantsOf({ routing }: PublicName, regions: readonly Region[]): string[] {
  const each = (key: string) => regions.map((region) => `${key}.${region}`);
  const weighted = each("set_identifiers");
  const failover = ["primary", "secondary"];
  const simple = ["ttl_seconds", ...each("values")];
  return routing === undefined ? [] : { weighted, failover, simple }[routing];
}

export function records({ names: all }: Route53): NamedRecord[] {
  return all.map(({ name, zone, routing, ttl_seconds }, at) => {
    const isCname = routing === "simple";
    return {
      ...{ name, zone, path: ["names", at], hasOwnTtl: isCname },
      ttlSeconds: isCname ? ttl_seconds : ALIAS_TTL_SECONDS,
    };
  });
}

export const permits = ({ names: all }: Route53): Permission[] =>
  all.map(({ name, zone = "*" }) => changing({ zone, name, types: ["A", "AAAA", "CNAME"] }));

export const LOOKS: readonly LookRule<Route53>[] = [
  { actions: ["route53:ListHostedZonesByName"], isGlobal: true },
  { ...RECORDS_LOOK, on: ({ names: all }) => all.map(({ zone }) => hostedZone(zone)) },
  CHANGES_LOOK,
];
