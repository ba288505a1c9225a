import { z } from "zod";
import type { Finding } from "../../../../domain/service/finding.ts";
import { dnsSuffixOf } from "../../../../domain/service/region.ts";
import type { KindRule, LintPlace } from "../../kind.ts";
import type { RdsReplica } from "./settings.ts";

export const RULES: readonly KindRule<RdsReplica>[] = [
  {
    name: "endpoint-lies-in-its-site",
    severity: "error",
    because: "An endpoint of the other region would be checked in the place of this one.",
    check: ({ resource, path }) =>
      Object.entries(resource.in).flatMap(([region, { id, endpoint }]) => {
        if (endpoint === undefined) return [];
        const at = [...path, "in", region, "endpoint"];
        const instead = `write the instance's own endpoint, ${endpointOf(id, region)}, or leave it out`;
        const found = readEndpoint(endpoint);
        if (!found) return [{ path: at, what: `${endpoint} is no RDS instance's own endpoint`, instead }];
        if (found.region !== region)
          return [{ path: at, what: `this endpoint lies in ${found.region}, not in ${region}`, instead }];
        return found.id === id
          ? []
          : [{ path: at, what: `this is the endpoint of ${found.id}, not of ${id}`, instead }];
      }),
  },
  {
    name: "database-record-fits-its-zone",
    severity: "error",
    because: "A CNAME needs a name of its own inside its zone, and the top of a zone cannot be one.",
    check: recordFits,
  },
  {
    name: "database-record-once",
    severity: "error",
    because: "A name leads to one writer: of two stores that share it the second could not be led anywhere.",
    check: nameOnce,
  },
  {
    name: "write-check-is-direct",
    severity: "error",
    because: "A check that goes through the service's own name answers for whichever side users are on.",
    check: writeCheckIsDirect,
  },
  {
    name: "connection-is-used",
    severity: "error",
    because: "Sessions are ended over a connection only where both are written down.",
    check: ({ resource: { end_sessions: ends, connection }, path }) => {
      if (ends === "connection" && !connection)
        return [
          {
            path: [...path, "end_sessions"],
            what: "there is no `connection` over which sessions could be ended",
            instead: "write `connection` with user, password and ca_file, or another end_sessions",
          },
        ];
      if (ends === "connection" || !connection) return [];
      return [
        {
          path: [...path, "connection"],
          what: `end_sessions is \`${ends}\`, so this connection is never used`,
          instead: "write `end_sessions: connection`, or leave the connection out",
        },
      ];
    },
  },
  {
    // Seed error 44: "Payments RPO 0" on an asynchronous cross-region replica; seed error 21 calls it synchronous.
    name: "rpo-of-zero",
    severity: "warning",
    because: "A read replica in another region is always a little behind.",
    check: ({ resource, service, path, name }) => {
      if ((resource.rpo ?? service.rpo) > 0) return [];
      return [
        {
          path: resource.rpo === undefined ? ["services", name, "rpo"] : [...path, "rpo"],
          what: "an RPO of zero cannot be kept by an asynchronous replica: any unplanned failover will ask people to accept the loss",
          instead: "write the lag you can live with, such as 1m, or keep 0s and expect that question",
        },
      ];
    },
  },
];

function endpointOf(id: string, region: string): string {
  const suffix = dnsSuffixOf(region);
  return region.startsWith("cn-") ? `${id}.<id>.rds.${region}.${suffix}` : `${id}.<id>.${region}.rds.${suffix}`;
}

/** `<instance>.<id>.<region>.rds.amazonaws.com`; in China `rds` stands before the region. */
function readEndpoint(endpoint: string): { readonly id: string; readonly region: string } | undefined {
  const region = "([a-z]{2,4}(?:-[a-z]+){1,2}-\\d{1,2})";
  const pattern = new RegExp(`^([a-z][a-z0-9-]*)\\.[a-z0-9-]+\\.(?:${region}\\.rds|rds\\.${region})\\.([a-z0-9.]+)$`);
  const [, id, ordinary, chinese, suffix] = pattern.exec(endpoint.toLowerCase()) ?? [];
  const found = ordinary ?? chinese;
  if (id === undefined || found === undefined || suffix !== dnsSuffixOf(found)) return undefined;
  return { id, region: found };
}

function recordFits({ resource: { name: writer }, path, usersRecords }: LintPlace<RdsReplica>): Finding[] {
  if (!writer) return [];
  const at = [...path, "name", "name"];
  const { name, zone } = writer;
  if (name.split(".").length < 3) {
    return [
      {
        path: at,
        what: `${name} is the top of a zone, where no CNAME can be`,
        instead: `write a name below it, such as db.${name}`,
      },
    ];
  }
  if (usersRecords.some((users) => users.name === name)) {
    return [
      {
        path: at,
        what: `users resolve ${name} as well`,
        instead: `write a name of the database's own, such as db.${name}`,
      },
    ];
  }
  const neighbour = usersRecords.find((users) => zone !== undefined && users.zone === zone);
  if (!neighbour || parentOf(name) === parentOf(neighbour.name)) return [];
  return [
    {
      path: at,
      what: `${name} cannot lie in the zone ${zone} that holds ${neighbour.name}`,
      instead: `write a name that ends in ${parentOf(neighbour.name)}, or the zone of ${parentOf(name)}`,
    },
  ];
}

const Named = z.object({ name: z.object({ name: z.string() }) });

function nameOnce({ resource: { name: writer }, service, path }: LintPlace<RdsReplica>): Finding[] {
  const named = Object.entries(service.stores).filter(
    ([, store]) => writer && Named.safeParse(store).data?.name.name === writer.name,
  );
  const [first] = named;
  if (!writer || !first || path.at(-1) === first[0]) return [];
  return [
    {
      path: [...path, "name", "name"],
      what: `${first[0]} has the name ${writer.name} already`,
      instead: "write a name of this store's own",
    },
  ];
}

function writeCheckIsDirect({ resource, service, path, usersRecords }: LintPlace<RdsReplica>): Finding[] {
  const seen = new Set<string>();
  return Object.entries(resource.in).flatMap(([region, { id, write_check: url }]) => {
    const at = [...path, "in", region, "write_check"];
    const host = new URL(url).hostname;
    const isShared = seen.has(url);
    seen.add(url);
    const instead = `write a URL inside ${region} that tries one write on ${id} and nothing else`;
    if (usersRecords.some(({ name }) => name === host) || host === new URL(service.url).hostname) {
      return [{ path: at, what: `${host} is the name that users resolve`, instead }];
    }
    return isShared ? [{ path: at, what: "two regions have the same write check", instead }] : [];
  });
}

/** The last two labels: the narrowest zone that a public name can be sold in, near enough to catch a slip. */
const parentOf = (name: string): string => name.split(".").slice(-2).join(".");
