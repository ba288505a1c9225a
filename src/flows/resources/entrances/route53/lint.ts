import type { Finding, Path } from "../../../../domain/service/finding.ts";
import { type Region, route53RegionOf } from "../../../../domain/service/region.ts";
import type { KindRule, LintPlace } from "../../kind.ts";
import { exactly } from "../../regions.ts";
import type { PublicName, Route53 } from "./settings.ts";

export const RULES: readonly KindRule<Route53>[] = [
  {
    // Seed errors 28 and 52: alarms and record changes depend on the region that failed.
    name: "control-plane-in-protected-region",
    severity: "warning",
    because: "The Route 53 API lives in us-east-1 and fails with it, although DNS goes on answering.",
    check: ({ resource, service, name }) =>
      service.regions.flatMap((region, at) => {
        if (region !== route53RegionOf(region)) return [];
        return [
          {
            path: ["services", name, "regions", at],
            what: `when ${region} fails, records of ${name} cannot be changed: ${consequence(resource, at === 0)}`,
            instead: "choose another region, or prepare a switch that needs no Route 53 API (ARC routing controls)",
          },
        ];
      }),
  },
  {
    name: "record-for-each-region",
    severity: "error",
    because: "Traffic is moved by changing the records of both sides in one batch.",
    check: ({ resource, service, path }) =>
      eachName(resource, path, (entry, at) =>
        (["set_identifiers", "values"] as const).flatMap((key) => {
          const values = entry[key];
          if (values === undefined) return [];
          return [...exactly([...at, key], Object.keys(values), service.regions), ...sameTwice([...at, key], values)];
        }),
      ),
  },
  {
    name: "primary-is-not-secondary",
    severity: "error",
    because: "Two record sets of one name are told apart by their identifiers.",
    check: ({ resource, path }) =>
      eachName(resource, path, ({ primary, secondary }, at) =>
        primary !== undefined && primary === secondary
          ? [
              {
                path: [...at, "secondary"],
                what: `primary and secondary are both ${primary}`,
                instead: "write the SetIdentifier of each record as Route 53 has it",
              },
            ]
          : [],
      ),
  },
  {
    name: "one-entry-for-each-name",
    severity: "error",
    because: "Of two entries with one name and zone only one would be looked at and moved.",
    check: ({ resource, path }) => eachName(resource, path, (entry, at) => sameEntry(entry, at, resource)),
  },
  {
    name: "private-zone-is-named",
    severity: "error",
    because: "Users outside a private zone's networks see nothing of it, and neither does TwoKey.",
    check: ({ resource, path }) => [
      ...eachName(resource, path, ({ private: isPrivate, zone }, at) =>
        isPrivate && zone === undefined
          ? [{ path: [...at, "private"], what: "the private zone is not named", instead: "write its id as zone" }]
          : [],
      ),
      ...(resource.names.every((entry) => entry.private)
        ? [
            {
              path: [...path, "names"],
              what: "every name lies in a private zone, so nobody could see whether users have moved",
              instead: "name the public record that users resolve as well",
            },
          ]
        : []),
    ],
  },
  {
    name: "settings-fit-routing",
    severity: "error",
    because: "A setting of another routing is never read, and its author believes that it is.",
    check: ({ resource, path }) => eachName(resource, path, foreignToRouting),
  },
  {
    name: "public-url-is-the-record",
    severity: "warning",
    because: "The last check of a failover goes through the name that was moved.",
    check: publicUrl,
  },
];

/** What each routing reads beside the name and its zone. */
const READ_BY = {
  weighted: ["set_identifiers"],
  failover: ["primary", "secondary"],
  simple: ["ttl_seconds", "values"],
} as const;
const ROUTED = ["set_identifiers", "primary", "secondary", "ttl_seconds", "values"] as const;

function eachName(
  { names }: Route53,
  path: Path,
  check: (entry: PublicName, path: Path) => readonly Finding[],
): Finding[] {
  return names.flatMap((entry, at) => check(entry, [...path, "names", at]));
}

function foreignToRouting(entry: PublicName, path: Path): Finding[] {
  const { routing } = entry;
  const written = ROUTED.filter((key) => entry[key] !== undefined);
  if (routing === undefined) {
    return written.slice(0, 1).map((key) => ({
      path: [...path, key],
      what: `${key} is written, and the routing is not`,
      instead: "write routing: weighted, failover or simple as well, or leave both to be discovered",
    }));
  }
  const read: readonly string[] = READ_BY[routing];
  return written
    .filter((key) => !read.includes(key))
    .map((key) => ({
      ...{ path: [...path, key], isAboutKey: true as const },
      what: `${key} means nothing with routing: ${routing}`,
      instead: `remove it, or correct the routing; ${routing} reads ${READ_BY[routing].join(" and ")}`,
    }));
}

/** One name may stand in the public zone and in private ones: those are told apart by their zones. */
function sameEntry(entry: PublicName, path: Path, { names }: Route53): Finding[] {
  const zoneOf = (each: PublicName) => (each.private ? (each.zone ?? "") : "");
  const first = names.find((each) => each.name === entry.name && zoneOf(each) === zoneOf(entry));
  if (first === entry) return [];
  return [
    {
      path: [...path, "name"],
      what: `${entry.name} is named twice`,
      instead: "remove one, or write private: true and its zone for the record of a private zone",
    },
  ];
}

function publicUrl({ resource, service, name }: LintPlace<Route53>): Finding[] {
  const host = new URL(service.url).hostname;
  const [first] = resource.names;
  if (!first || resource.names.some((entry) => entry.name === host)) return [];
  return [
    {
      path: ["services", name, "url"],
      what: `${host} is not the record that is moved (${first.name}), so reaching it proves little`,
      instead: `write https://${first.name}`,
    },
  ];
}

function consequence({ names: [first] }: Route53, isHome: boolean): string {
  if (!isHome) return "users of the home region are safe, but no failback can move them";
  if (first?.routing === "failover") {
    return "users move only if the PRIMARY health check turns unhealthy by itself, and nothing can move them back";
  }
  return "users stay on the dead side until the Route 53 API answers again, whatever else the failover has done";
}

function sameTwice(path: Path, entries: Readonly<Record<Region, string>>): Finding[] {
  const seen = new Set<string>();
  return Object.entries(entries).flatMap(([region, value]) => {
    if (!seen.has(value)) {
      seen.add(value);
      return [];
    }
    return [
      { path: [...path, region], what: `both regions have ${value}`, instead: `write what belongs to ${region}` },
    ];
  });
}
