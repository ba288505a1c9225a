import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { OutcomeUnknown } from "../../src/domain/errors.ts";
import type { Plan } from "../../src/domain/plan-run/plan.ts";
import { planDigest } from "../../src/domain/plan-run/plan.ts";
import type { RunState } from "../../src/domain/plan-run/run.ts";
import type { RunEntry } from "../../src/domain/plan-run/run-entry.ts";
import type { Runs } from "../../src/ports/runs.ts";
import { readEvents } from "../../src/store/events.ts";
import { createRuns } from "../../src/store/runs.ts";
import { example } from "../harness/example.ts";
import { JOURNAL } from "../harness/keys.ts";
import { AT } from "../harness/observed.ts";
import { planFor } from "../harness/plans.ts";
import { StoreBench } from "../harness/store.ts";

const inventory = example("inventory");
const COOL_DOWN_MS = 3_600_000;

let bench: StoreBench;
let nowMs = AT;
let one: Runs;
let two: Runs;

beforeEach(async () => {
  bench = await StoreBench.start();
  nowMs = AT;
  one = createRuns(await bench.connect(), () => nowMs, JOURNAL);
  two = createRuns(await bench.connect(), () => nowMs, JOURNAL);
});
afterEach(() => bench.close());

const event = (says: string) => ({ kind: "run.test", atMs: AT, door: "engine" as const, says, facts: {} });
const key = (by: string, digest: string): RunEntry => ({
  ...{ kind: "key-turned", atMs: AT, by, door: "slack", digest, accepted: [] },
});
const started: RunEntry = { kind: "started", atMs: AT, keys: ["ana", "ben"] };

async function created(id: string, wish: Partial<Plan> = {}): Promise<RunState> {
  const plan: Plan = { ...planFor(inventory, { id }), ...wish };
  expect(await one.create(plan, planDigest(plan), [event(`${id} is proposed`)])).toEqual({ kind: "created" });
  const run = await one.read(id);
  if (!run) throw new Error(`${id} is not there`);
  return run;
}

async function takes(runs: Runs, run: RunState) {
  return runs.append(run, {
    entries: [started],
    events: [event("started")],
    claim: { action: "hold", service: "inventory" },
  });
}

describe("the append is compare-and-set (J1)", () => {
  test("of two appends at one position one wins, and the other learns it", async () => {
    const run = await created("F-1");
    const by = (person: string) => ({ entries: [key(person, run.digest)], events: [event(person)] });

    const answers = await Promise.all([one.append(run, by("ana")), two.append(run, by("ben"))]);

    expect(new Set(answers.map(({ kind }) => kind))).toEqual(new Set(["appended", "conflict"]));
    expect((await two.read("F-1"))?.keys).toHaveLength(1);
  });

  test("of twenty appends at one position exactly one is written, with its event", async () => {
    const run = await created("F-1");
    const writers = await Promise.all(Array.from({ length: 20 }, () => bench.connect()));

    const answers = await Promise.all(
      writers.map((redis, index) =>
        createRuns(redis, () => nowMs, JOURNAL).append(run, {
          entries: [key(`person-${index}`, run.digest)],
          events: [event(`turned ${index}`)],
        }),
      ),
    );

    expect(answers.filter(({ kind }) => kind === "appended")).toHaveLength(1);
    expect((await one.read("F-1"))?.length).toBe(1);
    const [redis] = writers;
    const said = redis ? (await readEvents(redis, "", 100)).map(({ event: { says } }) => says) : [];
    expect(said.filter((says) => says.startsWith("turned"))).toHaveLength(1);
  });

  test("an entry that does not fit the state never reaches the journal", async () => {
    const run = await created("F-1");
    const done: RunEntry = { kind: "done", atMs: AT, step: "fence", epoch: 0, says: "", output: {} };

    await expect(one.append(run, { entries: [done], events: [] })).rejects.toThrow(/cannot take "done"/);
    expect((await one.read("F-1"))?.length).toBe(0);
  });

  test("a run is created once", async () => {
    const run = await created("F-1");

    await expect(two.create(run.plan, run.digest, [])).rejects.toThrow(/exists already/);
  });

  test("guard same id: where the answer is lost, another plan of that id is told from one that was not kept", async () => {
    const redis = await bench.connect();
    const losing = new Proxy(redis, {
      get: (of, name) =>
        name === "twokeyCreateRun"
          ? () => Promise.reject(new OutcomeUnknown("store-lost-answer", "The answer was lost"))
          : Reflect.get(of, name, of),
    });
    const lost = createRuns(losing, () => nowMs, JOURNAL);
    const run = await created("F-1");
    const other = { ...run.plan, reason: "asked for a moment later" };

    await expect(lost.create(other, planDigest(other), [])).rejects.toMatchObject({ code: "run-exists" });
    expect(await lost.create(run.plan, run.digest, [])).toEqual({ kind: "created" });
    const none = { ...run.plan, id: "F-2" };
    await expect(lost.create(none, planDigest(none), [])).rejects.toMatchObject({ code: "store-left-out" });
  });

  test("an append to a run that the store has lost is refused", async () => {
    const run = await created("F-1");
    await (await bench.connect()).flushdb();

    await expect(one.append(run, { entries: [key("ana", run.digest)], events: [] })).rejects.toThrow(
      /not in the store/,
    );
  });
});

