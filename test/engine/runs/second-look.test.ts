import { afterEach, describe, expect, test } from "@jest/globals";
import { type RunState, stateOf } from "../../../src/domain/plan-run/run.ts";
import type { RunEntry } from "../../../src/domain/plan-run/run-entry.ts";
import type { SecondLook } from "../../../src/domain/plan-run/second-look.ts";
import { STEPS } from "../../../src/flows/index.ts";
import type { Happened } from "../../../src/ports/step.ts";
import { drive } from "../../harness/drive.ts";
import { drivenInMemory } from "../../harness/driven-in-memory.ts";
import { example } from "../../harness/example.ts";
import { mutationsOf, startRun } from "../../harness/failover-runs.ts";
import { type FailoverWorld, startFailoverWorld } from "../../harness/failover-world.ts";
import { fenced } from "../../harness/keys.ts";
import { AT } from "../../harness/observed.ts";
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

/** A run in memory, which of its steps were there at each look, and how it ended. What says whether the promotion happened says that. */
async function looksOf(run: RunState, happened: Happened) {
  const looks: string[][] = [];
  const drift = async ({ steps }: RunState) => {
    looks.push(Object.keys(steps).filter((id) => steps[id]?.state === "done"));
    return { voids: [], passing: [] };
  };
  const instead = { "promote-replica": { happened: async () => happened } };
  const driven = await drivenInMemory(run, { drift, instead });
  return { looks, ended: driven.run.state };
}

const BEFORE_PROMOTION = ["fence", "record-position", "scale-out"];

test("the facts are looked at again before the first step and right before the promotion, and at no other time (X3)", async () => {
  expect(await looksOf(proposed(example("inventory")), "unknown")).toEqual({
    ...{ looks: [[], BEFORE_PROMOTION], ended: "verified" },
  });
});

test.each<[string, Happened, string[][]]>([
  ["before a promotion that was tried and never happened the facts are looked at again", "no", [BEFORE_PROMOTION]],
  ["once it has happened they are not: the run's own effects are the difference then", "yes", []],
  ["where nobody can say whether it happened they are not", "unknown", []],
])("%s (G3)", async (_what, happened, looks) => {
  const at = { atMs: AT, epoch: 1 };
  const steps = ["record-position", "scale-out"].flatMap((step): RunEntry[] => [
    { kind: "intent", ...at, step, attempt: 1 },
    { kind: "done", ...at, step, says: "there", output: {} },
  ]);
  const tried = fenced(proposed(example("inventory")), "fenced", [
    ...steps,
    { kind: "intent", ...at, step: "promote", attempt: 1 },
    { kind: "failed", ...at, step: "promote", code: "x", why: "it was refused", mustAsk: true },
    { kind: "retried", atMs: AT, by: "ana", door: "slack", step: "promote" },
  ]);

  expect(await looksOf(tried, happened)).toEqual({ looks, ended: "verified" });
});

describe("what a look at the facts finds", () => {
  const QUIET: SecondLook = { voids: [], passing: [] };
  const VOIDS: SecondLook = { voids: ["the records were changed"], passing: [] };
  const PASSING: SecondLook = { voids: [], passing: ["the replica restarts."] };

  /** How a run goes whose looks find that, one after the other, and the last of them from then on; a minute passes with each. */
  async function finding(...found: readonly SecondLook[]) {
    let looks = 0;
    const said: string[] = [];
    const { run, written } = await drivenInMemory(proposed(example("inventory")), {
      drift: async () => {
        looks += 1;
        return found[Math.min(looks, found.length) - 1] ?? QUIET;
      },
      nowMs: () => AT + looks * 60_000,
      progressed: (_run, step, says) => void said.push(`${step}: ${says}`),
    });
    const begun = written.flatMap((entry) => (entry.kind === "intent" ? [entry.step] : []));
    return { run, begun, looks, said };
  }

  test("voids the keys where it is not what people signed: nothing is begun, or nothing is promoted (G3)", async () => {
    const first = await finding(VOIDS);
    expect([first.run.state, first.run.why, first.begun]).toEqual([
      "paused",
      "facts changed: the records were changed",
      [],
    ]);

    const second = await finding(QUIET, VOIDS);
    expect([second.run.state, second.begun]).toEqual(["paused", BEFORE_PROMOTION]);
  });

  test("is waited for where it ends by itself, and said", async () => {
    const { run, said, looks } = await finding(PASSING, PASSING, QUIET);
    expect([run.state, looks]).toEqual(["verified", 4]);
    expect(said).toContain("fence: waits a little: the replica restarts.");
  });

  test("voids the keys where that lasts for more than three minutes, or something else has changed meanwhile", async () => {
    const lasting = await finding(PASSING);
    expect([lasting.run.state, lasting.run.why, lasting.begun]).toEqual([
      "paused",
      "facts changed: the replica restarts.",
      [],
    ]);
    expect(lasting.looks).toBe(4);

    const both = await finding({ ...VOIDS, passing: PASSING.passing });
    expect([both.run.why, both.looks]).toEqual(["facts changed: the records were changed; the replica restarts.", 1]);
  });
});
