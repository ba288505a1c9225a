import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import type { Redis } from "ioredis";
import { z } from "zod";
import { planDigest } from "../../src/domain/plan-run/plan.ts";
import { tendPutAside } from "../../src/jobs/put-aside.ts";
import type { Exported } from "../../src/ports/keeping.ts";
import { connectReader } from "../../src/store/connection.ts";
import { createDocuments } from "../../src/store/documents.ts";
import { createTimelines, eventsOf, readEvents, recentRuns, trimEvents } from "../../src/store/events.ts";
import { KEYS } from "../../src/store/keys.ts";
import { createAsides } from "../../src/store/put-aside.ts";
import { createRuns } from "../../src/store/runs.ts";
import type { ScriptedRedis } from "../../src/store/scripts.ts";
import { example } from "../harness/example.ts";
import { silent } from "../harness/fakes/index.ts";
import { JOURNAL } from "../harness/keys.ts";
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
    const runs = createRuns(redis, () => AT, JOURNAL);
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
  const about = { run: "F-1" };
  const written = (over: object) => JSON.stringify({ v: 1, ...event("strange", about), ...over });
  const later = written({ v: 2, mood: "good" });
  const told = () => createAsides(redis).list(10);
  const tend = async (said: string[]) =>
    tendPutAside({
      ...{ asides: createAsides(redis), kinds: { timeline: createTimelines(redis) }, logger: silent },
      announce: async (says: string) => void said.push(says),
      nowMs: AT,
    });

  test("stands in its place and says why, and its neighbours are read", async () => {
    await happens(event("before", about));
    const spoilt = [later, written({ mood: "good" }), JSON.stringify(event("no version", about)), "{"];
    await redis.rpush(KEYS.eventsOf("run", "F-1"), ...spoilt);
    await redis.xadd(KEYS.events, "*", "e", later);
    await happens(event("after", about));

    const events = await eventsOf(redis, "run", "F-1");

    const unreadable = "Something happened here that this version of TwoKey cannot read";
    expect(events.map(({ says, kind, atMs }) => [kind, atMs, says])).toEqual([
      ["incident.test", AT, "before"],
      ["event.unreadable", AT, `${unreadable}: it carries version 2, and this one reads 1`],
      ["event.unreadable", AT, `${unreadable}: its content is not what its version says`],
      ["event.unreadable", AT, `${unreadable}: it carries no version`],
      ["event.unreadable", AT, `${unreadable}: it carries no version`],
      ["incident.test", AT, "after"],
    ]);
    expect(events.flatMap(({ facts }) => facts["stored"] ?? [])).toEqual(spoilt);
    expect(await recentRuns(redis, 10)).toEqual(["F-1"]);
  });

  test("is counted and named to people, once, until a version reads the whole timeline", async () => {
    await redis.rpush(KEYS.eventsOf("run", "F-1"), later, later);
    const said: string[] = [];

    for (let turn = 0; turn < 3; turn += 1) {
      await eventsOf(redis, "run", "F-1");
      await tend(said);
    }
    expect(said).toEqual([
      expect.stringMatching(
        /^The timeline of run F-1 has 2 events that this version of TwoKey cannot read\. Everything else goes on\./,
      ),
    ]);
    expect(await told()).toMatchObject([{ name: "timeline run F-1", reportedAtMs: AT }]);

    await redis.ltrim(KEYS.eventsOf("run", "F-1"), 2, -1);
    await tend(said);
    expect([await told(), said]).toEqual([[], [expect.anything()]]);
  });

  test("is named also where its timeline ends before anybody was told", async () => {
    await redis.rpush(KEYS.eventsOf("incident", "one"), later);
    await eventsOf(redis, "incident", "one");
    await redis.del(KEYS.eventsOf("incident", "one"));
    const said: string[] = [];

    await tend(said);
    await tend(said);

    expect([said, await told()]).toEqual([[expect.stringContaining("incident one has 1 event that")], []]);
  });

  test("ends with its age, and goes to the archive whole and under a name of its own where it stands nowhere else", async () => {
    await redis.xadd(KEYS.events, "*", "e", later);
    await redis.xadd(KEYS.events, "*", "e", JSON.stringify({ ...event("of a version to come"), v: 2 }));
    await happens(event("about nothing"));
    const archived: Exported[] = [];

    await trimEvents(redis, {
      ...{ beforeMs: AT + 1, limit: 10 },
      handOver: async (events) => void archived.push(...events),
    });

    expect(archived.map(({ kind }) => kind)).toEqual(["unreadable events", "events"]);
    expect(JSON.stringify(archived[0]?.content)).toContain("of a version to come");
    expect(await readEvents(redis, "", 10)).toEqual([]);
    expect(await told()).toMatchObject([
      { name: "timeline stream", why: expect.stringContaining("The archive got 1 event") },
    ]);
  });

  test("moves nothing where somebody only looks", async () => {
    await redis.rpush(KEYS.eventsOf("run", "F-1"), later);

    const reader = await connectReader(bench.url, silent);
    const events = await eventsOf(reader, "run", "F-1");
    reader.disconnect();

    expect(events).toHaveLength(1);
    expect(await told()).toEqual([]);
  });
});
