import { expect, test } from "@jest/globals";
import type { Region } from "../../../../../src/domain/service/service.ts";
import { observe } from "../../../../../src/flows/observe.ts";
import { runbookOf } from "../../../../../src/flows/runbooks/index.ts";
import { example } from "../../../../harness/example.ts";
import { fakeCloud, ordinaryDay } from "../../../../harness/fakes/index.ts";
import { AT, known } from "../../../../harness/observed.ts";
import { serviceIn } from "../../../../harness/plans.ts";
import { standbyOf } from "../../../../harness/site.ts";

const INVENTORY = example("inventory");
const SERVICE = serviceIn(INVENTORY);
const { home } = SERVICE;
const standby = standbyOf(SERVICE);

interface Given {
  readonly roles: Readonly<Record<Region, readonly string[]>>;
  readonly silent?: readonly Region[];
  readonly running?: number;
}

/** What a plan says of roles where the tasks of each region have these. */
async function said({ roles, silent = [], running = 0 }: Given): Promise<string[]> {
  const quiet = fakeCloud(ordinaryDay(SERVICE, { silent }));
  const compute = {
    describe: async (region: Region, site: Parameters<typeof quiet.compute.describe>[1]) => {
      const now = await quiet.compute.describe(region, site);
      return region === standby && now.known ? { ...now, value: { ...now.value, running } } : now;
    },
    ground: async ({ region }: { readonly region: Region }) => known({ roles: roles[region] ?? [] }),
  };
  const answer = runbookOf({ runbook: "failover", id: "F-1" }).plan(
    {
      ...{ id: "F-1", service: SERVICE, inventory: INVENTORY, nowMs: AT },
      observed: await observe(SERVICE, fakeCloud({ compute }, quiet)),
      ...{ reason: "a rehearsal", requester: "farid", incident: undefined },
    },
    { mode: "unplanned", to: standby },
  );
  if (answer.kind === "refused") throw new Error(answer.reasons.join(" "));
  return answer.plan.unchecked.map(String).filter((line) => line.includes("role"));
}

const UNSEEN = `whether role app-tasks of inventory-service in ${standby} is there: only IAM says it, and no task runs with it`;

test("a role that no task runs with is shown as not seen: nothing but a start of a task would tell that it is gone", async () => {
  expect(await said({ roles: { [standby]: ["app-tasks"] } })).toEqual([UNSEEN]);
  expect(await said({ roles: { [home]: ["app"], [standby]: ["app", "app-tasks"] } })).toEqual([UNSEEN]);
  expect(await said({ roles: { [home]: ["app-tasks"], [standby]: ["app-tasks"] }, silent: [home] })).toEqual([UNSEEN]);
});

test("one that tasks of another region run with is there, since a role is one for all regions; so is one that runs here", async () => {
  expect(await said({ roles: { [home]: ["app-tasks"], [standby]: ["app-tasks"] } })).toEqual([]);
  expect(await said({ roles: { [standby]: ["app-tasks"] }, running: 1 })).toEqual([]);
  expect(await said({ roles: {} })).toEqual([]);
});
