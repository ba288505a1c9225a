import { randomUUID } from "node:crypto";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { OutcomeUnknown, TransientError } from "../../src/domain/errors.ts";
import type { FreezeSaid } from "../../src/domain/plan-run/freeze.ts";
import { Secret } from "../../src/domain/secret.ts";
import { createFreezes, type KeptFreezes } from "../../src/store/freezes.ts";
import { KEYS } from "../../src/store/keys.ts";
import type { ScriptedRedis } from "../../src/store/scripts.ts";
import { sealedWith } from "../../src/store/seal.ts";
import { Seen } from "../../src/store/seen.ts";
import { LEDGER_KEY } from "../harness/keys.ts";
import { AT } from "../harness/observed.ts";
import { StoreBench } from "../harness/store.ts";

const EVENT = { kind: "installation.frozen", atMs: AT, by: "chloe", door: "slack", says: "stop", facts: {} } as const;
const FROZEN: FreezeSaid = { kind: "frozen", id: "Z-1", by: "chloe", atMs: AT, why: "the wrong service" };
const LIFTED: FreezeSaid = { kind: "lifted", id: "Z-1", by: ["ana", "ben"], atMs: AT + 1 };

let bench: StoreBench;
/** A plain client: what somebody who can only write to Redis has. */
let attacker: ScriptedRedis;
beforeEach(async () => {
  bench = await StoreBench.start();
  attacker = await bench.connect();
});
afterEach(() => bench.close());

const process = async (seen = new Seen(), key = LEDGER_KEY): Promise<KeptFreezes> =>
  createFreezes(await bench.connect(), sealedWith(key, seen));
const idsIn = async (freezes: KeptFreezes) => (await freezes.inForce()).map(({ id }) => id);

test("a freeze stops every process until it is lifted, and what was said once more changes nothing", async () => {
  const [one, two] = [await process(), await process()];
  await one.say([FROZEN], EVENT);
  await one.say([FROZEN], EVENT);

  expect([await idsIn(one), await idsIn(two)]).toEqual([["Z-1"], ["Z-1"]]);
  expect(await attacker.xlen(KEYS.events)).toBe(1);
  await two.say([LIFTED], { ...EVENT, kind: "installation.unfrozen" });
  expect([await idsIn(one), await idsIn(two), await idsIn(await process())]).toEqual([[], [], []]);
  expect([await one.keep(), await two.keep()]).toEqual([[], []]);
});

test.each([true, false])(
  "guard lost freeze: one whose answer is lost counts exactly where it stands (it was written: %s)",
  async (isWritten) => {
    const redis = await bench.connect();
    const { twokeySayFreeze } = redis;
    redis.twokeySayFreeze = async (...args) => {
      if (isWritten) await twokeySayFreeze.apply(redis, args);
      throw new OutcomeUnknown("store-unanswered", "no answer");
    };
    const one = createFreezes(redis, sealedWith(LEDGER_KEY, new Seen()));

    const said = one.say([FROZEN], EVENT);

    await (isWritten ? said : expect(said).rejects.toBeInstanceOf(TransientError));
    expect([await idsIn(one), await idsIn(await process())]).toEqual(isWritten ? [["Z-1"], ["Z-1"]] : [[], []]);
  },
);

