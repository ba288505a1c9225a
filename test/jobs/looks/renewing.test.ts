import { afterEach, describe, expect, test } from "@jest/globals";
import { type Inventory, inventoryFrom, withFound } from "../../../src/domain/service/inventory.ts";
import type { Known } from "../../../src/domain/service/observed.ts";
import type { Discovered } from "../../../src/flows/discover.ts";
import { startDiscovering } from "../../../src/jobs/looks/discovering.ts";
import type { Discovery } from "../../../src/ports/discovery.ts";
import { eventually } from "../../harness/eventually.ts";
import { example } from "../../harness/example.ts";
import { fakeCloud, MINUTE, silent, testClock } from "../../harness/fakes/index.ts";
import { leftOut } from "../../harness/left-out.ts";
import { serviceIn } from "../../harness/plans.ts";

const WRITTEN = example("inventory");
const LEFT_TO_AWS = inventoryFrom(leftOut(WRITTEN.file));
const HOME = serviceIn(WRITTEN).home;
const HOUR = 60 * MINUTE;

const ends: (() => void)[] = [];
afterEach(() => {
  for (const end of ends.splice(0)) end();
});

const answers = async <T>(): Promise<Known<T>> => ({ known: false, cause: "unreachable", why: "timed out", atMs: 0 });

/** A renewal whose world and machine clocks stand until they are moved, and a cloud that counts how often it is asked. */
function renewing(described: Inventory, database: Discovery["database"] = answers) {
  const clock = testClock();
  let [machineMs, turns, rounds] = [0, 0, 0];
  let inventory = described;
  const warnings: string[] = [];
  const kept: Discovered[] = [];
  const { stop } = startDiscovering({
    memory: {
      inventory: () => {
        turns += 1;
        return inventory;
      },
      remember: async (_service, discovered) => void kept.push(discovered),
    },
    cloud: fakeCloud({
      discovery: {
        ...{ service: answers, scaling: answers, loadBalancers: answers, zones: answers },
        database: (region, ...rest) => {
          if (region === HOME) rounds += 1;
          return database(region, ...rest);
        },
      },
    }),
    clock,
    logger: { ...silent, warn: (_facts, sentence) => void warnings.push(sentence) },
    turnEveryMs: 2,
    machineNow: () => machineMs,
  });
  ends.push(stop);
  return {
    ...{ clock, kept, stop, warnings },
    passMachine: (ms: number) => {
      machineMs += ms;
    },
    learn: (newer: Inventory) => {
      inventory = newer;
    },
    /** How often AWS was asked by now: several looks at what is due have passed since the last change. */
    async asked(): Promise<number> {
      const enough = turns + 4;
      await eventually("look at what is due", () => (turns >= enough ? true : undefined));
      return rounds;
    },
    untilAsked: (times: number) => eventually(`${times} questions`, () => (rounds >= times ? rounds : undefined)),
  };
}

describe("what AWS knows of a service", () => {
  test("is asked for at the start, again after an hour of world time, and not before", async () => {
    const at = renewing(WRITTEN);
    expect(await at.asked()).toBe(1);

    at.clock.move(HOUR - 1);
    expect(await at.asked()).toBe(1);

    at.clock.move(1);
    expect(await at.asked()).toBe(2);
    at.clock.move(HOUR);
    expect(await at.asked()).toBe(3);
  });

  test("is asked for every five seconds of machine time while a plan lacks something, and then every hour", async () => {
    const at = renewing(LEFT_TO_AWS);
    expect(await at.asked()).toBe(1);

    at.passMachine(4_999);
    expect(await at.asked()).toBe(1);
    at.passMachine(1);
    expect(await at.asked()).toBe(2);

    at.learn(WRITTEN);
    at.passMachine(60_000);
    expect(await at.asked()).toBe(2);
    at.clock.move(HOUR);
    expect(await at.asked()).toBe(3);
  });

  test("is asked for once at a time, however long the answer takes", async () => {
    let answer: () => void = () => undefined;
    const held = new Promise<void>((resolve) => {
      answer = resolve;
    });
    const at = renewing(WRITTEN, () => held.then(() => answers()));
    at.clock.move(3 * HOUR);
    expect(await at.asked()).toBe(1);

    answer();
    await at.untilAsked(2);
  });

  test("is remembered with what gave no answer, which is said", async () => {
    const at = renewing(WRITTEN);
    await at.asked();

    expect(at.kept[0]?.silent.length).toBeGreaterThan(0);
    expect(at.warnings).toEqual(["Not everything could be discovered"]);
  });

  test("is asked for again in its time where a question failed", async () => {
    const at = renewing(WRITTEN, () => Promise.reject(new Error("no credentials")));
    await at.asked();
    at.clock.move(HOUR);

    expect(await at.asked()).toBe(2);
    expect(at.warnings).toEqual(Array.from({ length: 2 }, () => "A service could not be discovered"));
    expect(at.kept).toEqual([]);
  });

  test("is asked for at once where the file names it since a moment ago", async () => {
    const at = renewing({ ...WRITTEN, services: [] });
    expect(await at.asked()).toBe(0);

    at.learn(withFound(WRITTEN, {}));
    expect(await at.asked()).toBe(1);
  });

  test("is not asked for any more after the end, which also gives up the question that is under way", async () => {
    const signals: (AbortSignal | undefined)[] = [];
    const at = renewing(WRITTEN, (_region, _instance, signal) => {
      signals.push(signal);
      return new Promise(() => undefined);
    });
    expect(await at.asked()).toBe(1);

    at.stop();

    expect(signals.map((signal) => signal?.aborted)).toEqual(signals.map(() => true));
  });
});
