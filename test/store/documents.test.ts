import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { z } from "zod";
import { createDocuments } from "../../src/store/documents.ts";
import { readEvents } from "../../src/store/events.ts";
import { AT } from "../harness/observed.ts";
import { StoreBench } from "../harness/store.ts";

const Tally = z.strictObject({ count: z.number(), by: z.record(z.string(), z.number()) });
const KIND = {
  ...{ kind: "tally", version: 1, schema: Tally, unreadable: "stays" as const },
  isOpen: (tally: z.infer<typeof Tally>) => tally.count < 10,
};
const WRITERS = 8;
const CHANGES = 50;

let bench: StoreBench;
beforeEach(async () => {
  bench = await StoreBench.start();
});
afterEach(() => bench.close());

const event = (says: string) => ({ kind: "tally.counted", atMs: AT, door: "engine" as const, says, facts: {} });

describe("documents that several processes change", () => {
  test("8 writers of 50 changes each lose nothing, and every change has its one event", async () => {
    const connections = await Promise.all(Array.from({ length: WRITERS }, () => bench.connect()));

    await Promise.all(
      connections.map(async (redis, index) => {
        const tallies = createDocuments(redis, KIND);
        for (let turn = 0; turn < CHANGES; turn += 1) {
          await tallies.change("one", (current = { count: 0, by: {} }) => ({
            value: {
              count: current.count + 1,
              by: { ...current.by, [`writer-${index}`]: (current.by[`writer-${index}`] ?? 0) + 1 },
            },
            events: [event(`${index}/${turn}`)],
          }));
        }
      }),
    );

    const [redis] = connections;
    if (!redis) throw new Error("there are writers");
    const stored = await createDocuments(redis, KIND).get("one");
    expect(stored?.value.count).toBe(WRITERS * CHANGES);
    expect(Object.values(stored?.value.by ?? {})).toEqual(Array.from({ length: WRITERS }, () => CHANGES));
    expect(stored?.revision).toBe(WRITERS * CHANGES);
    const said = (await readEvents(redis, "", 1_000)).map(({ event: { says } }) => says);
    expect(new Set(said).size).toBe(WRITERS * CHANGES);
  });

  test("changes that one process makes to one document at once are one write, and none is decided twice", async () => {
    const redis = await bench.connect();
    const tallies = createDocuments(redis, KIND);
    let decided = 0;

    await Promise.all(
      Array.from({ length: CHANGES }, () =>
        tallies.change("one", (current = { count: 0, by: {} }) => {
          decided += 1;
          return { value: { ...current, count: current.count + 1 }, events: [event(String(decided))] };
        }),
      ),
    );

    const stored = await tallies.get("one");
    expect(stored?.value.count).toBe(CHANGES);
    expect(decided).toBe(CHANGES);
    expect(await readEvents(redis, "", 1_000)).toHaveLength(CHANGES);
    // The first goes in alone; the others waited for it.
    expect(stored?.revision).toBe(2);
  });

  test("a change that fails keeps nobody behind it from changing the document", async () => {
    const tallies = createDocuments(await bench.connect(), KIND);

    const before = tallies.change("one", () => ({ value: { count: 1, by: {} }, events: [] }));
    const failing = tallies.change("one", () => {
      throw new Error("no");
    });
    const next = tallies.change("one", (current = { count: 0, by: {} }) => ({
      value: { ...current, count: current.count + 1 },
      events: [],
    }));

    await expect(failing).rejects.toThrow("no");
    expect([await before, await next]).toMatchObject([{ count: 1 }, { count: 2 }]);
    expect((await tallies.get("one"))?.value.count).toBe(2);
  });

  test("a change that decides on nothing writes nothing", async () => {
    const tallies = createDocuments(await bench.connect(), KIND);

    expect(await tallies.change("one", () => undefined)).toBeUndefined();
    expect(await tallies.get("one")).toBeUndefined();
  });

  test("open and due lists follow the newest value", async () => {
    const tallies = createDocuments(await bench.connect(), KIND);
    const set = (count: number, dueAtMs?: number) =>
      tallies.change("one", () => ({
        value: { count, by: {} },
        events: [],
        ...(dueAtMs === undefined ? {} : { dueAtMs }),
      }));

    await set(1, AT);
    expect([await tallies.openIds(), await tallies.due(AT - 1, 10), await tallies.due(AT, 10)]).toEqual([
      ["one"],
      [],
      ["one"],
    ]);

    await set(10);
    expect([await tallies.openIds(), await tallies.due(AT, 10)]).toEqual([[], []]);
  });

  test("open documents are found by what they are about, as long as they are about it", async () => {
    const labels = ({ by }: z.infer<typeof Tally>) => Object.keys(by).map((who) => `by:${who}`);
    const tallies = createDocuments(await bench.connect(), { ...KIND, labels });
    const set = (id: string, count: number, ...who: string[]) =>
      tallies.change(id, () => ({
        value: { count, by: Object.fromEntries(who.map((each) => [each, 1])) },
        events: [event(id)],
      }));
    const found = async () => Promise.all(["ana", "an", "ben"].map((who) => tallies.openIds(`by:${who}`)));

    await set("one", 1, "ana", "ben");
    await set("two", 1, "ana");
    await set("three", 10, "ana");
    expect(await found()).toEqual([["one", "two"], [], ["one"]]);

    await set("one", 2, "ana");
    await set("two", 10, "ana");
    expect(await found()).toEqual([["one"], [], []]);
  });

  test("what is open is not removed, and neither is what changed since it was read", async () => {
    const tallies = createDocuments(await bench.connect(), KIND);
    const set = (count: number) => tallies.change("one", () => ({ value: { count, by: {} }, events: [] }));

    await set(1);
    expect(await tallies.remove("one", { revision: 1, nowMs: AT })).toBe(false);
    await set(10);
    expect(await tallies.remove("one", { revision: 1, nowMs: AT })).toBe(false);
    expect((await tallies.get("one"))?.value.count).toBe(10);

    expect(await tallies.remove("one", { revision: 2, nowMs: AT })).toBe(true);
    expect(await tallies.get("one")).toBeUndefined();
  });
});
