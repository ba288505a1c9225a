import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { createStores, type Stores } from "../../src/app/stores.ts";
import { wantCard } from "../../src/domain/card/card-due.ts";
import { planDigest } from "../../src/domain/plan-run/plan.ts";
import type { RunEntry } from "../../src/domain/plan-run/run-entry.ts";
import { createInVain } from "../../src/jobs/in-vain.ts";
import { createPutBack, type PutBackDeps } from "../../src/jobs/put-back.ts";
import type { Appended } from "../../src/ports/runs.ts";
import { KEYS } from "../../src/store/keys.ts";
import type { ScriptedRedis } from "../../src/store/scripts.ts";
import { createUnlisted } from "../../src/store/unlisted.ts";
import { example } from "../harness/example.ts";
import { memoryLogger, testClock } from "../harness/fakes/index.ts";
import { JOURNAL } from "../harness/keys.ts";
import { AT, homeIsDark } from "../harness/observed.ts";
import { planFor, serviceIn } from "../harness/plans.ts";
import { StoreBench } from "../harness/store.ts";

const inventory = example("inventory");
const service = serviceIn(inventory);
const at = { atMs: AT };
const fence = { ...at, step: "fence", epoch: 1 };
const HOLD = { action: "hold", service: service.name } as const;
const RUNNING: readonly RunEntry[] = [
  { kind: "started", ...at, keys: ["ana", "ben"] },
  { kind: "claimed", ...at, epoch: 1, worker: "w1" },
];
const VERIFIED: readonly RunEntry[] = [
  { kind: "intent", ...fence, attempt: 1 },
  { kind: "done", ...fence, says: "fenced", output: { fence: "fenced" } },
  { kind: "intent", ...at, step: "promote", epoch: 1, attempt: 1 },
  { kind: "finished", ...at, state: "verified" },
];

let bench: StoreBench;
let redis: ScriptedRedis;
let stores: Stores;
let told: string[];
let clock: ReturnType<typeof testClock>;
beforeEach(async () => {
  bench = await StoreBench.start();
  redis = await bench.connect();
  clock = testClock();
  stores = createStores(redis, () => clock.now(), JOURNAL);
  told = [];
});
afterEach(() => bench.close());

async function waiting(id: string): Promise<void> {
  const plan = planFor(inventory, { id, observed: homeIsDark(service) });
  expect(await stores.runs.create(plan, planDigest(plan), [])).toEqual({ kind: "created" });
}

async function append(id: string, change: Partial<Appended>): Promise<void> {
  const run = await stores.runs.read(id);
  if (!run) throw new Error(`${id} is not there`);
  expect(await stores.runs.append(run, { entries: [], events: [], ...change })).toMatchObject({ kind: "appended" });
}

async function running(id: string): Promise<void> {
  await waiting(id);
  await append(id, { entries: RUNNING, claim: HOLD });
}

/** As a process has it that was just started. */
function process(over: Partial<PutBackDeps> = {}) {
  const { logger, lines } = memoryLogger();
  const announce = async (says: string) => void told.push(says);
  const inVain = createInVain({ clock, logger, announce, roomOf: async () => undefined });
  const putBack = createPutBack({
    ...{ unlisted: createUnlisted(redis), stores, clock, logger, announce, inVain },
    ...over,
  });
  return { putBack, inVain, lines };
}

const holder = () => stores.runs.holderOf(service.name);
const LISTED = expect.stringContaining("TwoKey has listed it again");

test("guard guarded run: a verified run whose old side is still looked at goes back among what is open", async () => {
  await running("F-1");
  await append("F-1", { entries: VERIFIED, claim: { action: "release", service: service.name }, over: false });
  await redis.del(KEYS.openRuns);

  await process().putBack.look();

  expect(await stores.runs.openIds()).toEqual(["F-1"]);
  expect(await redis.zcard(KEYS.settledRuns)).toBe(0);
  expect(await holder()).toBeUndefined();
});

test("one that is over goes back among what is over, and holds nothing", async () => {
  await waiting("F-1");
  const refused: RunEntry = { kind: "refused", ...at, by: "ana", door: "slack" };
  await append("F-1", { entries: [refused], over: true });
  await redis.del(KEYS.settledRuns);

  await process().putBack.look();

  expect(await redis.zrange(KEYS.settledRuns, 0, "-1")).toEqual(["F-1"]);
  expect(await redis.exists(KEYS.openRuns, KEYS.claim(service.name), KEYS.waitingPlan(service.name))).toBe(0);
});

test.each([
  ["list and its service", [KEYS.openRuns, KEYS.claim(service.name)]],
  ["service alone", [KEYS.claim(service.name)]],
])("guard hold lost: a run that lost its %s has both again, so that no other one starts beside it", async (_, lost) => {
  await running("F-1");
  await redis.del(...lost);

  await process().putBack.look();

  expect([await stores.runs.openIds(), await holder(), told]).toEqual([["F-1"], "F-1", [LISTED]]);
  const plan = planFor(inventory, { id: "F-2" });
  expect(await stores.runs.create(plan, planDigest(plan), [])).toEqual({ kind: "in-the-way", run: "F-1" });
});

