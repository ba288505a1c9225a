import { isUnreachable, type Known } from "../../../../domain/service/observed.ts";
import type { Region } from "../../../../domain/service/service.ts";
import { type ClusterFacts, type ClusterMember, writerOf } from "../../../../ports/clusters.ts";
import type { KeyFacts } from "../../../../ports/snapshots.ts";
import { sayKnown } from "../../facts.ts";
import type { ClusterSite } from "../../parts.ts";
import type { KindTold, Looking, Place, Seen } from "../../place.ts";
import type { AuroraCluster } from "./settings.ts";

export interface AuroraSeen {
  readonly cluster: Known<ClusterFacts>;
  /** The keys that copies of its snapshots are encrypted with, by region; absent: the look did not ask. */
  readonly keys?: Readonly<Record<Region, Known<KeyFacts>>>;
}

export type AuroraAt = Seen<AuroraCluster, AuroraSeen>;

/** The one region that the cluster lives in. */
export const regionOf = ({ in: regions }: AuroraCluster): Region => Object.keys(regions)[0] ?? "";

export function clusterIn({ in: regions }: AuroraCluster, region: Region): ClusterSite | undefined {
  const found = regions[region];
  return found && { cluster: found.id, write_check: found.write_check };
}

export async function look({ resource }: Place<AuroraCluster>, looking: Looking): Promise<AuroraSeen> {
  const { cloud, signal } = looking;
  const region = regionOf(resource);
  const id = resource.in[region]?.id ?? "";
  const [cluster, keys] = await Promise.all([
    looking.of(region, cloud.clusters.describe(region, id, signal)),
    Promise.all(
      Object.entries(resource.snapshot_keys).map(async ([to, key]) => {
        return [to, await looking.of(to, cloud.snapshots.keyState(to, key, signal))] as const;
      }),
    ),
  ]);
  return { cluster, keys: Object.fromEntries(keys) };
}

export function tell({ resource, seen: { cluster }, service }: AuroraAt): KindTold {
  const own = regionOf(resource);
  const here = {
    facts: [{ what: "cluster", seen: sayKnown(cluster, sayCluster) }],
    isSilent: isUnreachable(cluster),
  };
  const elsewhere = service.regions.filter((region) => region !== own);
  const stays = { facts: [], isSilent: false };
  return {
    in: Object.fromEntries([[own, here], ...elsewhere.map((region) => [region, stays] as const)]),
    facts: [],
  };
}

function sayCluster(facts: ClusterFacts): string {
  const { cluster, status, members } = facts;
  const writer = writerOf(facts);
  const writes = writer ? `${sayMember(writer)} writes` : "nobody can say who writes";
  return `${cluster}: ${status}, ${writes}, ${members.length - (writer ? 1 : 0)} readers`;
}

const sayMember = ({ instance, availabilityZone }: ClusterMember): string =>
  availabilityZone === undefined ? instance : `${instance} in ${availabilityZone}`;

/** A cluster that answers takes writes where it lives, or nowhere. */
export function writer({ resource, seen: { cluster } }: AuroraAt): Known<Region> {
  if (!cluster.known) return cluster;
  if (writerOf(cluster.value)) return { ...cluster, value: regionOf(resource) };
  const why = `no member of ${cluster.value.cluster} is its writer, or two are`;
  return { known: false, cause: "failed", why, atMs: cluster.atMs };
}
