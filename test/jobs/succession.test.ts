import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { startSuccession } from "../../src/jobs/succession.ts";
import { createDrivers } from "../../src/store/drivers.ts";
import type { ScriptedRedis } from "../../src/store/scripts.ts";
import { eventually } from "../harness/eventually.ts";
import { memoryLogger, silent } from "../harness/fakes/index.ts";
import { StoreBench } from "../harness/store.ts";

let bench: StoreBench;
let opened: { stop(): Promise<void> }[];
beforeEach(async () => {
  bench = await StoreBench.start();
  opened = [];
});
afterEach(async () => {
  await Promise.all(opened.map((each) => each.stop()));
  bench.close();
});

/** A connection as a process of that name has it. */
async function named(worker: string): Promise<ScriptedRedis> {
  const redis = await bench.connect();
  await redis.client("SETNAME", worker);
  return redis;
}

/** Another process, which notes what it takes over, and how often it has looked. */
async function heir(worker = "two@here:2", redisOf = named) {
  const redis = await redisOf(worker);
  const drivers = createDrivers(redis, worker);
  const taken: string[] = [];
  let looks = 0;
  const orphans = async () => {
    const found = await drivers.orphans();
    looks += 1;
    return found;
  };
  const advance = async (run: string) => {
    taken.push(run);
  };
  opened.push(startSuccession({ drivers: { ...drivers, orphans }, advance, logger: silent }));
  return {
    taken,
    drivers,
    looksAgain: (times = 6) =>
      eventually(
        "look",
        upTo(() => looks, looks + times),
      ),
  };
}

const upTo = (count: () => number, wanted: number) => () => (count() >= wanted ? true : undefined);

test("guard heir: a run whose driver has no connection any more is driven on by another process, once", async () => {
  const first = await named("one@here:1");
  await createDrivers(first, "one@here:1").begins("F-1");
  const other = await heir();
  await other.looksAgain();
  expect(other.taken).toEqual([]);

  // As Redis sees a process that is killed.
  first.disconnect();

  await eventually("take-over", () => other.taken[0]);
  await other.looksAgain();
  expect(other.taken).toEqual(["F-1"]);
});

const killed = { run: "F-1", driver: "one@here:1" };
/** Nobody but this process is there, and whatever it takes over goes as the test says. */
function lastOne(advance: (run: string, signal: AbortSignal) => Promise<void>) {
  const { logger, lines } = memoryLogger();
  let isTaken = false;
  const succeed = async () => {
    isTaken = true;
    return true;
  };
  const drivers = { orphans: async () => (isTaken ? [] : [killed]), succeed, ends: async () => undefined };
  const succession = startSuccession({ drivers, advance, logger });
  opened.push(succession);
  return { succession, said: () => lines.map(({ sentence }) => sentence) };
}

test("a run that this process lets go of at its own stop is not logged as one that could not be taken over", async () => {
  let isDriving = false;
  const { succession, said } = lastOne((_run, signal) => {
    isDriving = true;
    return new Promise((_resolve, reject) => {
      if (signal.aborted) reject(signal.reason);
      signal.addEventListener("abort", () => reject(signal.reason));
    });
  });
  await eventually("take-over", () => isDriving || undefined);

  await succession.stop();

  expect(said()).toContain("The process that drove this run is gone: this one goes on");
  expect(said()).not.toContain("A run could not be taken over");
});

test("a run that could not be taken over is logged", async () => {
  const { said } = lastOne(() => Promise.reject(new Error("the journal is gone")));

  await eventually("line", () => said().includes("A run could not be taken over") || undefined);
});

test("of several processes one takes a run over, and nobody again when it waits for people then", async () => {
  const first = await named("one@here:1");
  await createDrivers(first, "one@here:1").begins("F-1");
  const others = await Promise.all(["two@here:2", "three@here:3", "four@here:4"].map((worker) => heir(worker)));

  first.disconnect();

  const all = () => others.flatMap(({ taken }) => taken);
  await eventually("take-over", () => all()[0]);
  await Promise.all(others.map((each) => each.looksAgain(8)));
  expect(all()).toEqual(["F-1"]);
});

test("after the store was away nobody is taken for dead before all are back", async () => {
  const first = await named("one@here:1");
  await createDrivers(first, "one@here:1").begins("F-1");
  first.disconnect();
  const redis = await named("two@here:2");
  const drivers = createDrivers(redis, "two@here:2");
  expect(await drivers.orphans()).toEqual([{ run: "F-1", driver: "one@here:1" }]);

  const back = new Promise((resolve) => redis.once("ready", resolve));
  redis.disconnect(true);

  await back;
  await redis.client("SETNAME", "two@here:2");
  expect(await drivers.orphans()).toEqual([]);
});

test("a run that its driver has let go of is taken over by nobody", async () => {
  const first = await named("one@here:1");
  const drivers = createDrivers(first, "one@here:1");
  await drivers.begins("F-1");
  await drivers.ends("F-1");
  first.disconnect();

  const other = await heir();
  await other.looksAgain();
  expect(other.taken).toEqual([]);
});

test("whoever lets go of a run late takes it from nobody who drives it since", async () => {
  const late = createDrivers(await named("one@here:1"), "one@here:1");
  await late.begins("F-1");
  const second = await named("two@here:2");
  await createDrivers(second, "two@here:2").begins("F-1");

  await late.ends("F-1");

  second.disconnect();
  const third = await heir("three@here:3");
  expect(await eventually("take-over", () => third.taken[0])).toBe("F-1");
});

test("where connections have no names nobody is taken for dead: its own is missing as well", async () => {
  const first = await named("one@here:1");
  await createDrivers(first, "one@here:1").begins("F-1");
  first.disconnect();

  const other = await heir("two@here:2", () => bench.connect());
  await other.looksAgain();
  expect(other.taken).toEqual([]);
});

test("what may not see the connections takes nothing over: then the job's own lock runs out", async () => {
  const admin = await bench.connect();
  await admin.call("ACL", "SETUSER", "narrow", "on", ">pw-of-narrow", "~*", "&*", "+@all", "-client|list");
  try {
    const first = await named("one@here:1");
    await createDrivers(first, "one@here:1").begins("F-1");
    first.disconnect();
    const narrow = await named("two@here:2");
    await narrow.auth("narrow", "pw-of-narrow");
    const drivers = createDrivers(narrow, "two@here:2");
    await expect(drivers.orphans()).rejects.toThrow("NOPERM");
    const other = await heir("three@here:3");
    expect(await eventually("take-over", () => other.taken[0])).toBe("F-1");
  } finally {
    await admin.call("ACL", "DELUSER", "narrow");
  }
});
