import { afterEach, beforeEach, expect, test } from "@jest/globals";
import type { Signal } from "../../src/domain/incident/alert.ts";
import { MOST_IN_QUEUE } from "../../src/domain/retention.ts";
import { sha256 } from "../../src/domain/service/inventory.ts";
import { createInVain, type InVain } from "../../src/jobs/in-vain.ts";
import { createQueues, QUEUE_PREFIX, type Queues, signalPauseMs } from "../../src/jobs/queues.ts";
import { createWorkers, type Handlers, type Workers } from "../../src/jobs/workers.ts";
import { WAITING } from "../../src/store/connection.ts";
import type { ScriptedRedis } from "../../src/store/scripts.ts";
import { eventually } from "../harness/eventually.ts";
import { clockAt, silent } from "../harness/fakes/index.ts";
import { AT } from "../harness/observed.ts";
import { StoreBench } from "../harness/store.ts";

const DAY_MS = 86_400_000;
const nothing = async () => undefined;

let bench: StoreBench;
let redis: ScriptedRedis;
let queues: Queues;
let workers: Workers | undefined;
let taken: string[];
let told: string[];
let inVain: InVain;
beforeEach(async () => {
  bench = await StoreBench.start();
  redis = await bench.connect();
  queues = createQueues({ url: bench.url }, silent);
  taken = [];
  told = [];
});
afterEach(async () => {
  await workers?.close();
  workers = undefined;
  await queues.close();
  bench.close();
});

const signal = (id: string, receivedAtMs: number): Signal => ({
  ...{ id, source: "cloudwatch", fingerprint: `arn:${id}`, name: id, description: "", reason: "", account: "1" },
  ...{ region: "eu-west-1", namespace: "AWS/RDS", metric: "CPU", dimensions: {}, state: "alarm", previousState: "ok" },
  ...{ changedAtMs: receivedAtMs, publishedAtMs: receivedAtMs, receivedAtMs, late: false },
});

/** Only here a wake-up fails. */
const failing = async () => {
  throw new Error("nobody can do this");
};

function work(
  drive: () => Promise<void> = nothing,
  take: (id: string) => Promise<void> = nothing,
  sweep = nothing,
): void {
  const clock = clockAt();
  inVain = createInVain({
    clock,
    logger: silent,
    announce: async (says) => void told.push(says),
    roomOf: async () => undefined,
  });
  const handlers: Handlers = {
    wakeUps: { runs: drive, calls: nothing, evidence: nothing, pages: nothing, chat: nothing, cards: nothing },
    sweep,
    inVain,
    signal: async ({ id }) => {
      await take(id);
      taken.push(id);
    },
  };
  workers = createWorkers({ url: bench.url, ...WAITING }, handlers, silent);
}

/** Signals that are done, oldest first. */
async function done(count: number): Promise<void> {
  const isSo = async () => (await redis.zcard(`${QUEUE_PREFIX}:signals:completed`)) === count;
  while (!(await isSo())) await new Promise((resolve) => setTimeout(resolve, 10));
}

/** Whether the store still has anything of each day's signal. */
async function remembered(): Promise<boolean[]> {
  const keys = [0, 1, 2, 3, 4].map((day) => `${QUEUE_PREFIX}:signals:${sha256(`of day ${day}`)}`);
  return Promise.all(keys.map(async (key) => (await redis.keys(`${key}*`)).length > 0));
}

test("a signal that was taken in is remembered until its retention is over, by world time, and then leaves nothing", async () => {
  work();
  for (let day = 0; day < 5; day += 1) {
    await queues.enqueueSignal(signal(`of day ${day}`, AT + day * DAY_MS));
    await done(day + 1);
  }

  expect(await queues.endSignals(AT + 3 * DAY_MS, 2)).toBe(true);
  expect(await queues.endSignals(AT + 3 * DAY_MS, 2)).toBe(false);
  expect(await remembered()).toEqual([false, false, false, true, true]);

  for (const day of [2, 3, 4]) await queues.enqueueSignal(signal(`of day ${day}`, AT + day * DAY_MS));
  await done(3);
  expect(taken).toEqual(["of day 0", "of day 1", "of day 2", "of day 3", "of day 4", "of day 2"]);
});

