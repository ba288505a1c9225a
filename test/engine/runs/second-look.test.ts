import { afterEach, expect, test } from "@jest/globals";
import { type RunState, stateOf } from "../../../src/domain/plan-run/run.ts";
import { STEPS } from "../../../src/flows/index.ts";
import { drive } from "../../harness/drive.ts";
import { drivenInMemory } from "../../harness/driven-in-memory.ts";
import { example } from "../../harness/example.ts";
import { mutationsOf, startRun } from "../../harness/failover-runs.ts";
import { type FailoverWorld, startFailoverWorld } from "../../harness/failover-world.ts";
import { proposed } from "../../harness/plans.ts";
import { trafficOf } from "../../harness/site.ts";

let opened: FailoverWorld | undefined;
afterEach(() => opened?.stop());

/** Somebody else gives half of the users' records to the standby. */
async function editRecords(at: FailoverWorld): Promise<void> {
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
  const at = await startFailoverWorld({ example: "inventory", speed: 60 });
  opened = at;
  await startRun(at);

  const run = await drive(at, { steps: atTheIntentOf("fence-primary", () => editRecords(at)) });

  expect(run).toMatchObject({ state: "paused", voided: true, pastNoReturn: false });
  expect(run.why).toContain(trafficOf(at.service).name);
  expect(stateOf(run, "fence").state).toBe("done");
  expect(mutationsOf(at).filter((call) => call.startsWith("PromoteReadReplica"))).toEqual([]);
});

test("the facts are looked at again before the first step and right before the promotion, and at no other time (X3)", async () => {
  const looks: string[][] = [];
  const drift = async ({ steps }: RunState) => {
    looks.push(Object.keys(steps).filter((id) => steps[id]?.state === "done"));
    return { voids: [], passing: [] };
  };

  const { run } = await drivenInMemory(proposed(example("inventory")), { drift });

  expect(run.state).toBe("verified");
  expect(looks).toEqual([[], ["fence", "record-position", "scale-out"]]);
});
