import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { createStores, type Stores } from "../../src/app/stores.ts";
import type { CommandDeps } from "../../src/commands/index.ts";
import { createIntents } from "../../src/commands/route.ts";
import { runMeant, serviceNamed } from "../../src/commands/run-deps.ts";
import { UserError } from "../../src/domain/errors.ts";
import { planDigest } from "../../src/domain/plan-run/plan.ts";
import type { ScriptedRedis } from "../../src/store/scripts.ts";
import { example } from "../harness/example.ts";
import { who } from "../harness/fakes/index.ts";
import { JOURNAL } from "../harness/keys.ts";
import { AT } from "../harness/observed.ts";
import { planFor } from "../harness/plans.ts";
import { StoreBench } from "../harness/store.ts";

/** Words of our own keys, and what every object of the language has. */
const WORDS = ["open", "journal", "settled", "__proto__", "constructor", "toString", "hasOwnProperty"];
const inventory = example("inventory");

let bench: StoreBench;
let redis: ScriptedRedis;
let stores: Stores;
beforeEach(async () => {
  bench = await StoreBench.start();
  redis = await bench.connect();
  stores = createStores(redis, () => AT, JOURNAL);
  const plan = planFor(inventory);
  await stores.runs.create(plan, planDigest(plan), []);
});
afterEach(() => bench.close());

/** `/dr <verb> <word>`, over a real store with a plan in it. */
function typed(verb: string, word: string): Promise<unknown> {
  const nothing = async () => undefined;
  const { runs, incidents, freezes } = stores;
  const shared = { runs, incidents, inventory: () => inventory, ledger: { disagreement: nothing } };
  const looks = { onCall: nothing, freezes, observed: nothing, incidentShown: nothing };
  const deps = { run: { ...shared, ...looks }, incident: { ...shared, ...looks }, ...shared, ...looks };
  const ask = { verb, args: [word, "x"], text: `${word} x`, who: who("ana") };
  // Only what stands between a word and what it names is there: whatever gets further fails otherwise.
  return createIntents(deps as unknown as CommandDeps, () => inventory)(ask).catch((error: unknown) => error);
}

test.each(WORDS)(
  "/dr update, status, failover and abort of %s name nothing that there is, say so, and change nothing",
  async (word) => {
    const before = await dump();
    for (const verb of ["update", "status", "failover", "abort"]) {
      const answer = await typed(verb, word);

      expect([verb, answer]).toEqual([verb, expect.any(UserError)]);
      expect(String(answer)).not.toContain("undefined");
    }
    expect(() => serviceNamed(word, inventory)).toThrow(/There is no service called/);
    await expect(runMeant(word, stores)).rejects.toBeInstanceOf(UserError);
    expect(await dump()).toEqual(before);
  },
);

/** Everything that stands in the store. */
async function dump(): Promise<Readonly<Record<string, string>>> {
  const keys = (await redis.keys("*")).toSorted();
  const values = await Promise.all(keys.map(async (key) => [key, (await redis.dumpBuffer(key)).toString("hex")]));
  return Object.fromEntries(values);
}
