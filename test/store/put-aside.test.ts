import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { z } from "zod";
import { Unreadable } from "../../src/domain/errors.ts";
import { planDigest } from "../../src/domain/plan-run/plan.ts";
import type { RunEntry } from "../../src/domain/plan-run/run-entry.ts";
import { readable } from "../../src/domain/readable.ts";
import { tendPutAside } from "../../src/jobs/put-aside.ts";
import { createDocuments } from "../../src/store/documents.ts";
import { KEYS } from "../../src/store/keys.ts";
import { createAsides } from "../../src/store/put-aside.ts";
import { createRuns } from "../../src/store/runs.ts";
import type { ScriptedRedis } from "../../src/store/scripts.ts";
import { sealIn } from "../../src/store/seal.ts";
import { example } from "../harness/example.ts";
import { silent } from "../harness/fakes/index.ts";
import { JOURNAL } from "../harness/keys.ts";
import { AT } from "../harness/observed.ts";
import { planFor } from "../harness/plans.ts";
import { StoreBench } from "../harness/store.ts";

const Tally = z.strictObject({ count: z.number() });
const STAYS = { kind: "tally", version: 1, schema: Tally, unreadable: "stays" as const, isOpen: () => true };
const BEGINS_AGAIN = { ...STAYS, unreadable: "begins-again" as const };

let bench: StoreBench;
let redis: ScriptedRedis;
beforeEach(async () => {
  bench = await StoreBench.start();
  redis = await bench.connect();
});
afterEach(() => bench.close());

async function stored(...ids: readonly string[]) {
  const tallies = createDocuments(redis, STAYS);
  for (const id of ids) await tallies.change(id, () => ({ value: { count: 1 }, events: [], dueAtMs: AT }));
  return tallies;
}

const SPOILT: readonly (readonly [string, (key: string) => Promise<unknown>])[] = [
  ["a version to come", (key) => redis.hset(key, { schema: 7 })],
  ["no version", (key) => redis.hdel(key, "schema")],
  ["garbage", (key) => redis.hset(key, { value: "{not json" })],
  ["another shape", (key) => redis.hset(key, { value: '{"count":"many"}' })],
  ["no revision", (key) => redis.hdel(key, "revision")],
  ["a key of another type", async (key) => [await redis.del(key), await redis.set(key, "garbage")]],
];

