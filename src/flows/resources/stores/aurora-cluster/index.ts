import type { Region } from "../../../../domain/service/region.ts";
import type { Permission } from "../../../../ports/permission.ts";
import { storedStep } from "../../../../ports/stored-step.ts";
import { allSnapshots, rds, snapshotLooks } from "../../../steps/permissions.ts";
import { defineKind, type LookRule, type Subject } from "../../kind.ts";
import { failoverCluster } from "./failover-cluster.ts";
import { snapshot, turn } from "./inside.ts";
import { RULES } from "./lint.ts";
import { type AuroraSeen, clusterIn, look, tell, writer } from "./look.ts";
import { failingOver } from "./permissions.ts";
import { readiness } from "./readiness.ts";
import { ABOUT, AuroraCluster } from "./settings.ts";

/** No two services may share a cluster; AWS is asked for none of its settings. */
const subjects = ({ in: regions }: AuroraCluster): Subject[] =>
  Object.entries(regions).map(([region, { id }]) => ({
    ...{ key: `${region}/${id}`, says: `cluster ${id} in ${region}`, region, path: ["in", region] },
    ...{ wants: [], isOwn: true },
  }));

const permits = ({ in: sites }: AuroraCluster, regions: readonly Region[]): Permission[] =>
  Object.entries(sites).flatMap(([region, { id }]) => [
    failingOver(region, id),
    ...allSnapshots({ region, of: "cluster", source: id }, regions),
  ]);

const LOOKS: readonly LookRule<AuroraCluster>[] = [
  {
    actions: ["rds:DescribeDBClusters"],
    on: (_settings, regions) => regions.map((region) => rds(region, "cluster:*")),
  },
  {
    actions: ["rds:DescribeDBInstances"],
    on: (_settings, regions) => regions.map((region) => rds(region, "db:*")),
  },
  ...snapshotLooks("cluster"),
];
export const auroraCluster = defineKind<AuroraCluster, AuroraSeen>({
  ...{ kind: "aurora-cluster", role: "stores", settings: AuroraCluster, isByRegion: false },
  about: ABOUT,
  ...{ subjects, records: () => [], lint: RULES, parts: { cluster: clusterIn }, permits, looks: LOOKS },
  ...{ look, tell, readiness, identity: () => [] },
  store: {
    ...{ writer, behind: () => undefined, turn, snapshot },
    staysBecause: "it is an Aurora cluster inside one region, without a copy elsewhere",
  },
  steps: [storedStep(failoverCluster)],
});
