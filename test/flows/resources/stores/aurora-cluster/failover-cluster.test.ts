import { describe, expect, test } from "@jest/globals";
import type { Known } from "../../../../../src/domain/service/observed.ts";
import { failoverCluster } from "../../../../../src/flows/resources/stores/aurora-cluster/failover-cluster.ts";
import type { ClusterFacts, FailoverAnswer, FailoverWish } from "../../../../../src/ports/clusters.ts";
import { contextIn, fakeCloud } from "../../../../harness/fakes/index.ts";
import { AT, dark, known } from "../../../../harness/observed.ts";

const INPUT = { region: "eu-west-1", cluster: "years", leaves: "years-1", target: "years-2" };

/** The cluster with this member as writer; undefined: with none. */
function clusterOf(writer: string | undefined, status = "available"): ClusterFacts {
  return {
    ...{ cluster: "years", arn: "arn:aws:rds:eu-west-1:1:cluster:years", status, engine: "aurora-postgresql" },
    ...{ engineVersion: "16.4", multiAz: true, endpoints: { writer: "years.example" }, port: 5432, encrypted: true },
    ...{ securityGroups: [], deletionProtection: true, backupRetentionDays: 7 },
    members: ["years-1", "years-2"].map((instance) => ({ instance, isWriter: instance === writer, promotionTier: 1 })),
  };
}

/** RDS, which shows one cluster after the other, the last one for good, and answers a failover so. */
function rds(shown: readonly Known<ClusterFacts>[], answer?: FailoverAnswer) {
  const asked: FailoverWish[] = [];
  const naps: number[] = [];
  let looks = 0;
  const cloud = fakeCloud({
    clock: { sleep: async (ms) => void naps.push(ms) },
    clusters: {
      describe: async () => {
        looks += 1;
        return shown[looks - 1] ?? shown.at(-1) ?? dark("RDS");
      },
      failover: async (wish) => {
        asked.push(wish);
        return answer ?? { kind: "accepted", requestIds: ["r-1"] };
      },
    },
  });
  return { asked, naps, context: contextIn(cloud) };
}

const OLD = known(clusterOf("years-1"));
const NEW = known(clusterOf("years-2"));
const GONE: Known<ClusterFacts> = { known: false, cause: "absent", why: "there is no such cluster", atMs: AT };

describe("the failover of a cluster", () => {
  test("names the member that is to write, so that a second call leads to the same end", async () => {
    const { asked, context } = rds([OLD]);

    const { data, requestIds } = await failoverCluster.run(INPUT, context);

    expect(asked).toEqual([{ region: "eu-west-1", cluster: "years", target: "years-2" }]);
    expect([data, requestIds]).toEqual([{ found: "asked" }, ["r-1"]]);
  });

  test("of a member that writes already is not asked for", async () => {
    const { asked, context } = rds([NEW]);

    expect(await failoverCluster.run(INPUT, context)).toEqual({ requestIds: [], data: { found: "moved" } });
    expect(asked).toEqual([]);
  });

  test("that was asked for between the look and the call is not this step's time", async () => {
    const { context } = rds([OLD], { kind: "already-writer", requestIds: ["r-1"] });

    expect(await failoverCluster.run(INPUT, context)).toMatchObject({ data: { found: "moved" }, already: true });
  });

  interface Refused {
    readonly what: string;
    readonly shown: Known<ClusterFacts>;
    readonly answer?: FailoverAnswer;
    readonly is: { readonly name: "TransientError" | "StepFailed"; readonly code: string };
  }
  const REFUSED: readonly Refused[] = [
    {
      what: "a cluster that cannot be reached",
      shown: dark("RDS"),
      is: { name: "TransientError", code: "cluster-unseen" },
    },
    {
      ...{ what: "a cluster that is busy", shown: OLD, is: { name: "TransientError", code: "cluster-busy" } },
      answer: { kind: "busy", why: "failing over", requestIds: [] },
    },
    { what: "a cluster that is gone", shown: GONE, is: { name: "StepFailed", code: "cluster-unseen" } },
    {
      ...{ what: "a member that is gone", shown: OLD, is: { name: "StepFailed", code: "not-a-member" } },
      answer: { kind: "not-a-member", requestIds: [] },
    },
  ];
  test.each(REFUSED)("of $what: $is.name", async ({ shown, answer, is }) => {
    const { context } = rds([shown], answer);

    await expect(failoverCluster.run(INPUT, context)).rejects.toMatchObject(is);
  });

  interface Shown {
    readonly what: string;
    readonly shown: Known<ClusterFacts>;
    readonly is: { readonly done: boolean; readonly says: string };
  }
  const notYet = (says: string) => ({ done: false, says });
  const SHOWN: readonly Shown[] = [
    { what: "it writes and the cluster is available", shown: NEW, is: { done: true, says: "years-2 writes" } },
    { what: "the cluster is available as it was before", shown: OLD, is: notYet("status available, years-1 writes") },
    {
      ...{ what: "the cluster still fails over", shown: known(clusterOf("years-2", "failing-over")) },
      is: notYet("status failing-over, years-2 writes"),
    },
    { what: "no member writes", shown: known(clusterOf(undefined)), is: notYet("status available, nobody writes") },
    { what: "the cluster cannot be seen", shown: dark("RDS"), is: notYet("cannot be seen: RDS does not answer") },
  ];
  test.each(SHOWN)(
    "is there only when the named member writes in an available cluster: $what",
    async ({ shown, is }) => {
      const { context } = rds([shown]);

      expect(await failoverCluster.verify(INPUT, { found: "asked" }, context)).toMatchObject(is);
    },
  );
});

describe("whether a failover of a cluster has happened", () => {
  const { undo } = failoverCluster;
  if (typeof undo !== "object") throw new Error("it has no way back");

  test.each<[string, readonly Known<ClusterFacts>[], string]>([
    ["the named member writes", [NEW], "yes"],
    ["RDS shows it only at the second look", [OLD, NEW], "yes"],
    ["the cluster stays quiet for longer than RDS shows old answers", [OLD, OLD], "no"],
    ["it fails over", [known(clusterOf("years-1", "failing-over"))], "unknown"],
    ["no member writes", [known(clusterOf(undefined))], "unknown"],
    ["it goes silent between the two looks", [OLD, dark("RDS")], "unknown"],
    ["it cannot be seen", [dark("RDS")], "unknown"],
  ])("%s: %#", async (_what, shown, answer) => {
    const { naps, context } = rds(shown);

    expect(await undo.irreversible(INPUT, context)).toBe(answer);
    // A quiet cluster is believed only after the time in which RDS may show an old writer.
    expect(naps).toEqual(shown.length > 1 ? [60_000] : []);
  });
});
