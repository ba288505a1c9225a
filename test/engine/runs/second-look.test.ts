import { afterEach, expect, test } from "@jest/globals";
import { stateOf } from "../../../src/domain/plan-run/run.ts";
import { STEPS } from "../../../src/flows/index.ts";
import { drive } from "../../harness/drive.ts";
import { mutationsOf, startRun } from "../../harness/failover-runs.ts";
import { type FailoverWorld, startFailoverWorld } from "../../harness/failover-world.ts";
import { trafficOf } from "../../harness/site.ts";

let at: FailoverWorld;
afterEach(() => at.stop());

/** Somebody else gives half of the users' records to the standby. */
async function editRecords(): Promise<void> {
  const { zone, name } = trafficOf(at.service);
  const found = await at.cloud.traffic.records(zone, name);
  if (!found.known) throw new Error(found.why);
  const records = found.value.map((record) => ({ ...record, weight: 50 }));
  await at.others.traffic.upsert({ zone, records, comment: "somebody else" });
}

/** The house's own steps; something else happens once the intent of this one is written, before it asks for anything. */
function atTheIntentOf(name: string, happens: () => Promise<void>): typeof STEPS {
  const { [name]: step } = STEPS;
  if (!step) throw new Error(`There is no step ${name}`);
  return {
    ...STEPS,
    [name]: {
      ...step,
      run: async (input, context) => {
        await happens();
        return step.run(input, context);
      },
    },
  };
}

test("guard second look: records that somebody changes while the fence is made void the keys, and nothing is promoted (G3)", async () => {
  at = await startFailoverWorld({ example: "inventory", speed: 60 });
  await startRun(at);

  const run = await drive(at, { steps: atTheIntentOf("fence-primary", editRecords) });

  expect(run).toMatchObject({ state: "paused", voided: true, pastNoReturn: false });
  expect(run.why).toContain(trafficOf(at.service).name);
  expect(stateOf(run, "fence").state).toBe("done");
  expect(mutationsOf(at).filter((call) => call.startsWith("PromoteReadReplica"))).toEqual([]);
});
