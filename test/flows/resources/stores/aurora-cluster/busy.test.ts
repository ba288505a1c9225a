import { expect, test } from "@jest/globals";
import { observe } from "../../../../../src/flows/observe.ts";
import { runbookOf } from "../../../../../src/flows/runbooks/index.ts";
import { example } from "../../../../harness/example.ts";
import { AT, known } from "../../../../harness/observed.ts";
import { quietCloud } from "../../../../harness/quiet-cloud.ts";

const inventory = example("every-kind");

/** Why there is no plan for the archive while its cluster is in this status. */
async function refusals(runbook: string, status: string): Promise<readonly string[]> {
  const service = inventory.services.find(({ name }) => name === "archive");
  if (!service) throw new Error("the example has an archive");
  const quiet = quietCloud(service);
  const now = await quiet.clusters.describe("eu-west-1", "archive-years");
  if (!now.known) throw new Error("a quiet day is known");
  const clusters = { ...quiet.clusters, describe: async () => known({ ...now.value, status }) };
  const answer = runbookOf({ runbook, id: "F-1" }).plan(
    {
      ...{ id: "F-1", service, inventory, nowMs: AT, observed: await observe(service, { ...quiet, clusters }) },
      ...{ reason: "before a release", requester: "farid", incident: undefined },
    },
    {},
  );
  return answer.kind === "refused" ? answer.reasons : [];
}

test("a cluster that is busy is snapshotted later, and turned over later", async () => {
  expect(await refusals("snapshot", "available")).toEqual([]);
  expect(await refusals("snapshot", "upgrading")).toEqual([
    "archive-years is upgrading (its engine is upgraded), and RDS takes no snapshot of it meanwhile. Ask again when it is available.",
  ]);
  expect(await refusals("reboot-failover", "available")).toEqual([]);
  expect(await refusals("reboot-failover", "modifying")).toEqual([
    "archive-years is modifying. Ask again when it is available.",
  ]);
});