test("guard row lost: a plan that waits for keys has its row again, so that no other one waits beside it", async () => {
  await waiting("F-1");
  await redis.del(KEYS.openRuns, KEYS.waitingPlan(service.name));

  await process().putBack.look();

  const plan = planFor(inventory, { id: "F-2" });
  expect(await stores.runs.create(plan, planDigest(plan), [])).toEqual({ kind: "in-the-way", run: "F-1" });
});

test("guard beside each other: a run whose service another one took meanwhile is not listed; people are called, and it goes back once that one has let go", async () => {
  await running("F-1");
  await redis.del(KEYS.openRuns, KEYS.claim(service.name));
  await running("F-2");
  const { putBack, inVain } = process();

  for (let look = 0; look < 5; look += 1) await putBack.look();

  expect([await stores.runs.openIds(), await holder()]).toEqual([["F-2"], "F-2"]);
  expect(inVain.broken()).toMatchObject([{ run: "F-1", wakes: true }]);
  expect(told).toEqual([
    `TwoKey fails at this again and again: listing run F-1 again. F-1 of ${service.name} has not ended and lost its hold of it, and now F-2 holds ${service.name}. Two runs of one service would work against each other: F-1 gets its place again when F-2 has let go. Look at both with /dr status F-1 and /dr status F-2. It is tried again. Everything else goes on.`,
  ]);
  await append("F-2", { entries: VERIFIED, claim: { action: "release", service: service.name } });
  await putBack.look();
  expect([(await stores.runs.openIds()).toSorted(), await holder()]).toEqual([["F-1", "F-2"], "F-1"]);
  expect(inVain.broken()).toEqual([]);
});

test("a plan whose row another one took meanwhile is not listed, and nobody is woken for it", async () => {
  await waiting("F-1");
  await redis.del(KEYS.openRuns);
  await waiting("F-2");
  const { putBack, inVain } = process();

  for (let look = 0; look < 5; look += 1) await putBack.look();

  expect(await stores.runs.openIds()).toEqual(["F-2"]);
  expect(inVain.broken()).toMatchObject([{ run: "F-1", wakes: false }]);
  expect(told).toEqual([expect.stringContaining(`F-1 and F-2 both wait for the keys of ${service.name}`)]);
});

test("what fails for one thing keeps nothing else from its place; what is back is said and logged, and the failure is not swallowed", async () => {
  for (const id of ["F-1", "F-2", "F-3"]) {
    await running(id);
    await redis.del(KEYS.openRuns, KEYS.claim(service.name));
    await append(id, { entries: VERIFIED, claim: { action: "release", service: service.name } });
  }
  const away = { read: async (id: string) => Promise.reject(new Error(`no answer for ${id}`)) };
  const read = (id: string) => (id === "F-2" ? away.read(id) : stores.runs.read(id));
  const { putBack, lines } = process({ stores: { ...stores, runs: { read } } });

  await expect(putBack.look()).rejects.toThrow("no answer for F-2");

  expect((await stores.runs.openIds()).toSorted()).toEqual(["F-1", "F-3"]);
  expect(told).toEqual([LISTED]);
  expect(JSON.stringify(lines)).toContain("run F-3");
});

test("a pass goes on where it was, and is said once, also by a process that was started meanwhile", async () => {
  const many = Array.from({ length: 600 }, (_, number) => `card-${number}`);
  const request = { kind: "notice", subject: "s", to: { channel: "C1" } };
  const sent = (id: string) => {
    const wanted = wantCard(undefined, { ...request, id }, 0);
    return wanted && { value: { ...wanted, sent: wanted.wanted }, events: [] };
  };
  await Promise.all(many.map((id) => stores.cards.change(id, () => sent(id))));
  await redis.del(KEYS.settledDocuments("card"));
  let [looks, isWhole] = [0, false];
  while (!isWhole && looks < 30) {
    const unlisted = createUnlisted(redis);
    const next = async () => {
      const part = await unlisted.next();
      ({ isWhole } = part);
      return part;
    };
    await process({ unlisted: { ...unlisted, next } }).putBack.look();
    looks += 1;
  }

  expect(isWhole).toBe(true);
  expect(looks).toBeGreaterThan(2);
  expect(await redis.zcard(KEYS.settledDocuments("card"))).toBe(many.length);
  expect(told).toEqual([LISTED]);
});

test.each(["{}", "no JSON", '{"cursor":"-7","isSaid":false,"again":[]}'])(
  "what %s says of where a pass was makes it begin again",
  async (stored) => {
    await running("F-1");
    await redis.del(KEYS.openRuns);
    await redis.set(KEYS.putBack, stored);

    await process().putBack.look();

    expect(await stores.runs.openIds()).toEqual(["F-1"]);
  },
);
