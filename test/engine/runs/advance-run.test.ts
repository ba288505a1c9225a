import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { createStores } from "../../../src/app/stores.ts";
import { planDigest } from "../../../src/domain/plan-run/plan.ts";
import type { RunState } from "../../../src/domain/plan-run/run.ts";
import { transition } from "../../../src/domain/plan-run/run-transition.ts";
import { type AdvanceDeps, advanceRun } from "../../../src/engine/runs/advance-run.ts";
import { eventsOf } from "../../../src/store/events.ts";
import { KEYS } from "../../../src/store/keys.ts";
import { runNewsCard } from "../../../src/views/run-news.ts";
import { advanceDeps, openLedger } from "../../harness/drive.ts";
import { example } from "../../harness/example.ts";
import { runOf, startRun } from "../../harness/failover-runs.ts";
import { type FailoverWorld, startFailoverWorld } from "../../harness/failover-world.ts";
import { clockAt, memoryLogger } from "../../harness/fakes/index.ts";
import { fenced, JOURNAL } from "../../harness/keys.ts";
import { AT } from "../../harness/observed.ts";
import { planFor, proposed } from "../../harness/plans.ts";
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

test("a plan that waits is made again where that is due, until its keys were not turned in time: then it is closed, and its timeline says how many were", async () => {
  const plan = planFor(example("inventory"));
  const redis = await bench.connect();
  const stores = createStores(redis, () => AT, JOURNAL);
  await stores.runs.create(plan, planDigest(plan), []);
  const renewed: string[] = [];
  const renew = (run: RunState) => void renewed.push(run.plan.id);
  const look = (nowMs: number) =>
    advanceRun(
      plan.id,
      {
        ...{ runs: stores.runs, clock: clockAt(() => nowMs), renew, shown: new Map() },
        ...{ channelOf: async () => undefined, wake: { card: async () => undefined, runCalls: async () => undefined } },
      } as unknown as AdvanceDeps, // a plan that waits asks for nothing else
      new AbortController().signal,
    );

  await look(plan.startByMs - 1);
  expect([(await stores.runs.read(plan.id))?.state, renewed]).toEqual(["waiting-for-keys", ["F-1"]]);
  await look(plan.startByMs);

  expect([(await stores.runs.read(plan.id))?.state, await stores.runs.openIds()]).toEqual(["closed", []]);
  expect(renewed).toEqual(["F-1"]);
  expect(await eventsOf(redis, "run", plan.id)).toMatchObject([
    { kind: "run.expired", says: "Plan F-1 expired: 0 of 2 keys were turned in time" },
  ]);
});

test("guard closed at once: a plan into whose journal somebody pushed a line takes no more keys, is closed, and people are told once", async () => {
  const plan = planFor(example("inventory"));
  const redis = await bench.connect();
  const stores = createStores(redis, () => AT, JOURNAL);
  await stores.runs.create(plan, planDigest(plan), []);
  await redis.rpush(KEYS.journal(plan.id), JSON.stringify({ kind: "withdrawn", atMs: AT, by: "ana", door: "slack" }));
  const deps = {
    ...{ runs: stores.runs, cards: stores.cards, clock: clockAt(() => AT + 1), shown: new Map() },
    ...{ renew: () => undefined, channelOf: async () => "C1" },
    wake: { card: async () => undefined, runCalls: async () => undefined },
  } as unknown as AdvanceDeps; // a plan that waits asks for nothing else

  for (const _look of [1, 2]) await advanceRun(plan.id, deps, new AbortController().signal);

  const run = await stores.runs.read(plan.id);
  expect([run?.state, await stores.runs.openIds()]).toEqual(["closed", []]);
  const why = /line 1 of the journal of F-1 was not written by TwoKey/;
  expect(run?.why).toMatch(why);
  expect(await eventsOf(redis, "run", plan.id)).toMatchObject([
    { kind: "run.voided", says: expect.stringMatching(why) },
  ]);
  expect((await stores.cards.get("news:F-1:closed"))?.value.wanted).toBe(1);
  if (!run) return;
  const shown = { run, inventory: example("inventory"), nowMs: AT + 1, needed: undefined };
  expect(runNewsCard("closed", shown)?.text).toMatch(
    /^F-1 .* is closed: line 1 .*: somebody else can write to Redis\. Find out who that is before you ask for a new plan\./,
  );
});

const running = fenced(proposed(example("inventory")));
const letGo = transition(running, { kind: "cut-off", atMs: AT, epoch: 1, sinceMs: AT - 60_000, callsAtMs: AT });

test.each([
  ["reaches the world drives a run", { run: running, isCutOff: false }, true],
  [
    "reaches nobody drives a run that nobody has let go of: its fence may be under way",
    { run: running, isCutOff: true },
    true,
  ],
  ["reaches the world takes over what another one has let go of", { run: letGo, isCutOff: false }, true],
  ["reaches nobody leaves what was let go of to one that does", { run: letGo, isCutOff: true }, false],
])("guard cut off: a process that %s", async (_what, { run, isCutOff }, isDriven) => {
  const begun: string[] = [];
  const over = new AbortController();
  const deps = {
    ...{
      runs: { read: async () => run },
      shown: new Map(),
      clock: clockAt(() => AT),
      channelOf: async () => undefined,
    },
    ...{ cutOffForMs: async () => (isCutOff ? 60_000 : undefined), wake: { runCalls: async () => undefined } },
    drivers: {
      begins: async (id: string) => {
        begun.push(id);
        over.abort();
        throw new Error("more is not asked of it");
      },
      ends: async () => undefined,
    },
  } as unknown as AdvanceDeps;

  await advanceRun("F-1", deps, over.signal).catch(() => undefined);

  expect(begun).toEqual(isDriven ? ["F-1"] : []);
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
