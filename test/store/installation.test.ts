import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { Secret } from "../../src/domain/secret.ts";
import { setAnchor } from "../../src/store/clock.ts";
import { claimStore, type Installation, sayWhose } from "../../src/store/installation.ts";
import { KEYS } from "../../src/store/keys.ts";
import { LEDGER_KEY, WHOSE } from "../harness/keys.ts";
import { quotationsOf } from "../harness/quoted.ts";
import { StoreBench } from "../harness/store.ts";

let bench: StoreBench;
beforeEach(async () => {
  bench = await StoreBench.start();
});
afterEach(() => bench.close());

const OURS: Installation = { whose: WHOSE, ledgerKey: LEDGER_KEY };
const REHEARSAL = { ...WHOSE, world: "rehearsal" } as const;
const claim = async (change: Partial<Installation> = {}) => claimStore(await bench.connect(), { ...OURS, ...change });

test("the store of an installation is taken by each of its processes", async () => {
  await claim();
  await expect(claim()).resolves.toBeUndefined();
});

test("guard installation: what a rehearsal or another environment left behind is never taken for production's", async () => {
  await claim({ whose: REHEARSAL });

  await expect(claim()).rejects.toMatchObject({ code: "redis-other-installation" });
  for (const sentence of quotationsOf("redis-other-installation")) await expect(claim()).rejects.toThrow(sentence);
  await expect(claim({ whose: { ...REHEARSAL, environment: "staging" } })).rejects.toMatchObject({
    code: "redis-other-installation",
  });
});

test("a process with another ledger key is refused: its keys would count for nothing with the others", async () => {
  await claim();

  const ledgerKey = new Secret("x".repeat(40));
  await expect(claim({ ledgerKey })).rejects.toMatchObject({ code: "ledger-key-differs" });
  for (const sentence of quotationsOf("ledger-key-differs"))
    await expect(claim({ ledgerKey })).rejects.toThrow(sentence);
});

test.each([
  ["the clock of a rehearsal", "clock"],
  ["a count", "position"],
] as const)(
  "guard nobody's keys: a store with %s that does not say whose it is is refused, and left as it is",
  async (_what, key) => {
    const redis = await bench.connect();
    if (key === "clock") await setAnchor(redis, { worldMs: 0, machineMs: 0, speed: 0.000001 });
    else await redis.incr(KEYS.position);

    for (const whose of [WHOSE, REHEARSAL]) {
      await expect(claim({ whose })).rejects.toMatchObject({
        code: "redis-nobodys-keys",
        message: expect.stringContaining("remove all keys that begin with {twokey}"),
      });
      for (const sentence of quotationsOf("redis-nobodys-keys"))
        await expect(claim({ whose })).rejects.toThrow(sentence);
    }
    expect(await redis.keys("*")).toEqual([KEYS[key]]);
  },
);

test("keys of others, and what a proof leaves for a minute, are nobody's state", async () => {
  const redis = await bench.connect();
  await redis.mset("theirs", "1", KEYS.proof("bot.doctor:text"), "1");

  await expect(claim()).resolves.toBeUndefined();
});

test("an empty store is taken by several processes that start at once, and write at once", async () => {
  const starting = Array.from({ length: 8 }, async () => {
    const redis = await bench.connect();
    await claimStore(redis, OURS);
    await redis.incr(KEYS.position);
  });

  await expect(Promise.all(starting)).resolves.toHaveLength(8);
});

test("a running process says again whose the store is that came back empty, so that the next one may start beside it", async () => {
  await claim();
  const redis = await bench.connect();
  await redis.flushdb();
  await redis.incr(KEYS.position);
  await sayWhose(redis, OURS);

  await expect(claim()).resolves.toBeUndefined();
  await expect(claim({ whose: REHEARSAL })).rejects.toMatchObject({ code: "redis-other-installation" });
});
