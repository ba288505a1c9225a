import { z } from "zod";
import { StepFailed, TransientError } from "../../../../domain/errors.ts";
import { type ClusterFacts, writerOf } from "../../../../ports/clusters.ts";
import type { Happened, Step, StepContext } from "../../../../ports/step.ts";
import { readAs, unlessThere } from "../../../steps/by-hand.ts";
import { MINUTE } from "../../../steps/schemas.ts";
import { failingOver } from "./permissions.ts";

/** World time after which an accepted failover shows in a description. */
const SHOWN_WITHIN_MS = 60_000;

/**
 * Moves the writer of a cluster to the member that the plan names. With a name the call leads to the same end however often
 * it is made; without one it would be a toggle.
 */
const Input = z.object({
  region: z.string(),
  cluster: z.string(),
  /** Member that writes when the plan is made. */
  leaves: z.string(),
  target: z.string(),
});
type Input = z.infer<typeof Input>;
const Data = z.object({ found: z.enum(["asked", "moved"]) });
type Data = z.infer<typeof Data>;
const Output = z.object({ writer: z.string() });

export const failoverCluster: Step<Input, Data, z.infer<typeof Output>> = {
  name: "failover-cluster",
  role: "commits",
  input: Input,
  data: Data,
  dataByHand: () => ({ found: "moved" }),
  output: Output,
  title: ({ cluster, target }) => `Make ${target} the writer of ${cluster}`,
  times: () => ({ expectedMs: 1 * MINUTE, deadlineMs: 20 * MINUTE }),
  controlPlane: ({ region }) => region,
  byHand: ({ region, cluster, target }) => {
    const look = `aws rds describe-db-clusters --region ${region} --db-cluster-identifier ${cluster}`;
    const commands = [
      ...readAs(
        "writer",
        `${look} --query 'DBClusters[0].DBClusterMembers[?IsClusterWriter].DBInstanceIdentifier' --output text`,
      ),
      ...unlessThere(
        `test "$writer" = ${target}`,
        `${target} is the writer already.`,
        `aws rds failover-db-cluster --region ${region} --db-cluster-identifier ${cluster} --target-db-instance-identifier ${target}`,
      ),
      `${look} --query 'DBClusters[0].[Status,DBClusterMembers[?IsClusterWriter].DBInstanceIdentifier]'`,
    ];
    return [{ commands, goOn: `when the status is available and the one writer is ${target}.` }];
  },
  happenedByHand: ({ region, cluster, target }) => ({
    commands: [
      `aws rds describe-db-clusters --region ${region} --db-cluster-identifier ${cluster} --query 'DBClusters[0].[Status,DBClusterMembers[?IsClusterWriter].DBInstanceIdentifier]'`,
    ],
    goOn: `when the status is available and the writer is not ${target}. Anything else: it has or may have failed over.`,
  }),
  permissions: ({ region, cluster }) => [failingOver(region, cluster)],

  async run({ region, cluster, target }, { cloud, signal }) {
    const now = await cloud.clusters.describe(region, cluster, signal);
    if (!now.known) {
      if (now.cause === "unreachable" || now.cause === "failed")
        throw new TransientError("cluster-unseen", `${cluster} cannot be seen: ${now.why}`);
      throw new StepFailed("cluster-unseen", `${cluster} in ${region}: ${now.why}`);
    }
    if (isWriter(now.value, target)) return { requestIds: [], data: { found: "moved" } };
    const answer = await cloud.clusters.failover({ region, cluster, target }, signal);
    if (answer.kind === "not-a-member")
      throw new StepFailed("not-a-member", `${target} is no member of ${cluster}, or is gone`);
    if (answer.kind === "busy") throw new TransientError("cluster-busy", `${cluster} is busy: ${answer.why}`);
    const already = answer.kind !== "accepted";
    return { requestIds: answer.requestIds, data: { found: already ? "moved" : "asked" }, already };
  },

  async verify({ region, cluster, target }, _data, { cloud, signal }) {
    const now = await cloud.clusters.describe(region, cluster, signal);
    if (!now.known) return { done: false, says: `cannot be seen: ${now.why}` };
    const { status } = now.value;
    // `available` alone proves nothing: the cluster was available before it failed over.
    if (status === "available" && isWriter(now.value, target))
      return { done: true, says: `${target} writes`, output: { writer: target } };
    return { done: false, says: `status ${status}, ${writerOf(now.value)?.instance ?? "nobody"} writes` };
  },

  undo: { irreversible: hasHappened },
};

const isWriter = (facts: ClusterFacts, target: string): boolean => writerOf(facts)?.instance === target;

/** RDS shows an accepted failover some seconds late, so one look at a quiet cluster proves nothing. */
async function hasHappened({ region, cluster, target }: Input, { cloud, signal }: StepContext): Promise<Happened> {
  const look = async (): Promise<Happened> => {
    const now = await cloud.clusters.describe(region, cluster, signal);
    if (!now.known) return "unknown";
    if (isWriter(now.value, target)) return "yes";
    return now.value.status === "available" && writerOf(now.value) ? "no" : "unknown";
  };
  const first = await look();
  if (first !== "no") return first;
  await cloud.clock.sleep(SHOWN_WITHIN_MS, signal);
  return look();
}
