import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { StoreClock, setAnchor } from "../../src/store/clock.ts";
import type { Whose } from "../../src/store/ledger-lines.ts";
import type { ScriptedRedis } from "../../src/store/scripts.ts";
import { AT } from "../harness/observed.ts";
import { StoreBench } from "../harness/store.ts";

/** Machine time that reading and refreshing may take here. */
const SLACK_MS = 2_000;
const HOUR_MS = 3_600_000;

let bench: StoreBench;
let redis: ScriptedRedis;
beforeEach(async () => {
  bench = await StoreBench.start();
  redis = await bench.connect();
});
afterEach(() => bench.close());

async function refreshed(world: Whose["world"] = "rehearsal"): Promise<StoreClock> {
  const clock = new StoreClock(await bench.connect(), world);
  await clock.refresh();
  return clock;
}

const storeMs = async () => Number((await redis.time())[0]) * 1_000;
const within = (actual: number, wanted: number, tolerance: number) => Math.abs(actual - wanted) <= tolerance;

describe("world time of one installation", () => {
  test("without an anchor it is real time, by the store's clock", async () => {
    const clock = await refreshed();

    expect(clock.speed).toBe(1);
    expect(within(clock.now(), await storeMs(), SLACK_MS)).toBe(true);
  });

  test("guard clock in parts: what is taken out of it tells its time all the same", async () => {
    const clock = await refreshed();
    const { now, sleep, toMachineMs } = clock;

    expect(within(now(), clock.now(), SLACK_MS)).toBe(true);
    expect(within(toMachineMs(now()), await storeMs(), SLACK_MS)).toBe(true);
    await expect(sleep(1)).resolves.toBeUndefined();
  });

  test.each([-2 * HOUR_MS, 2 * HOUR_MS])(
    "a wall clock that is %i ms away from the store's changes nothing: the store's counts",
    async (aheadMs) => {
      const theirsMs = Date.now() + aheadMs;
      const says = [String(Math.floor(theirsMs / 1_000)), String((theirsMs % 1_000) * 1_000)];
      const clock = new StoreClock({ time: async () => says } as never, "production");
      await clock.refresh();

      expect(within(clock.now(), theirsMs, SLACK_MS)).toBe(true);
    },
  );

  test("guard production time: production runs in real time, whatever a rehearsal or somebody else has written into the store", async () => {
    const clock = await refreshed("production");
    await setAnchor(redis, { worldMs: AT - 7 * 24 * HOUR_MS, machineMs: await storeMs(), speed: 0.000001 });
    await clock.refresh();

    for (const each of [clock, await refreshed("production")]) {
      expect(each.speed).toBe(1);
      expect(within(each.now(), await storeMs(), SLACK_MS)).toBe(true);
    }
  });

  test("two processes with the same anchor tell the same time", async () => {
    await setAnchor(redis, { worldMs: AT, machineMs: await storeMs(), speed: 100 });
    const askedMs = performance.now();
    const [one, two] = [await refreshed(), await refreshed()];
    const [ones, twos] = [one.now(), two.now()];
    // The store says its time at some moment between question and answer.
    const tookMs = performance.now() - askedMs;

    expect(within(ones, twos, 100 * tookMs)).toBe(true);
    expect(one.now()).toBeGreaterThan(AT - 100 * SLACK_MS);
  });

  test("it follows an anchor that was moved, at the next refresh", async () => {
    await setAnchor(redis, { worldMs: AT, machineMs: await storeMs(), speed: 1 });
    const clock = await refreshed();

    await setAnchor(redis, { worldMs: AT + HOUR_MS, machineMs: await storeMs(), speed: 1 });
    expect(within(clock.now(), AT, SLACK_MS)).toBe(true);
    await clock.refresh();

    expect(within(clock.now(), AT + HOUR_MS, SLACK_MS)).toBe(true);
  });

  test("a jump ends a sleep that it has passed, and no other", async () => {
    await setAnchor(redis, { worldMs: AT, machineMs: await storeMs(), speed: 1 });
    const clock = await refreshed();
    const ended: string[] = [];
    const giveUp = new AbortController();
    const short = clock.sleep(HOUR_MS).then(() => ended.push("an hour"));
    const long = clock.sleep(5 * HOUR_MS, giveUp.signal).catch(() => ended.push("given up"));

    await setAnchor(redis, { worldMs: AT + 2 * HOUR_MS, machineMs: await storeMs(), speed: 1 });
    await clock.refresh();
    await short;
    expect(ended).toEqual(["an hour"]);

    giveUp.abort();
    await long;
    expect(ended).toEqual(["an hour", "given up"]);
  });

  test("world times become the machine's own and back", async () => {
    const machineMs = await storeMs();
    await setAnchor(redis, { worldMs: AT, machineMs, speed: 60 });
    const clock = await refreshed();

    expect(clock.toMachineMs(AT + 60_000)).toBe(machineMs + 1_000);
  });
});
