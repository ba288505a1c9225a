import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { StepFailed } from "../../../src/domain/errors.ts";
import { decide } from "../../../src/engine/approvals/decisions.ts";
import { STEPS } from "../../../src/flows/index.ts";
import { drive, openLedger } from "../../harness/drive.ts";
import { mutationsOf, runOf, startRun } from "../../harness/failover-runs.ts";
import { type FailoverWorld, startFailoverWorld } from "../../harness/failover-world.ts";
import { who } from "../../harness/fakes/index.ts";
import { runCommandDeps } from "../../harness/run-command-deps.ts";

let at: FailoverWorld;
beforeEach(async () => {
  at = await startFailoverWorld({ example: "inventory", speed: 60 });
  await startRun(at, { mode: "planned" });
});
afterEach(() => at.stop());

/** The product's own steps, one of which fails and asks people. */
function failing(name: string) {
  const step = STEPS[name];
  if (!step) throw new Error(`there is no step ${name}`);
  const verify = () =>
    Promise.reject(new StepFailed("not-there", "it does not get there", { facts: { mustAsk: true } }));
  return { ...STEPS, [name]: { ...step, verify } };
}

async function skippedByTwo(): Promise<void> {
  const ledger = await openLedger(at, "people");
  for (const person of at.inventory.file.approvals.approvers.slice(0, 2)) {
    await decide("F-1", { decision: "skip", who: who(person), words: "" }, { ...runCommandDeps(at), ledger });
  }
  await ledger.close();
}

test.each(["fence-primary", "record-data-position"])(
  "guard skipped promise: where %s was skipped a plan that promises to lose nothing promotes nothing (G19)",
  async (name) => {
    expect((await drive(at, { steps: failing(name) })).state).toBe("stopped");
    await skippedByTwo();

    const run = await drive(at);

    expect([run.state, run.voided, run.pastNoReturn]).toEqual(["paused", true, false]);
    expect(run.why).toMatch(/promises to lose nothing, and “.*” was skipped/);
    expect(mutationsOf(at).filter((call) => call.startsWith("PromoteReadReplica"))).toEqual([]);
    expect((await runOf(at)).plan.dataLoss.kind).toBe("none");
  },
);