describe("one plan of a service at a time", () => {
  const wanted = (id: string, wish: Partial<Plan> = {}): Plan => ({ ...planFor(inventory, { id }), ...wish });
  const make = (runs: Runs, plan: Plan) => runs.create(plan, planDigest(plan), [event(`${plan.id} is proposed`)]);

  test("guard one plan: of twenty that come in the same moment one is kept, and the others are told which", async () => {
    const writers = await Promise.all(Array.from({ length: 20 }, () => bench.connect()));

    const answers = await Promise.all(
      writers.map((redis, index) =>
        make(
          createRuns(redis, () => nowMs, JOURNAL),
          wanted(`F-${index}`),
        ),
      ),
    );

    const [kept, ...others] = await one.openIds();
    expect([kept, others]).toEqual([expect.any(String), []]);
    expect(answers.filter(({ kind }) => kind === "created")).toHaveLength(1);
    expect(answers.filter(({ kind }) => kind === "in-the-way")).toEqual(
      Array.from({ length: 19 }, () => ({ kind: "in-the-way", run: kept })),
    );
    const said = (await readEvents(await bench.connect(), "", 100)).map(({ event: { says } }) => says);
    expect(said).toEqual([`${kept} is proposed`]);
  });

  test("guard one plan: none is kept beside a run that holds the service", async () => {
    await takes(one, await created("F-1"));

    expect(await make(two, wanted("F-2"))).toEqual({ kind: "in-the-way", run: "F-1" });
    expect(await make(two, wanted("F-3", { service: "stock" }))).toEqual({ kind: "created" });
  });

  test("the rest of a run that holds the service is kept beside it, and once only", async () => {
    await takes(one, await created("F-1"));
    const restOf = { run: "F-1", intents: 0 };

    expect(await make(two, wanted("F-2", { restOf }))).toEqual({ kind: "created" });
    expect(await make(two, wanted("F-3", { restOf }))).toEqual({ kind: "in-the-way", run: "F-2" });
  });

  test("the next one is kept when the one that waited is closed, or can be read no more", async () => {
    const closed = await created("F-1");
    await one.append(closed, { entries: [{ kind: "expired", atMs: AT }], events: [], over: true });
    await created("F-2");
    const redis = await bench.connect();
    await redis.hset("{twokey}:run:F-2", { plan: "{" });
    await expect(one.read("F-2")).rejects.toThrow(/cannot be read/);

    expect(await make(two, wanted("F-3"))).toEqual({ kind: "created" });
  });

  test("what ends a plan that waited long ago does not make room beside the one that waits now", async () => {
    const first = await created("F-1");
    const answer = await one.append(first, { entries: [started], events: [] });
    if (answer.kind !== "appended") throw new Error("F-1 starts");
    await created("F-2");
    await one.append(answer.run, { entries: [{ kind: "finished", atMs: AT, state: "verified" }], events: [] });

    expect(await make(two, wanted("F-3"))).toEqual({ kind: "in-the-way", run: "F-2" });
  });
});

