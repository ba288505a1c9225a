import { sayDuration } from "../../domain/duration.ts";
import type { ServiceFile } from "../../domain/service/service.ts";
import { zoneOwner } from "../load-balancers.ts";
import type { Finding, Path } from "../problem.ts";
import { eachService, type Rule, rule } from "./rule.ts";
import { exactly } from "./sites.ts";

/** TTL with which Route 53 answers an alias to a load balancer; it cannot be changed. */
const ALIAS_TTL_SECONDS = 60;
/** Caches may eat this part of the recovery time, no more. */
const TTL_PART_OF_RTO = 10;

/** Names that users and applications resolve, and objectives that they can be met with. */
export const TRAFFIC_RULES: readonly Rule[] = [
  rule({
    name: "record-for-each-region",
    severity: "error",
    because: "Traffic is moved by changing the records of both sides in one batch.",
    needs: ["services"],
    check: ({ services }) =>
      eachService(services, ({ home, standby, traffic }, path) => {
        if (traffic.routing === "failover") return [];
        const [key, entries] =
          traffic.routing === "weighted" ? ["set_identifiers", traffic.set_identifiers] : ["values", traffic.values];
        const at = [...path, "traffic", key];
        return [...exactly(at, Object.keys(entries), [home, standby]), ...sameTwice(at, entries)];
      }),
  }),
  rule({
    name: "primary-is-not-secondary",
    severity: "error",
    because: "Two record sets of one name are told apart by their identifiers.",
    needs: ["services"],
    check: ({ services }) =>
      eachService(services, ({ traffic }, path) =>
        traffic.routing === "failover" && traffic.primary === traffic.secondary
          ? [
              {
                path: [...path, "traffic", "secondary"],
                what: `primary and secondary are both ${traffic.primary}`,
                instead: "write the SetIdentifier of each record as Route 53 has it",
              },
            ]
          : [],
      ),
  }),
  rule({
    name: "record-zone-is-yours",
    severity: "error",
    because: "The zone that holds a record is yours; the zone of a load balancer belongs to AWS.",
    needs: ["services"],
    check: ({ services }) =>
      eachService(services, (service, path) =>
        recordsOf(service, path).flatMap(({ path: at, zone, name }) => {
          const owner = zoneOwner(zone);
          if (!owner) return [];
          return [
            {
              path: [...at, "zone"],
              what: `${zone} is the zone of ${owner.kind} load balancers in ${owner.region}, not the zone that holds ${name}`,
              instead: "write the id of your own hosted zone; the load balancer's zone goes under load_balancer",
            },
          ];
        }),
      ),
  }),
  rule({
    name: "database-record-fits-its-zone",
    severity: "error",
    because: "A CNAME needs a name of its own inside its zone, and the top of a zone cannot be one.",
    needs: ["services"],
    check: ({ services }) =>
      eachService(services, ({ database_record: record, traffic }, path) => {
        if (!record) return [];
        const at = [...path, "database_record", "name"];
        if (record.name.split(".").length < 3) {
          return [
            {
              path: at,
              what: `${record.name} is the top of a zone, where no CNAME can be`,
              instead: `write a name below it, such as db.${record.name}`,
            },
          ];
        }
        if (record.name === traffic.name) {
          return [
            {
              path: at,
              what: `users resolve ${record.name} as well`,
              instead: `write a name of the database's own, such as db.${record.name}`,
            },
          ];
        }
        if (record.zone !== traffic.zone || parentOf(record.name) === parentOf(traffic.name)) return [];
        return [
          {
            path: at,
            what: `${record.name} cannot lie in the zone ${record.zone} that holds ${traffic.name}`,
            instead: `write a name that ends in ${parentOf(traffic.name)}, or the zone of ${parentOf(record.name)}`,
          },
        ];
      }),
  }),
  rule({
    name: "public-url-is-the-record",
    severity: "warning",
    because: "The last check of a failover goes through the name that was moved.",
    needs: ["services"],
    check: ({ services }) =>
      eachService(services, ({ public_url, traffic }, path) =>
        hostOf(public_url) === traffic.name
          ? []
          : [
              {
                path: [...path, "public_url"],
                what: `${hostOf(public_url)} is not the record that is moved (${traffic.name}), so reaching it proves little`,
                instead: `write https://${traffic.name}`,
              },
            ],
      ),
  }),
  rule({
    name: "write-check-is-direct",
    severity: "error",
    because: "A check that goes through the service's own name answers for whichever side users are on.",
    needs: ["services"],
    check: ({ services }) =>
      eachService(services, ({ sites, traffic, public_url }, path) => {
        const seen = new Set<string>();
        return Object.entries(sites).flatMap(([region, { database }]) => {
          const at = [...path, "sites", region, "database", "write_check"];
          const host = hostOf(database.write_check);
          const isShared = seen.has(database.write_check);
          seen.add(database.write_check);
          const instead = `write a URL inside ${region} that tries one write on ${database.instance} and nothing else`;
          if (host === traffic.name || host === hostOf(public_url)) {
            return [{ path: at, what: `${host} is the name that users resolve`, instead }];
          }
          return isShared ? [{ path: at, what: "both sites have the same write check", instead }] : [];
        });
      }),
  }),
  rule({
    name: "ttl-fits-rto",
    severity: "warning",
    because: "Clients go on asking the dead side until the TTL is over.",
    needs: ["services"],
    check: ({ services }) =>
      eachService(services, (service, path) =>
        recordsOf(service, path).flatMap(({ path: at, key, name, ttl }) => {
          if (ttl * 1_000 * TTL_PART_OF_RTO <= service.rto) return [];
          const most = Math.max(1, Math.floor(service.rto / 1_000 / TTL_PART_OF_RTO));
          return [
            {
              path: [...at, ...key],
              what: `${name} is cached for ${ttl} s, more than a tenth of the RTO (${sayDuration(service.rto)})`,
              instead:
                key.length > 0 ? `write at most ${most}` : "write a longer RTO; an alias record always has this TTL",
            },
          ];
        }),
      ),
  }),
  rule({
    name: "rto-is-possible",
    severity: "error",
    because: "Nobody recovers in no time.",
    needs: ["services"],
    check: ({ services }) =>
      eachService(services, ({ rto }, path) =>
        rto > 0
          ? []
          : [{ path: [...path, "rto"], what: "an RTO of zero cannot be met", instead: "write a time such as 15m" }],
      ),
  }),
  rule({
    // Seed error 44: "Payments RPO 0" on an asynchronous cross-region replica; seed error 21 calls it synchronous.
    name: "rpo-of-zero",
    severity: "warning",
    because: "A read replica in another region is always a little behind.",
    needs: ["services"],
    check: ({ services }) =>
      eachService(services, ({ rpo }, path) =>
        rpo > 0
          ? []
          : [
              {
                path: [...path, "rpo"],
                what: "an RPO of zero cannot be kept by an asynchronous replica: any unplanned failover will ask people to accept the loss",
                instead: "write the lag you can live with, such as 1m, or keep 0s and expect that question",
              },
            ],
      ),
  }),
];

interface NamedRecord {
  readonly path: Path;
  /** Where its TTL is written; empty for an alias. */
  readonly key: Path;
  readonly zone: string;
  readonly name: string;
  readonly ttl: number;
}

function recordsOf({ traffic, database_record: database }: ServiceFile, path: Path): NamedRecord[] {
  const isAlias = traffic.routing !== "simple";
  const { zone, name } = traffic;
  const ttl = isAlias ? ALIAS_TTL_SECONDS : traffic.ttl_seconds;
  const users = { path: [...path, "traffic"], key: isAlias ? [] : ["ttl_seconds"], zone, name, ttl };
  if (!database) return [users];
  const { ttl_seconds } = database;
  const own = { zone: database.zone, name: database.name, ttl: ttl_seconds };
  return [users, { path: [...path, "database_record"], key: ["ttl_seconds"], ...own }];
}

function sameTwice(path: Path, entries: Readonly<Record<string, string>>): Finding[] {
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

/** The last two labels: the narrowest zone that a public name can be sold in, near enough to catch a slip. */
const parentOf = (name: string): string => name.split(".").slice(-2).join(".");

const hostOf = (url: string): string => new URL(url).hostname;
