import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { runMeant } from "../../src/commands/run-deps.ts";
import { DECISIONS } from "../../src/domain/plan-run/decision.ts";
import { planDigest } from "../../src/domain/plan-run/plan.ts";
import type { RunEntry } from "../../src/domain/plan-run/run-entry.ts";
import { createRuns } from "../../src/store/runs.ts";
import { example } from "../harness/example.ts";
import { JOURNAL } from "../harness/keys.ts";
import { AT } from "../harness/observed.ts";
import { planFor } from "../harness/plans.ts";
import { StoreBench } from "../harness/store.ts";

const inventory = example("inventory");
const at = { atMs: AT };

let bench: StoreBench;
beforeEach(async () => {
  bench = await StoreBench.start();
});
afterEach(() => bench.close());

test("a verified run whose old side is looked at for days stands in the way of no newer one", async () => {
  const runs = createRuns(await bench.connect(), () => AT, JOURNAL);
  const [old, fresh] = [planFor(inventory), planFor(inventory, { id: "F-2" })];
  await runs.create(old, planDigest(old), []);
  const steps = old.steps.flatMap(({ id: step }): RunEntry[] => [
    { kind: "intent", ...at, step, epoch: 1, attempt: 1 },
    { kind: "asked", ...at, step, epoch: 1, requestIds: [], data: {} },
    { kind: "done", ...at, step, epoch: 1, says: "there", output: { fence: "fenced" } },
  ]);
  const entries: RunEntry[] = [
    { kind: "started", ...at, keys: ["ana", "ben"] },
    { kind: "claimed", ...at, epoch: 1, worker: "w1" },
    ...steps,
    { kind: "finished", ...at, state: "verified" },
  ];
  for (const entry of entries) {
    const run = await runs.read(old.id);
    if (run) await runs.append(run, { entries: [entry], events: [], over: false });
  }
  await runs.create(fresh, planDigest(fresh), []);

  expect((await runMeant(undefined, { runs })).plan.id).toBe("F-2");
  expect((await runMeant("inventory", { runs })).plan.id).toBe("F-2");
  expect((await runMeant("inventory", { runs }, DECISIONS["stop-watch"].states)).plan.id).toBe(old.id);
});

test("a run is meant by its id in any case", async () => {
  const runs = createRuns(await bench.connect(), () => AT, JOURNAL);
  const [one, other] = [planFor(inventory), planFor(inventory, { id: "F-2" })];
  for (const plan of [one, other]) await runs.create(plan, planDigest(plan), []);

  expect((await runMeant("f-1", { runs })).plan.id).toBe("F-1");
});

test("a run is meant by its service in any case, and a slip is answered with what was meant", async () => {
  const runs = createRuns(await bench.connect(), () => AT, JOURNAL);
  const plan = planFor(inventory);
  await runs.create(plan, planDigest(plan), []);

  expect((await runMeant("Inventory", { runs })).plan.id).toBe("F-1");
  await expect(runMeant("inventroy", { runs })).rejects.toThrow(/Did you mean inventory\?/);
});