describe("one executor per service (G6)", () => {
  test("of two runs that start at once one takes the service and the other writes nothing", async () => {
    const [first, second] = [await created("F-1"), await created("F-2", { service: "stock" })];

    const answers = await Promise.all([takes(one, first), takes(two, second)]);

    expect(new Set(answers.map(({ kind }) => kind))).toEqual(new Set(["appended", "claimed-by"]));
    const states = new Set([(await one.read("F-1"))?.state, (await one.read("F-2"))?.state]);
    expect(states).toEqual(new Set(["running", "waiting-for-keys"]));
  });

  test("the claim has no expiry", async () => {
    await takes(one, await created("F-1"));
    const redis = await bench.connect();

    expect(await one.holderOf("inventory")).toBe("F-1");
    expect(await redis.pttl("{twokey}:claim:inventory")).toBe(-1);
  });

  test("its end gives the service back, and the run leaves the open ones", async () => {
    await finished(await created("F-1"), undefined);

    expect(await one.holderOf("inventory")).toBeUndefined();
    expect(await one.openIds()).toEqual([]);
    expect(await takes(two, await created("F-2"))).toMatchObject({ kind: "appended" });
  });

  test("the open ones of a service are found without reading those of others, and with those whose plan nobody can read", async () => {
    await created("F-1");
    await created("R-1", { service: "regami" });
    const redis = await bench.connect();

    expect(await one.openIds("inventory")).toEqual(["F-1"]);
    await redis.hset("{twokey}:run:R-1", "plan", "no plan");
    expect(await one.openIds("inventory")).toEqual(["F-1"]);
    expect(new Set(await two.openIds("inventory"))).toEqual(new Set(["F-1", "R-1"]));
    // Nor whose key is of another type.
    await redis.set("{twokey}:run:R-1", "no hash");
    expect(new Set(await two.openIds("inventory"))).toEqual(new Set(["F-1", "R-1"]));
  });

  describe("a run that continues another", () => {
    const superseded: RunEntry = { kind: "superseded", atMs: AT, plan: "F-2" };
    const wait = (why: string): RunEntry => ({ kind: "paused", atMs: AT, by: "farid", door: "slack", why });
    const end = (run: RunState) => ({ run, entry: superseded, event: event("F-1 goes on as F-2") });

    /** F-1 holds the service and is paused; F-2 has all its keys but the last. */
    async function pausedAndNext(): Promise<{ paused: RunState; next: RunState }> {
      const taken = await takes(one, await created("F-1"));
      if (taken.kind !== "appended") throw new Error("F-1 takes the service");
      const answer = await one.append(taken.run, { entries: [wait("look")], events: [] });
      if (answer.kind !== "appended") throw new Error("F-1 is paused");
      return { paused: answer.run, next: await created("F-2", { restOf: { run: "F-1", intents: 0 } }) };
    }

    test("takes the service from it in the step in which that one ends, whatever the cool-down says", async () => {
      const { paused, next } = await pausedAndNext();

      expect(await two.append(next, { entries: [started], events: [], continues: end(paused) })).toMatchObject({
        kind: "appended",
      });
      expect((await one.read("F-1"))?.state).toBe("superseded");
      expect(await one.holderOf("inventory")).toBe("F-2");
      expect(await one.openIds()).toEqual(["F-2"]);
    });

    test("writes nothing at all when the other has changed since it was read", async () => {
      const { paused, next } = await pausedAndNext();
      const resumed: RunEntry = { kind: "resumed", atMs: AT, by: "farid", door: "slack" };
      await one.append(paused, { entries: [resumed, wait("again")], events: [] });

      expect(await two.append(next, { entries: [started], events: [], continues: end(paused) })).toEqual({
        kind: "conflict",
      });
      expect([(await one.read("F-1"))?.state, (await one.read("F-2"))?.state]).toEqual(["paused", "waiting-for-keys"]);
      expect(await one.holderOf("inventory")).toBe("F-1");
    });

    test("takes the service from nobody else", async () => {
      const { paused, next } = await pausedAndNext();
      const redis = await bench.connect();
      await redis.set("{twokey}:claim:inventory", "F-9");

      expect(await two.append(next, { entries: [started], events: [], continues: end(paused) })).toEqual({
        kind: "claimed-by",
        run: "F-9",
      });
      expect((await one.read("F-2"))?.state).toBe("waiting-for-keys");
    });
  });

  test("a run that does not hold the service cannot give it back", async () => {
    await takes(one, await created("F-1"));
    const other = await created("F-2", { service: "stock" });

    await two.append(other, {
      entries: [{ kind: "expired", atMs: AT }],
      events: [],
      claim: { action: "release", service: "inventory" },
    });

    expect(await one.holderOf("inventory")).toBe("F-1");
  });
});

describe("the cool-down", () => {
  test("a second failover is refused until the cool-down is over, by world time", async () => {
    await finished(await created("F-1"), AT + COOL_DOWN_MS);
    const next = await created("F-2");

    nowMs = AT + COOL_DOWN_MS - 1;
    expect(await takes(two, next)).toEqual({ kind: "cooling-down", untilMs: AT + COOL_DOWN_MS });
    expect(await two.coolDownUntil("inventory")).toBe(AT + COOL_DOWN_MS);
    expect(await one.holderOf("inventory")).toBeUndefined();

    nowMs = AT + COOL_DOWN_MS;
    expect(await takes(two, next)).toMatchObject({ kind: "appended" });
  });
});

async function finished(run: RunState, coolDownUntilMs: number | undefined): Promise<void> {
  const taken = await takes(one, run);
  if (taken.kind !== "appended") throw new Error(`the service was not taken: ${taken.kind}`);
  await one.append(taken.run, {
    entries: [{ kind: "finished", atMs: AT, state: "verified" }],
    events: [],
    over: true,
    claim: {
      action: "release",
      service: run.plan.service,
      ...(coolDownUntilMs === undefined ? {} : { coolDownUntilMs }),
    },
  });
}
