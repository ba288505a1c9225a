import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { planDigest } from "../../../src/domain/plan-run/plan.ts";
import type { RunEntry } from "../../../src/domain/plan-run/run-entry.ts";
import { sayLost } from "../../../src/engine/runs/say-lost.ts";
import { type SeenGuardDeps, startSeenGuard } from "../../../src/jobs/looks/seen-guard.ts";
import { createFreezes } from "../../../src/store/freezes.ts";
import { KEYS } from "../../../src/store/keys.ts";
import { createRuns } from "../../../src/store/runs.ts";
import type { ScriptedRedis } from "../../../src/store/scripts.ts";
import { sealedWith } from "../../../src/store/seal.ts";
import { Seen } from "../../../src/store/seen.ts";
import { eventually } from "../../harness/eventually.ts";
import { example } from "../../harness/example.ts";
import { clockAt, silent } from "../../harness/fakes/index.ts";
import { JOURNAL, LEDGER_KEY } from "../../harness/keys.ts";
import { AT } from "../../harness/observed.ts";
import { planFor } from "../../harness/plans.ts";
import { StoreBench } from "../../harness/store.ts";

let bench: StoreBench;
let redis: ScriptedRedis;
let guard: { stop(): void } | undefined;
beforeEach(async () => {
  bench = await StoreBench.start();
  redis = await bench.connect();
});
afterEach(() => {
  guard?.stop();
  bench.close();
});

/** A process that drives nothing and only looks, until it has looked often enough. */
async function idle(lost?: SeenGuardDeps["sayLost"]) {
  const seen = new Seen();
  const seals = sealedWith(LEDGER_KEY, seen);
  const connection = await bench.connect();
  const runs = createRuns(connection, () => AT, seals);
  const freezes = createFreezes(connection, seals);
  const told: string[] = [];
  let looks = 0;
  let nowMs = AT;
  guard = startSeenGuard({
    runs: { ...runs, openIds: () => runs.openIds() },
    keepFreezes: async () => {
      looks += 1;
      return freezes.keep();
    },
    standing: () => seen.standing(nowMs),
    noteSeen: async () => undefined,
    announce: async (says) => void told.push(says),
    logger: silent,
    sayLost: lost ?? ((run) => sayLost(run, { runs, clock: clockAt(() => AT) })),
    lookEveryMs: 5,
  });
  const looked = async () => {
    const before = looks;
    await eventually("looks", async () => looks > before + 2);
  };
  const goTo = (atMs: number) => {
    nowMs = atMs;
  };
  return { runs, freezes, told, looked, goTo };
}

const EVENT = { kind: "installation.frozen", atMs: AT, door: "slack", says: "stop", facts: {} } as const;

test("guard idle look: a process that drives nothing misses what is cut off a journal, and people are told once", async () => {
  const plan = planFor(example("inventory"));
  const others = createRuns(redis, () => AT, JOURNAL);
  await others.create(plan, planDigest(plan), []);
  const run = await others.read("F-1");
  if (!run) throw new Error("the run is there");
  const turned: RunEntry = {
    ...{ kind: "key-turned", atMs: AT, by: "ana", door: "slack" },
    ...{ digest: run.digest, accepted: [] },
  };
  await others.append(run, {
    entries: [turned, { kind: "withdrawn", atMs: AT, by: "chloe", door: "slack" }],
    events: [],
  });
  const { runs, told, looked } = await idle();
  await looked();
  await redis.ltrim(KEYS.journal("F-1"), 0, 0);

  await looked();
  await looked();

  expect(await runs.read("F-1")).toMatchObject({
    state: "waiting-for-keys",
    lost: { lines: 2, isSaid: true },
    length: 2,
  });
  const newcomer = createRuns(await bench.connect(), () => AT, sealedWith(LEDGER_KEY, new Seen()));
  expect(await newcomer.read("F-1")).toMatchObject({ lost: { lines: 2, isSaid: true } });
  expect(told).toEqual([
    expect.stringMatching(/^2 lines of the journal of F-1 that TwoKey has seen .* Nothing is changed for that run\.$/),
  ]);
});

test("guard idle look: nor what is taken of a freeze, which it puts back", async () => {
  await createFreezes(redis, JOURNAL).say(
    [{ kind: "frozen", id: "Z-1", by: "chloe", atMs: AT, why: "the wrong service" }],
    EVENT,
  );
  const { freezes, told, looked } = await idle();
  await looked();
  await redis.del(KEYS.freezes);

  await looked();

  expect(await redis.hlen(KEYS.freezes)).toBe(1);
  expect((await freezes.inForce()).map(({ id }) => id)).toEqual(["Z-1"]);
  expect(told).toEqual([expect.stringContaining("TwoKey has put it back")]);
});

describe("guard gone run: a run that is taken away whole, with its place among the open ones", () => {
  const takenAway = async () => {
    const plan = planFor(example("inventory"));
    await createRuns(redis, () => AT, JOURNAL).create(plan, planDigest(plan), []);
    const guarded = await idle();
    await guarded.looked();
    await redis.del(KEYS.run("F-1"), KEYS.journal("F-1"), KEYS.openRuns);
    return { ...guarded, plan };
  };

  test("is missed by each process that saw it, and people are told once, with where to read what to do", async () => {
    const { told, looked } = await takenAway();

    await looked();
    await looked();

    expect(told).toEqual([
      expect.stringMatching(/^Nothing of F-1 stands in Redis any more.* “who can write to Redis”/),
    ]);
  });

  test("is missed no more after its keys: nothing is won by it, and retention comes later", async () => {
    const plan = planFor(example("inventory"));
    await createRuns(redis, () => AT, JOURNAL).create(plan, planDigest(plan), []);
    const { told, looked, goTo } = await idle();
    await looked();
    goTo(plan.authorisesUntilMs);
    // A look that began before still misses it.
    await looked();
    await redis.del(KEYS.run("F-1"), KEYS.openRuns);

    await looked();

    expect(told).toEqual([]);
  });
});

test("guard said each by itself: a journal that takes no line keeps nothing from people", async () => {
  const plan = planFor(example("inventory"));
  const others = createRuns(redis, () => AT, JOURNAL);
  await others.create(plan, planDigest(plan), []);
  const run = await others.read("F-1");
  if (!run) throw new Error("the run is there");
  await others.append(run, {
    entries: [{ kind: "refused", atMs: AT, by: "ana", door: "slack" }],
    events: [],
  });
  const { told, looked } = await idle(() => Promise.reject(new Error("the journal has grown meanwhile")));
  await looked();
  await redis.del(KEYS.journal("F-1"));
  await redis.hset(KEYS.freezes, "x", "{");

  await looked();

  expect(told.toSorted((one, other) => one.localeCompare(other))).toEqual([
    expect.stringContaining("1 lines of the journal of F-1"),
    expect.stringContaining("Something in Redis freezes TwoKey"),
  ]);
});
