import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import type { Redis } from "ioredis";
import { z } from "zod";
import { planDigest } from "../../src/domain/plan-run/plan.ts";
import { createDocuments } from "../../src/store/documents.ts";
import { eventsOf, readEvents, recentRuns, trimEvents } from "../../src/store/events.ts";
import { KEYS } from "../../src/store/keys.ts";
import { createRuns } from "../../src/store/runs.ts";
import type { ScriptedRedis } from "../../src/store/scripts.ts";
import { example } from "../harness/example.ts";
import { AT } from "../harness/observed.ts";
import { planFor } from "../harness/plans.ts";
import { StoreBench } from "../harness/store.ts";

const Tally = z.strictObject({ count: z.number() });
const KIND = { kind: "tally", version: 1, schema: Tally, unreadable: "stays" as const, isOpen: () => true };

let bench: StoreBench;
let redis: ScriptedRedis;
beforeEach(async () => {
  bench = await StoreBench.start();
  redis = await bench.connect();
});
afterEach(() => bench.close());

const event = (says: string, about: { incident?: string; run?: string } = {}) => ({
  ...{ kind: "incident.test", atMs: AT, door: "engine" as const, says, facts: {} },
  ...about,
});

async function happens(...events: readonly ReturnType<typeof event>[]): Promise<void> {
  await createDocuments(redis, KIND).change("one", (current = { count: 0 }) => ({
    value: { count: current.count + 1 },
    events,
  }));
}

/** Commands that this connection sends while `work` is under way. */
async function commandsOf(client: Redis, work: () => Promise<unknown>): Promise<string[]> {
  const sent: string[] = [];
  const send = client.sendCommand.bind(client);
  client.sendCommand = (command, ...rest) => {
    sent.push(command.name);
    return send(command, ...rest);
  };
  await work();
  client.sendCommand = send;
  return sent;
}

describe("what belongs to an incident or a run", () => {
  test("is read by its own list: a timeline costs one read, however much happened otherwise", async () => {
    await happens(event("mine, first", { incident: "mine" }));
    for (let turn = 0; turn < 30; turn += 1) {
      await happens(
        ...Array.from({ length: 100 }, (_, index) => event(`${turn}/${index}`, { incident: `other${turn}` })),
      );
    }
    await happens(event("mine, last", { incident: "mine" }), event("about nothing"));

    let said: string[] = [];
    const commands = await commandsOf(redis, async () => {
      said = (await eventsOf(redis, "incident", "mine")).map(({ says }) => says);
    });

    expect(said).toEqual(["mine, first", "mine, last"]);
    expect(commands).toEqual(["lrange"]);
  });

  test("is complete and in its order where it is longer than one read", async () => {
    for (let turn = 0; turn < 25; turn += 1) {
      await happens(...Array.from({ length: 100 }, (_, index) => event(`${turn * 100 + index}`, { run: "F-1" })));
    }

    const said = (await eventsOf(redis, "run", "F-1")).map(({ says }) => Number(says));

    expect(said).toEqual(Array.from({ length: 2_500 }, (_, index) => index));
  });

  test("stands in the incident's list, in the run's and in the one stream, written in one step", async () => {
    const runs = createRuns(redis, () => AT);
    const plan = planFor(example("inventory"), { id: "F-1" });
    await runs.create(plan, planDigest(plan), [event("proposed", { incident: "one", run: "F-1" })]);
    const run = await runs.read("F-1");
    if (!run) throw new Error("F-1 was created");
    const expired = { entries: [{ kind: "expired" as const, atMs: AT }], over: true };

    await Promise.all(
      ["expired here", "expired there"].map((says) =>
        runs.append(run, { ...expired, events: [event(says, { incident: "one", run: "F-1" })] }),
      ),
    );

    const ofRun = await eventsOf(redis, "run", "F-1");
    // One of the two appends lost, and left nothing anywhere.
    expect(ofRun.map(({ kind }) => kind)).toHaveLength(2);
    expect(await eventsOf(redis, "incident", "one")).toEqual(ofRun);
    expect((await readEvents(redis, "", 10)).map((stored) => stored.event)).toEqual(ofRun);
  });
});

describe("an event that this version cannot read", () => {
  test("stands in its place and says so, and neither the timeline nor what ends old events stops at it", async () => {
    await happens(event("before", { run: "F-1" }));
    const strange = JSON.stringify({ ...event("strange", { run: "F-1" }), mood: "good" });
    await redis.rpush(KEYS.eventsOf("run", "F-1"), strange, "{");
    await redis.xadd(KEYS.events, "*", "e", strange);
    await happens(event("after", { run: "F-1" }));

    const said = (await eventsOf(redis, "run", "F-1")).map(({ says, kind, atMs }) => [kind, atMs, says]);

    const unreadable = "Something happened here that this version of TwoKey cannot read";
    expect(said).toEqual([
      ["incident.test", AT, "before"],
      ["event.unreadable", AT, unreadable],
      ["event.unreadable", 0, unreadable],
      ["incident.test", AT, "after"],
    ]);
    expect(await recentRuns(redis, 10)).toEqual(["F-1"]);
    await trimEvents(redis, { beforeMs: AT + 1, limit: 10, handOver: async () => undefined });
    expect(await readEvents(redis, "", 10)).toEqual([]);
  });
});
