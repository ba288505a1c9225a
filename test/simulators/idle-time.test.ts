import { once } from "node:events";
import { createServer, get } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { WorldClock } from "../../src/simulators/world/clock.ts";
import { eventually } from "../harness/eventually.ts";
import { clockOf, skippingIdleTime } from "../harness/idle-time.ts";

const HOUR_MS = 3_600_000;

let world: WorldClock;
beforeEach(() => {
  world = new WorldClock({ worldMs: 0, machineMs: Date.now(), speed: 1 });
});
afterEach(() => world.stop());

function withResolvers() {
  let resolve: () => void = () => undefined;
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}

const skipping = <T>(work: () => Promise<T>): Promise<T> => skippingIdleTime(world, () => [], work);

describe("the idle time of a world in the test's own process", () => {
  test("passes at once while everybody waits for it, in the order in which they wait", async () => {
    const woken: string[] = [];
    const wakes = async (who: string, hours: number) => {
      await clockOf(world).sleep(hours * HOUR_MS);
      woken.push(who);
    };

    await skipping(() => Promise.all([wakes("third", 72), wakes("first", 1), wakes("second", 24)]));

    expect(woken).toEqual(["first", "second", "third"]);
    expect(world.now()).toBeGreaterThanOrEqual(72 * HOUR_MS);
  });

  test("goes its own pace between two turns of one piece of work", async () => {
    let turns = 0;
    let jumps = 0;
    const done = withResolvers();
    // Begun before the looks, so that a look always comes between the two turns.
    const work = setInterval(() => {
      const { anchor } = world;
      setImmediate(() => {
        if (world.anchor !== anchor) jumps++;
        if (++turns < 50) return;
        clearInterval(work);
        done.resolve();
      });
    }, 1);

    await skipping(async () => {
      const slept = clockOf(world).sleep(HOUR_MS);
      await done.promise;
      await slept;
    });

    expect(jumps).toBe(0);
  });

  test("goes its own pace while a question is under way", async () => {
    const asked = withResolvers();
    const server = createServer(() => asked.resolve()).listen(0, "127.0.0.1");
    await once(server, "listening");
    const { anchor } = world;

    await skipping(async () => {
      const question = get({ port: (server.address() as AddressInfo).port, host: "127.0.0.1" });
      const over = once(question, "error");
      await asked.promise;
      await clockOf(world).sleep(50);
      expect(world.anchor).toBe(anchor);
      question.destroy(new Error("enough"));
      await over;
      await clockOf(world).sleep(HOUR_MS);
    });

    expect(world.now()).toBeGreaterThanOrEqual(HOUR_MS);
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  test("goes its own pace while somebody looks from outside", async () => {
    const { anchor } = world;

    await skipping(() => eventually("later", () => world.now() > 50 || undefined));

    expect(world.anchor).toBe(anchor);
  });

  test("a sleep that is given up ends with the reason, and nobody waits for it any more", async () => {
    const giveUp = new AbortController();
    const sleep = clockOf(world).sleep(HOUR_MS, giveUp.signal);

    giveUp.abort(new Error("enough"));

    await expect(sleep).rejects.toThrow("enough");
    expect(world.nextDueMs).toBeUndefined();
    await expect(clockOf(world).sleep(1, giveUp.signal)).rejects.toThrow("enough");
  });
});
