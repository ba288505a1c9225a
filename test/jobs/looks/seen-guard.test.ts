import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { planDigest } from "../../../src/domain/plan-run/plan.ts";
import type { RunEntry } from "../../../src/domain/plan-run/run-entry.ts";
import { sayLost } from "../../../src/engine/runs/say-lost.ts";
import { startSeenGuard } from "../../../src/jobs/looks/seen-guard.ts";
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
async function idle() {
  const seen = new Seen();
  const seals = sealedWith(LEDGER_KEY, seen);
  const connection = await bench.connect();
  const runs = createRuns(connection, () => AT, seals);
  const freezes = createFreezes(connection, seals);
  const told: string[] = [];
  let looks = 0;
  guard = startSeenGuard({
    runs: { ...runs, openIds: () => runs.openIds() },
    keepFreezes: async () => {
      looks += 1;
      return freezes.keep();
    },
    noteSeen: async () => undefined,
    announce: async (says) => void told.push(says),
    logger: silent,
    sayLost: (run) => sayLost(run, { runs, clock: clockAt(() => AT) }),
    lookEveryMs: 5,
  });
  const looked = async () => {
    const before = looks;
    await eventually("looks", async () => looks > before + 2);
  };
  return { runs, freezes, told, looked };
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