test("one that nobody has taken in yet stays, however old it is", async () => {
  await queues.enqueueSignal(signal("waits", AT));

  expect(await queues.endSignals(AT + 400 * DAY_MS, 20)).toBe(false);
  work();
  await done(1);

  expect(taken).toEqual(["waits"]);
});

test("of the wake-ups that failed the last ones stay, as many as the table says, and of those that were done none", async () => {
  const count = MOST_IN_QUEUE.failed + 5;
  work(failing);

  for (let at = 0; at < count; at += 1) await queues.wake.run(`F-${at}`);
  await queues.wake.card("done");

  const sizeOf = (queue: string, state: string) => redis.zcard(`${QUEUE_PREFIX}:${queue}:${state}`);
  await eventually("none that waits", async () =>
    Object.values(await queues.waiting()).every((each) => each === 0) ? true : undefined,
  );
  await eventually("as many as stay", async () =>
    (await sizeOf("runs", "failed")) === MOST_IN_QUEUE.failed ? true : undefined,
  );
  expect(await sizeOf("cards", "completed")).toBe(0);
});

test("guard failing alert: one that cannot be taken in is said once with its cause, and is taken in as soon as that can be", async () => {
  let isBroken = true;
  work(nothing, async (id) => {
    if (isBroken && id === "broken") throw new Error("it was not opened", { cause: new TypeError("no such field") });
  });
  await queues.enqueueSignal(signal("broken", AT));
  await queues.enqueueSignal(signal("whole", AT));

  await eventually("people are told", async () => (told.length > 0 ? true : undefined));
  expect([taken, told]).toEqual([
    ["whole"],
    [expect.stringMatching(/alert “broken”.*it was not opened ← no such field/)],
  ]);

  isBroken = false;
  await done(2);
  expect([taken, told.length]).toEqual([["whole", "broken"], 1]);
});

test("guard poisonous alert: is told although one of the same name in another region is taken in between its tries", async () => {
  let tries = 0;
  work(nothing, async (id) => {
    if (id !== "broken") return;
    tries += 1;
    throw new Error("it was not opened");
  });
  const named = (id: string, region: string) => ({ ...signal(id, AT), name: "cpu", region });
  await queues.enqueueSignal(named("broken", "eu-west-1"));

  for (let before = 1; before <= 5; before += 1) {
    await eventually("the next try", () => tries >= before);
    await queues.enqueueSignal(named(`whole ${before}`, "us-east-1"));
    await done(before);
  }
  await eventually("one more try", () => tries > 5);
  expect(told).toEqual([expect.stringContaining("taking in an alert “cpu” of eu-west-1. it was not opened.")]);
});

test("many alerts of one name that fail once each are not one that fails again and again", async () => {
  let tries = 0;
  const failed = new Set<string>();
  work(nothing, async (id) => {
    tries += 1;
    if (failed.has(id)) return;
    failed.add(id);
    throw new Error("not now");
  });
  for (let at = 0; at < 48; at += 1) await queues.enqueueSignal({ ...signal(`${at}`, AT), name: "cpu" });

  await done(48);
  expect([tries, told, inVain.broken()]).toEqual([96, [], []]);
});

test("its tries never end, and come a minute apart at most", () => {
  expect([1, 2, 3, 10, 20, 1e6].map(signalPauseMs)).toEqual([200, 400, 800, 60_000, 60_000, 60_000]);
});

test("guard failing job: a wake-up that fails again and again is said once, with what it was for", async () => {
  work(failing);
  const looks = 7;
  for (let look = 1; look <= looks; look += 1) {
    await queues.wake.run("F-1");
    await eventually("it failed", async () =>
      (await redis.zcard(`${QUEUE_PREFIX}:runs:failed`)) === look ? true : undefined,
    );
  }

  expect(told).toEqual([expect.stringMatching(/run “F-1”.*nobody can do this/)]);
  expect(inVain.broken()).toMatchObject([{ run: "F-1", wakes: true, why: "nobody can do this" }]);
});

test("guard whole sweep: of a sweep that fails again and again it is said what may be late, and not that everything else goes on", async () => {
  work(nothing, nothing, failing);
  await eventually("it is said", async () => {
    await queues.sweepNow();
    return told[0];
  });

  expect(told).toEqual([
    "TwoKey fails at this again and again: looking at what is due. nobody can do this. It is tried again. Pages, status updates and runs may be late: look at open incidents and runs yourself.",
  ]);
});
