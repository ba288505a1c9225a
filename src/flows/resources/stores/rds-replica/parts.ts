import { z } from "zod";
import type { Region } from "../../../../domain/service/region.ts";
import { resourcesOf, type Service } from "../../../../domain/service/service.ts";
import type { Permission } from "../../../../ports/permission.ts";
import {
  allSnapshots,
  CHANGES_LOOK,
  changing,
  hostedZone,
  RECORDS_LOOK,
  rds,
  snapshotLooks,
} from "../../../steps/permissions.ts";
import type { LookRule, NamedRecord, SharedThing, Subject } from "../../kind.ts";
import { knownValue } from "../../known-value.ts";
import type { DatabaseRecord, DatabaseSite } from "../../parts.ts";
import { closing, forbiddingDeletion, opening, promoting, rebooting } from "./permissions.ts";
import type { RdsReplica } from "./settings.ts";

const DAY_MS = 86_400_000;

export function database({ in: regions, after_promotion: kept }: RdsReplica, region: Region): DatabaseSite {
  const instance = knownValue(regions[region], `The database in ${region}`);
  const { id } = instance;
  return {
    instance: id,
    endpoint: knownValue(instance.endpoint, `The endpoint of ${id} in ${region}`),
    security_group: knownValue(instance.security_group, `The security group of ${id} in ${region}`),
    write_check: instance.write_check,
    backup_retention_days: kept.backup_retention / DAY_MS,
  };
}

/** All instances of the service in a region: a plan that leaves the region fences them together. */
export function fencedTogether(service: Service, region: Region): string[] {
  return resourcesOf(service).flatMap(({ resource }) => {
    const instances = Instances.safeParse(resource).data?.in;
    const id = instances?.[region]?.id;
    return id === undefined ? [] : [id];
  });
}

const Instances = z.object({
  kind: z.literal("rds-replica"),
  in: z.record(z.string(), z.object({ id: z.string() }).optional()),
});

export function databaseRecord({ name: writer }: RdsReplica): DatabaseRecord | undefined {
  if (!writer) return undefined;
  const { name, write } = writer;
  return {
    ...{ name, write },
    zone: knownValue(writer.zone, `The hosted zone of ${name}`),
    ttl_seconds: knownValue(writer.ttl_seconds, `The TTL of ${name}`),
  };
}

export function subjects({ in: regions, name: writer }: RdsReplica, [home = ""]: readonly Region[]): Subject[] {
  const instances = Object.entries(regions).map(
    ([region, { id }]): Subject => ({
      ...{ key: `${region}/${id}`, says: `database ${id} in ${region}`, region, path: ["in", region] },
      ...{ wants: ["endpoint", "security_group"], isOwn: true },
    }),
  );
  if (!writer) return instances;
  const { name } = writer;
  return [
    ...instances,
    {
      ...{ key: `record/${name}`, says: `record ${name}`, region: home, path: ["name"] },
      // Services may share a database's name no more than the database itself, which is told already.
      ...{ wants: ["zone", "ttl_seconds"], isOwn: false },
    },
  ];
}

/** Groups that the fence closes, and the name that a move leads elsewhere. */
export function shares({ in: regions, name: writer }: RdsReplica): SharedThing[] {
  const groups = Object.entries(regions).flatMap(([region, { security_group: group }]): SharedThing[] => {
    const path = ["in", region, "security_group"];
    return group === undefined
      ? []
      : [{ what: "security-group", key: `${region}/${group}`, says: `security group ${group} in ${region}`, path }];
  });
  if (!writer) return groups;
  const { name, zone = "" } = writer;
  return [
    ...groups,
    { what: "database-record", key: `${zone}/${name}`, says: `database record ${name}`, path: ["name"] },
  ];
}

export function records({ name: writer }: RdsReplica): NamedRecord[] {
  if (!writer) return [];
  const { name, zone, ttl_seconds: ttlSeconds } = writer;
  return [{ name, zone, ttlSeconds, path: ["name"], hasOwnTtl: true }];
}

export function permits(
  { in: sites, name: writer, after_promotion: kept }: RdsReplica,
  regions: readonly Region[],
): Permission[] {
  const instances = Object.entries(sites).flatMap(([region, { id }]) => [
    ...[promoting(region, id), rebooting(region, id), closing(region, "*"), opening(region, "*")],
    ...(kept.deletion_protection === "by-hand" ? [] : [forbiddingDeletion(region, id)]),
    ...allSnapshots({ region, of: "instance", source: id }, regions),
  ]);
  return writer ? [...instances, changing({ ...writer, zone: writer.zone ?? "*", types: ["CNAME"] })] : instances;
}

/** The instance and its lag, the groups that it carries, who else carries them, and the name of its writer. */
export const LOOKS: readonly LookRule<RdsReplica>[] = [
  {
    actions: ["rds:DescribeDBInstances", "rds:DescribePendingMaintenanceActions"],
    on: (_settings, regions) => regions.map((region) => rds(region, "db:*")),
  },
  { actions: ["rds:DescribeDBParameters"], on: (_settings, regions) => regions.map((region) => rds(region, "pg:*")) },
  {
    actions: [
      ...["cloudwatch:GetMetricData", "ec2:DescribeNetworkInterfaces", "ec2:DescribeSecurityGroups"],
      "rds:DescribeEvents",
    ],
  },
  ...snapshotLooks("instance"),
  { actions: ["route53:ListHostedZonesByName"], isGlobal: true },
  { ...RECORDS_LOOK, on: ({ name }) => (name ? [hostedZone(name.zone)] : []) },
  CHANGES_LOOK,
];
