import { readFileSync } from "node:fs";
import { describe, expect, test } from "@jest/globals";
import { loadFile } from "../../../../src/config/load.ts";
import { type Plan, planDigest } from "../../../../src/domain/plan-run/plan.ts";
import { proposedRun } from "../../../../src/domain/plan-run/run.ts";
import type { RunEntry } from "../../../../src/domain/plan-run/run-entry.ts";
import { transition } from "../../../../src/domain/plan-run/run-transition.ts";
import { observe } from "../../../../src/flows/observe.ts";
import { runbookOf } from "../../../../src/flows/runbooks/index.ts";
import { planCard } from "../../../../src/views/plan.ts";
import { progressCard } from "../../../../src/views/run-progress.ts";
import { serviceCard } from "../../../../src/views/status.ts";
import { AT } from "../../../harness/observed.ts";
import { serviceIn } from "../../../harness/plans.ts";
import { quietCloud } from "../../../harness/quiet-cloud.ts";

const THIRD = "eu-west-2";

const REPLICA: Readonly<Record<string, string>> = {
  "eu-central-1": "mycomputer-inventory-db-replica",
  [THIRD]: "mycomputer-inventory-db-north",
};

/** The example with a third region, as people would write it down. */
function loaded() {
  const path = new URL("../../../../examples/inventory.yaml", import.meta.url).pathname;
  const text = readFileSync(path, "utf8")
    .replace("regions: [eu-west-1, eu-central-1]", `regions: [eu-west-1, eu-central-1, ${THIRD}]`)
    .replace(
      "        after_promotion:",
      `          ${THIRD}:
            id: mycomputer-inventory-db-north
            endpoint: mycomputer-inventory-db-north.c3inventory.${THIRD}.rds.amazonaws.com
            security_group: sg-0ff55ff66aa77bb99
            write_check: https://write-check.${THIRD}.mycomputer.com/inventory
        after_promotion:`,
    )
    .replace(
      "    entrance:",
      `          ${THIRD}:
            target_group: arn:aws:elasticloadbalancing:${THIRD}:123456789012:targetgroup/inventory/83e2d6bc24d8a068
            load_balancer: { dns_name: third-alb.${THIRD}.elb.amazonaws.com, zone: ZHURV8PSTC4K8 }
    entrance:`,
    )
    .replace("            eu-central-1: Secondary", `            eu-central-1: Secondary\n            ${THIRD}: Third`);
  const answer = loadFile(path, text);
  if (!answer.ok) throw new Error(answer.problems.map(({ path: at, what }) => `${at}: ${what}`).join("; "));
  return answer;
}

const { inventory } = loaded();
const service = serviceIn(inventory);

async function planTo(to: string): Promise<Plan> {
  const observed = await observe(service, quietCloud(service));
  const made = runbookOf({ runbook: "failover", id: "F-1" }).plan(
    {
      ...{ id: "F-1", service, inventory, observed, nowMs: AT, reason: "a rehearsal", requester: "farid" },
      incident: undefined,
    },
    { to },
  );
  if (made.kind === "refused") throw new Error(made.reasons.join(" "));
  return made.plan;
}

describe("a service of three regions", () => {
  test("is accepted by the check", () => {
    expect(loaded().warnings.filter(({ severity }) => severity === "error")).toEqual([]);
    expect(service.regions).toEqual(["eu-west-1", "eu-central-1", THIRD]);
  });

  test("is shown in all three by its status", async () => {
    const observed = await observe(service, quietCloud(service));
    const shown = { service, observed, incident: undefined, run: undefined, newest: undefined };
    const card = JSON.stringify(serviceCard(shown, AT));

    for (const region of service.regions) expect(card).toContain(`{"bold":"${region}"}`);
  });

  test.each([
    ["eu-central-1", THIRD],
    [THIRD, "eu-central-1"],
  ])("moves to %s, and says what becomes of the replica in %s", async (to, other) => {
    const plan = await planTo(to);
    const says = `${REPLICA[other]} in ${other} keeps following the old database mycomputer-inventory-db in eu-west-1. People have to rebuild it as a replica of ${REPLICA[to]} in ${to}.`;

    expect([plan.from, plan.to, plan.leftForPeople?.[0]]).toEqual(["eu-west-1", to, says]);
    const run = proposedRun(plan, planDigest(plan));
    expect(JSON.stringify(planCard(run, inventory, { nowMs: AT, downSinceMs: undefined }))).toContain(says);
    const entries: RunEntry[] = [
      { kind: "started", atMs: AT, keys: ["ana", "ben"] },
      { kind: "finished", atMs: AT, state: "verified" },
    ];
    const ended = entries.reduce(transition, run);
    expect(progressCard(ended, inventory, { nowMs: AT }).text).toContain(says);
  });
});
