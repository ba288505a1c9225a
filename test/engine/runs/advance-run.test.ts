import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { createStores } from "../../../src/app/stores.ts";
import { planDigest } from "../../../src/domain/plan-run/plan.ts";
import { type AdvanceDeps, advanceRun } from "../../../src/engine/runs/advance-run.ts";
import { eventsOf } from "../../../src/store/events.ts";
import { advanceDeps, openLedger } from "../../harness/drive.ts";
import { example } from "../../harness/example.ts";
import { runOf, startRun } from "../../harness/failover-runs.ts";
import { type FailoverWorld, startFailoverWorld } from "../../harness/failover-world.ts";
import { clockAt, memoryLogger } from "../../harness/fakes/index.ts";
import { JOURNAL } from "../../harness/keys.ts";
import { AT } from "../../harness/observed.ts";
import { planFor } from "../../harness/plans.ts";
import { StoreBench } from "../../harness/store.ts";

let bench: StoreBench;
let at: FailoverWorld | undefined;
beforeEach(async () => {
  bench = await StoreBench.start();
});
afterEach(async () => {
  await at?.stop();
  bench.close();
});

test("a plan whose keys were not turned in time is closed, and its timeline says how many were", async () => {
  const plan = planFor(example("inventory"));
  const redis = await bench.connect();
  const stores = createStores(redis, () => AT, JOURNAL);
  await stores.runs.create(plan, planDigest(plan), []);
  const look = (nowMs: number) =>
    advanceRun(
      plan.id,
      {
        ...{ runs: stores.runs, clock: clockAt(() => nowMs), renew: () => undefined, shown: new Map() },
        ...{ channelOf: async () => undefined, wake: { card: async () => undefined, runCalls: async () => undefined } },
      } as unknown as AdvanceDeps, // a plan that waits asks for nothing else
      new AbortController().signal,
    );

  await look(plan.startByMs - 1);
  expect((await stores.runs.read(plan.id))?.state).toBe("waiting-for-keys");
  await look(plan.startByMs);

  expect([(await stores.runs.read(plan.id))?.state, await stores.runs.openIds()]).toEqual(["closed", []]);
  expect(await eventsOf(redis, "run", plan.id)).toMatchObject([
    { kind: "run.expired", says: "Plan F-1 expired: 0 of 2 keys were turned in time" },
  ]);
});

test("what of a run cannot be kept beside its journal holds it up nowhere, and the log says of which run, and why", async () => {
  const world = await startFailoverWorld({ example: "inventory", speed: 60 });
  at = world;
  await startRun(world);
  const ledger = await openLedger(world);
  const { logger, lines } = memoryLogger();
  const times = { add: () => Promise.reject(new Error("Redis is full")) };

  await world.skippingIdleTime(() =>
    advanceRun("F-1", { ...advanceDeps(world, ledger), logger, times }, new AbortController().signal),
  );
  await ledger.close();

  expect((await runOf(world)).state).toBe("verified");
  const unkept = lines.filter(({ sentence }) => sentence === "A step's time could not be kept");
  expect(unkept[0]).toMatchObject({ level: "warn", facts: { run: "F-1", why: "Redis is full" } });
});