describe("somebody who can only write to Redis lifts no freeze", () => {
  test("guard kept freeze: whatever is taken away stays in force in each process that saw it, is put back, and is told", async () => {
    const one = await process();
    await one.say([FROZEN], EVENT);
    await attacker.del(KEYS.freezes);

    expect(await idsIn(one)).toEqual(["Z-1"]);
    expect(await idsIn(await process())).toEqual([]);
    expect(await one.keep()).toEqual([
      expect.stringContaining(
        "What people said to freeze TwoKey was taken out of Redis: somebody else can write to Redis, or Redis went back in time. TwoKey has put it back. A freeze that nobody has lifted stays in force.",
      ),
    ]);
    expect(await idsIn(await process())).toEqual(["Z-1"]);
    expect(await one.keep()).toEqual([]);
  });

  test("guard sealed freeze: no line of theirs does, whatever seal it carries", async () => {
    const one = await process();
    await one.say([FROZEN], EVENT);
    const elsewhere = sealedWith(new Secret("not the ledger's key".repeat(2)));
    const other: FreezeSaid = { ...LIFTED, id: "Z-2" };
    await attacker.hset(KEYS.freezes, {
      [elsewhere.of({ freeze: LIFTED })]: JSON.stringify(LIFTED),
      [sealedWith(LEDGER_KEY).of({ freeze: other })]: JSON.stringify(LIFTED),
      [randomUUID()]: JSON.stringify(LIFTED),
    });

    expect(await idsIn(one)).toContain("Z-1");
    // One that was lifted before lifts no other one.
    await attacker.hset(KEYS.freezes, sealedWith(LEDGER_KEY).of({ freeze: other }), JSON.stringify(other));
    expect(await idsIn(one)).toContain("Z-1");
  });

  test("taking away that it was lifted freezes nothing again in a process that saw it", async () => {
    const one = await process();
    await one.say([FROZEN], EVENT);
    await one.say([LIFTED], EVENT);
    await attacker.hdel(KEYS.freezes, sealedWith(LEDGER_KEY).of({ freeze: LIFTED }));

    expect(await idsIn(one)).toEqual([]);
    expect(await idsIn(await process())).toEqual(["Z-1"]);
    await one.keep();
    expect(await idsIn(await process())).toEqual([]);
  });
});

describe("what stands there and TwoKey has not written stops as well, and says so", () => {
  const forged: readonly (readonly [string, () => Promise<unknown>])[] = [
    ["a freeze without its seal", () => attacker.hset(KEYS.freezes, "x", JSON.stringify(FROZEN))],
    ["no JSON", () => attacker.hset(KEYS.freezes, "x", "{")],
    ["another kind of key", () => attacker.set(KEYS.freezes, "x")],
  ];

  test.each(forged)("guard forged freeze: %s", async (_what, forge) => {
    const one = await process();
    await forge();

    const [freeze] = await one.inForce();

    expect(freeze).toMatchObject({ by: undefined, why: expect.stringContaining("TwoKey has not written") });
    expect(await one.keep()).toEqual([
      "Something in Redis freezes TwoKey that TwoKey has not written: somebody else can write to Redis. No call that changes the cloud leaves, for any run, until two approvers lift it: /dr unfreeze.",
    ]);
  });

  test("and two people lift it as they do any other", async () => {
    const one = await process();
    await attacker.hset(KEYS.freezes, "x", "{");
    const [freeze] = await one.inForce();

    await one.say([{ ...LIFTED, id: freeze?.id ?? "" }], EVENT);

    expect([await one.inForce(), await one.keep()]).toEqual([[], []]);
  });

  test("guard other kind of key: it is put away, and what it stopped stays stopped until two people lift it, each time", async () => {
    const one = await process();
    for (const _time of [1, 2]) {
      await attacker.del(KEYS.freezes);
      await attacker.set(KEYS.freezes, "x");

      expect(await one.keep()).toEqual(
        expect.arrayContaining([expect.stringContaining("until two approvers lift it")]),
      );

      const [freeze, ...others] = await one.inForce();
      expect([freeze, others]).toMatchObject([{ by: undefined, lifts: [] }, []]);
      expect(await idsIn(await process())).toEqual([freeze?.id]);
      await one.say([{ ...LIFTED, id: freeze?.id ?? "" }], EVENT);
      expect([await one.inForce(), await one.keep()]).toEqual([[], []]);
    }
  });

  test("another kind of key gives way to what people said", async () => {
    const one = await process();
    await one.say([FROZEN], EVENT);
    await attacker.set(KEYS.freezes, "x");

    await one.keep();

    expect(await idsIn(await process())).toContain("Z-1");
  });
});
