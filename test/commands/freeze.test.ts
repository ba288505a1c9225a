import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { createStores } from "../../src/app/stores.ts";
import { type FreezeDeps, freeze, unfreeze } from "../../src/commands/freeze.ts";
import { FREEZE_ID } from "../../src/domain/plan-run/freeze.ts";
import type { LedgerEntry } from "../../src/ports/runs.ts";
import { who } from "../harness/asker.ts";
import { example } from "../harness/example.ts";
import { seal } from "../harness/keys.ts";
import { AT } from "../harness/observed.ts";
import { StoreBench } from "../harness/store.ts";

const inventory = example("inventory");
const nothing = async () => undefined;

let bench: StoreBench;
let nowMs: number;
let lines: LedgerEntry[];
let deps: FreezeDeps;
beforeEach(async () => {
  bench = await StoreBench.start();
  nowMs = AT;
  lines = [];
  deps = {
    freezes: createStores(await bench.connect(), () => nowMs).freezes,
    clock: { now: () => nowMs, speed: 1, sleep: nothing },
    ledger: { append: async (line) => void lines.push(line), disagreement: nothing, highestEpoch: () => 0, seal },
    inventory: () => inventory,
  };
});
afterEach(() => bench.close());

const ask = (verb: string, person: string, text = "") => ({ verb, args: [], text, who: who(person) });
const inForce = async () => (await deps.freezes.get(FREEZE_ID))?.value.freeze ?? undefined;
const lift = async (person: string) => {
  const answer = await unfreeze(ask("unfreeze", person), deps);
  return answer.kind === "say" ? answer.card.text : answer.kind;
};

test("one responder freezes, with a reason, and the ledger keeps who", async () => {
  await expect(freeze(ask("freeze", "chloe"), deps)).rejects.toMatchObject({ code: "freeze-needs-why" });
  expect(await inForce()).toBeUndefined();

  await freeze(ask("freeze", "chloe", "the wrong service moves"), deps);

  expect(await inForce()).toMatchObject({ by: "chloe", why: "the wrong service moves" });
  expect(lines).toMatchObject([{ kind: "frozen", by: "chloe", door: "slack" }]);
});

test("guard lifting: it takes two approvers, different ones, within fifteen minutes", async () => {
  await freeze(ask("freeze", "chloe", "stop"), deps);

  await expect(lift("chloe")).rejects.toMatchObject({ code: "not-allowed" });
  expect(await lift("ana")).toContain("1 of 2");
  expect(await lift("ana")).toContain("1 of 2");
  nowMs += 15 * 60_000;
  expect(await lift("ben")).toContain("1 of 2");
  expect(await inForce()).toBeDefined();
  expect(await lift("ana")).toContain("not frozen any more");
  expect(await inForce()).toBeUndefined();
  await expect(lift("ben")).rejects.toMatchObject({ code: "not-frozen" });
});

test("a second freeze changes nothing of the first, nor what was said to lift it", async () => {
  await freeze(ask("freeze", "chloe", "stop"), deps);
  await lift("ana");
  await freeze(ask("freeze", "farid", "me too"), deps);

  expect(await inForce()).toMatchObject({ by: "chloe", why: "stop", lifts: [{ by: "ana" }] });
});
