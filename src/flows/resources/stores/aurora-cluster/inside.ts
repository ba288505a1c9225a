import { type ClusterFacts, type ClusterMember, writerOf } from "../../../../ports/clusters.ts";
import { inputIn, planned } from "../../../../ports/step.ts";
import { standingFor } from "../../../steps/busy.ts";
import { checkWritable } from "../../../steps/check-writable.ts";
import type { SnapshotSource, StoreTurn, Turning } from "../../abilities.ts";
import { failoverCluster } from "./failover-cluster.ts";
import { type AuroraAt, type AuroraSeen, clusterIn } from "./look.ts";
import type { AuroraCluster } from "./settings.ts";

/** Moves the writer to a named member. */
export const turn: StoreTurn<AuroraCluster, AuroraSeen> = {
  turn({ seen: { cluster: now }, resource }, { region, target: wanted }) {
    const site = clusterIn(resource, region);
    if (!site) return refused(`This store does not live in ${region}.`);
    if (!now.known) return refused(`${site.cluster} cannot be seen: ${now.why}. Ask again when it can.`);
    const leaves = writerOf(now.value);
    if (!leaves) return refused(`Nobody can say which member of ${site.cluster} writes. Ask again.`);
    if (now.value.status !== "available")
      return refused(`${site.cluster} is ${now.value.status}. Ask again when it is available.`);
    const target = targetIn(now.value, wanted);
    if (target.kind === "refused") return target;
    const { cluster, write_check: writeCheck } = site;
    const { instance } = target.member;
    return {
      ...{
        kind: "turn",
        what: cluster,
        onto: instance,
        identity: `writer ${leaves.instance}`,
      },
      steps: ({ id, after }) => [
        planned(failoverCluster, {
          ...{ id: id("failover"), after },
          input: { region, cluster, leaves: leaves.instance, target: instance },
        }),
        planned(checkWritable, {
          ...{ id: id("check-writable"), after: [id("failover")] },
          input: { region, instance: cluster, writeCheck },
        }),
      ],
    };
  },

  targetOf: (step) => inputIn(step, failoverCluster)?.target,

  async identityNow({ resource }, region, { cloud, signal }) {
    const now = await cloud.clusters.describe(region, clusterIn(resource, region)?.cluster ?? "", signal);
    return now.known ? `writer ${writerOf(now.value)?.instance ?? "?"}` : undefined;
  },
};

const refused = (why: string): Extract<Turning, { kind: "refused" }> => ({ kind: "refused", why });

type Target = Extract<Turning, { kind: "refused" }> | { readonly kind: "member"; readonly member: ClusterMember };

/** The member that is named, else the one that Aurora itself would take first. */
function targetIn(facts: ClusterFacts, wanted: string | undefined): Target {
  const { cluster, members } = facts;
  const readers = members.filter(({ isWriter }) => !isWriter);
  if (readers.length === 0) return refused(`${cluster} has one member only: there is nothing to fail over to.`);
  const names = readers.map(({ instance }) => instance).join(", ");
  const named = readers.filter(({ instance }) => wanted === undefined || instance === wanted);
  if (named.length === 0) return refused(`${wanted} is no reader of ${cluster}. Its readers: ${names}.`);
  const ready = named.filter(({ status }) => status === undefined || status === "available");
  const [first] = ready.toSorted((one, other) => one.promotionTier - other.promotionTier);
  return first ? { kind: "member", member: first } : refused(`No reader of ${cluster} is available: ${names}.`);
}

interface Regions {
  readonly from: string;
  readonly to: string;
}

export function snapshot({ seen: { cluster: now, keys }, resource, name }: AuroraAt, { to }: Regions): SnapshotSource {
  if (!now.known) return refused(`The cluster of ${name} cannot be seen: ${now.why}. Ask again when it can.`);
  const { cluster: id, encrypted, status } = now.value;
  const standing = standingFor(id, status, ["available"]);
  if (standing.kind === "lasting") return refused(standing.why);
  const key = resource.snapshot_keys[to];
  if (encrypted && key === undefined)
    return refused(
      `The snapshot is encrypted, and its copy needs a key in ${to}: write it as stores.${name}.snapshot_keys.${to}.`,
    );
  const seen = key === undefined ? undefined : keys?.[to];
  if (encrypted && seen && (seen.known ? !seen.value.isUsable : seen.cause === "absent"))
    return refused(
      `stores.${name}.snapshot_keys.${to} is ${seen.known ? seen.value.state : "no key of that region"}, so no copy can be encrypted with it. Enable it, or write another key.`,
    );
  const waits = standing.kind === "passing" ? standing.says : undefined;
  return { kind: "source", of: "cluster", id, waits, kmsKey: encrypted ? (key ?? null) : null };
}