describe("a document that cannot be read", () => {
  test.each(SPOILT)("%s: it is put aside and left as it is, and its neighbours go on (G22)", async (_what, spoil) => {
    const tallies = await stored("one", "two", "three");
    await spoil(KEYS.document("tally", "two"));
    const before = await redis.dump(KEYS.document("tally", "two"));

    const { read, unreadable } = await readable(["one", "two", "three"].map((id) => tallies.get(id)));

    expect(read).toHaveLength(2);
    expect(unreadable.map(({ message }) => message)).toEqual([expect.stringContaining("tally two cannot be read")]);
    expect(await tallies.due(AT, 10)).toEqual(["one", "three"]);
    expect((await tallies.openIds()).toSorted()).toEqual(["one", "three"]);
    await expect(tallies.change("two", () => ({ value: { count: 9 }, events: [] }))).rejects.toThrow(Unreadable);
    expect(await redis.dump(KEYS.document("tally", "two"))).toEqual(before);
    expect((await createAsides(redis).list(10)).map(({ name }) => name)).toEqual(["tally two"]);
  });

  test.each(SPOILT)(
    "%s: where standing still costs more, a new one begins and the old one is kept",
    async (_what, spoil) => {
      await stored("one");
      await spoil(KEYS.document("tally", "one"));
      const before = await redis.dump(KEYS.document("tally", "one"));
      const tallies = createDocuments(redis, BEGINS_AGAIN);

      await tallies.change("one", (current) => ({ value: { count: (current?.count ?? 0) + 5 }, events: [] }));

      expect((await tallies.get("one"))?.value.count).toBe(5);
      expect(await redis.dump(KEYS.replaced("tally", "one"))).toEqual(before);
      expect(await createAsides(redis).list(10)).toMatchObject([{ name: "tally one", replaced: true }]);
    },
  );

  test("people are told once, and a version that reads it takes it back to where it stood", async () => {
    const tallies = await stored("one", "two");
    await redis.hset(KEYS.document("tally", "one"), { schema: 2 });
    await readable([tallies.get("one")]);
    const said: string[] = [];
    const deps = {
      asides: createAsides(redis),
      logger: silent,
      announce: async (says: string) => void said.push(says),
      nowMs: AT,
    };

    for (let sweep = 0; sweep < 3; sweep += 1) await tendPutAside({ ...deps, kinds: { tally: tallies } });
    const newer = createDocuments(redis, { ...STAYS, version: 2 });
    await tendPutAside({ ...deps, kinds: { tally: newer } });

    expect(said).toEqual([
      expect.stringMatching(
        /^tally one cannot be read by this version of TwoKey: .*it carries schema 2, and this version reads 1/,
      ),
    ]);
    expect((await newer.due(AT, 10)).toSorted()).toEqual(["one", "two"]);
    expect((await newer.openIds()).toSorted()).toEqual(["one", "two"]);
    expect(await createAsides(redis).list(10)).toEqual([]);
  });

  test("a note of it that cannot be read hides no other: both are told once, that one by its name", async () => {
    await stored("one");
    await redis.hset(KEYS.document("tally", "one"), { value: "{not json" });
    await expect(createDocuments(redis, STAYS).get("one")).rejects.toThrow(Unreadable);
    await redis.hset(KEYS.putAside, "run F-7", '{"kind":"run","from":"a later version"}');
    const said: string[] = [];
    const announce = async (says: string) => void said.push(says);
    const deps = { asides: createAsides(redis), logger: silent, announce, nowMs: AT, kinds: {} };

    for (let sweep = 0; sweep < 3; sweep += 1) await tendPutAside(deps);

    expect(said).toHaveLength(2);
    expect(said).toContainEqual(
      expect.stringMatching(/^What is noted of run F-7 cannot be read by this version of TwoKey: /),
    );
    expect(said).toContainEqual(expect.stringMatching(/^tally one cannot be read/));
  });

  test.each([
    ["that stays is taken back by a version that reads it", STAYS, / It stays as it is\./, []],
    [
      "that begins again is told as replaced, and the old one stays beside it",
      BEGINS_AGAIN,
      / A new one takes its place/,
      ["tally one"],
    ],
  ])("a note that cannot be read of what %s", async (...[, kind, says, left]) => {
    await stored("one");
    await redis.hset(KEYS.document("tally", "one"), { schema: 2 });
    const tallies = createDocuments(redis, kind);
    await readable([tallies.get("one")]);
    await redis.hset(KEYS.putAside, "tally one", "{");
    const said: string[] = [];
    const announce = async (words: string) => void said.push(words);
    const deps = { asides: createAsides(redis), logger: silent, announce, nowMs: AT };

    await tendPutAside({ ...deps, kinds: { tally: tallies } });
    await tendPutAside({ ...deps, kinds: { tally: createDocuments(redis, { ...kind, version: 2 }) } });

    expect(said).toEqual([expect.stringMatching(says)]);
    expect((await createAsides(redis).list(10)).map(({ name }) => name)).toEqual(left);
  });

  test("that Redis is away is no reason to put anything aside", async () => {
    const tallies = await stored("one");
    redis.disconnect();

    await expect(tallies.get("one")).rejects.not.toThrow(Unreadable);

    expect(await createAsides(await bench.connect()).list(10)).toEqual([]);
  });
});

describe("a run that cannot be read", () => {
  /** Behind its only line, as another version of TwoKey may have written it. */
  const pushed = async (id: string, entry: RunEntry) => {
    const after = sealIn((await redis.lindex(KEYS.journal(id), 0)) ?? "") ?? "";
    await redis.rpush(KEYS.journal(id), JSON.stringify(JOURNAL.write(entry, { run: id, position: 1, after })));
  };
  const JOURNALS: readonly (readonly [string, (id: string) => Promise<unknown>])[] = [
    ["a version to come", (id) => redis.hset(KEYS.run(id), { schema: 7 })],
    ["an entry of a kind that nobody knows", (id) => pushed(id, JSON.parse('{"kind":"teleported","atMs":1}'))],
    ["an entry that does not fit", (id) => pushed(id, { kind: "resumed", atMs: 1, by: "ana", door: "slack" })],
    ["a plan that does not parse", (id) => redis.hset(KEYS.run(id), { plan: "{" })],
    ["no plan", (id) => redis.del(KEYS.run(id))],
  ];

  test.each(JOURNALS)("%s: it keeps its service, and the other runs go on (G22)", async (_what, spoil) => {
    const runs = createRuns(redis, () => AT, JOURNAL);
    for (const [id, service] of [
      ["F-1", "inventory"],
      ["F-2", "stock"],
    ] as const) {
      const plan = { ...planFor(example("inventory"), { id }), service };
      await runs.create(plan, planDigest(plan), []);
    }
    const first = await runs.read("F-1");
    if (!first) throw new Error("F-1 was created");
    const claim = { action: "hold" as const, service: "inventory" };
    await runs.append(first, { entries: [{ kind: "started", atMs: AT, keys: ["ana", "ben"] }], events: [], claim });
    await spoil("F-1");

    const { read, unreadable } = await readable((await runs.openIds()).map((id) => runs.read(id)));

    expect(read.map((run) => run?.plan.id)).toEqual(["F-2"]);
    expect(unreadable.map(({ message }) => message)).toEqual([expect.stringContaining("run F-1 cannot be read")]);
    expect(await runs.openIds()).toEqual(["F-2"]);
    expect(await runs.holderOf("inventory")).toBe("F-1");
  });
});
