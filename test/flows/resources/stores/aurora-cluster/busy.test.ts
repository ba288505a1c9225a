import { expect, test } from "@jest/globals";
import { observe } from "../../../../../src/flows/observe.ts";
import { runbookOf } from "../../../../../src/flows/runbooks/index.ts";
import type { Planned } from "../../../../../src/flows/runbooks/runbook.ts";
import { example } from "../../../../harness/example.ts";
import { fakeCloud, ordinaryDay } from "../../../../harness/fakes/index.ts";
import { AT, known } from "../../../../harness/observed.ts";

const inventory = example("every-kind");

/** What is planned for the archive while its cluster is in this status. */
async function asked(runbook: string, status: string): Promise<Planned> {
  const service = inventory.services.find(({ name }) => name === "archive");
  if (!service) throw new Error("the example has an archive");
  const quiet = fakeCloud(ordinaryDay(service));
  const now = await quiet.clusters.describe("eu-west-1", "archive-years");
  if (!now.known) throw new Error("a quiet day is known");
  const cloud = fakeCloud({ clusters: { describe: async () => known({ ...now.value, status }) } }, quiet);
  return runbookOf({ runbook, id: "F-1" }).plan(
    {
      ...{ id: "F-1", service, inventory, nowMs: AT, observed: await observe(service, cloud) },
      ...{ reason: "before a release", requester: "farid", incident: undefined },
    },
    {},
  );
}

async function refusals(runbook: string, status: string): Promise<readonly string[]> {
  const answer = await asked(runbook, status);
  return answer.kind === "refused" ? answer.reasons : [];
}

test("a snapshot waits for a cluster that is busy, and is refused for one that people have to start", async () => {
  const answer = await asked("snapshot", "upgrading");

  expect(answer.kind === "plan" && answer.plan.unchecked).toContain(
    "how long archive-years stays upgrading (its engine is upgraded): RDS takes no snapshot of it until then",
  );
  expect(await refusals("snapshot", "available")).toEqual([]);
  expect(await refusals("snapshot", "stopped")).toEqual([
    "archive-years is stopped (somebody stopped it), and RDS takes no snapshot of it meanwhile. Ask again when it is available.",
  ]);
});

test("a cluster that is busy is turned over later", async () => {
  expect(await refusals("reboot-failover", "available")).toEqual([]);
  expect(await refusals("reboot-failover", "modifying")).toEqual([
    "archive-years is modifying. Ask again when it is available.",
  ]);
});
