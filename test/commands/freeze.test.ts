import { randomUUID } from "node:crypto";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { createStores } from "../../src/app/stores.ts";
import { type FreezeDeps, freeze, unfreeze } from "../../src/commands/freeze.ts";
import { inventoryFrom } from "../../src/domain/service/inventory.ts";
import type { LedgerEntry } from "../../src/ports/runs.ts";
import { example } from "../harness/example.ts";
import { clockAt, quietLedger, who } from "../harness/fakes/index.ts";
import { JOURNAL } from "../harness/keys.ts";
import { AT } from "../harness/observed.ts";
import { StoreBench } from "../harness/store.ts";

const inventory = example("inventory");

let bench: StoreBench;
let nowMs: number;
let lines: LedgerEntry[];
let deps: FreezeDeps;
beforeEach(async () => {
  bench = await StoreBench.start();
  nowMs = AT;
  lines = [];
  deps = {
    freezes: createStores(await bench.connect(), () => nowMs, JOURNAL).freezes,
    clock: clockAt(() => nowMs),
    ledger: quietLedger({ append: async (line) => void lines.push(line) }),
    inventory: () => inventory,
    newId: randomUUID,
  };
});
afterEach(() => bench.close());

const ask = (verb: string, person: string, text = "") => ({ verb, args: [], text, who: who(person) });
const inForce = async () => (await deps.freezes.inForce())[0];
const lift = async (person: string) => {
  const answer = await unfreeze(ask("unfreeze", person), deps);
  return answer.kind === "say" ? answer.card.text : answer.kind;
};

test("one responder freezes, with a reason, and the ledger keeps who", async () => {
  expect(await freeze(ask("freeze", "chloe"), deps)).toMatchObject({ kind: "form", form: { intent: "freeze" } });
  const empty = { ...ask("freeze", "chloe"), fields: {} };
  expect(await freeze(empty, deps)).toMatchObject({ kind: "field-errors", errors: { why: expect.any(String) } });
  expect(await inForce()).toBeUndefined();

  await freeze(ask("freeze", "chloe", "the wrong service moves"), deps);

  expect(await inForce()).toMatchObject({ by: "chloe", why: "the wrong service moves" });
  expect(lines).toMatchObject([{ kind: "frozen", by: "chloe", door: "slack" }]);
});

test("nobody is asked why by a form where it is frozen already", async () => {
  await freeze(ask("freeze", "chloe", "the wrong service moves"), deps);

  expect(await freeze(ask("freeze", "ana"), deps)).toMatchObject({
    kind: "say",
    card: {
      text: expect.stringMatching(/^TwoKey is frozen already: chloe stopped every change \(the wrong service moves\)/),
    },
  });
});

test("the form that asks why freezes like words do", async () => {
  await freeze({ ...ask("freeze", "chloe"), fields: { why: "the wrong service moves" } }, deps);
  expect(await inForce()).toMatchObject({ by: "chloe", why: "the wrong service moves" });
});

test("guard lifting: it takes two approvers, different ones, within fifteen minutes", async () => {
  await freeze(ask("freeze", "chloe", "stop"), deps);

  await expect(lift("chloe")).rejects.toMatchObject({ code: "not-allowed" });
  expect(await lift("ana")).toContain("1 of 2");
  nowMs += 60_000;
  expect(await lift("ana")).toContain("1 of 2");
  nowMs += 15 * 60_000;
  expect(await lift("ben")).toContain("1 of 2");
  expect(await inForce()).toBeDefined();
  expect(await lift("ana")).toContain("not frozen any more");
  expect(await inForce()).toBeUndefined();
  await expect(lift("ben")).rejects.toMatchObject({ code: "not-frozen" });
});

test("lifting what is not frozen writes nothing, neither in the store nor in the ledger", async () => {
  await expect(lift("ana")).rejects.toMatchObject({ code: "not-frozen" });

  expect([await inForce(), lines]).toEqual([undefined, []]);
});

test("the word of somebody who is no approver any more lifts nothing", async () => {
  const approvers = inventory.file.approvals.approvers.filter((id) => id !== "ana");
  const narrowed = inventoryFrom({ ...inventory.file, approvals: { ...inventory.file.approvals, approvers } });
  await freeze(ask("freeze", "chloe", "stop"), deps);
  await lift("ana");
  deps = { ...deps, inventory: () => narrowed };

  expect(await lift("ben")).toContain("1 of 2");
  expect(await inForce()).toBeDefined();
});

test("it stops everything also where the ledger takes no line, and says so; it is not lifted there", async () => {
  const full = quietLedger({ append: () => Promise.reject(new Error("no space left")) });
  deps = { ...deps, ledger: full };

  const answer = await freeze(ask("freeze", "chloe", "stop"), deps);

  expect(answer.kind === "say" && answer.card.text).toContain("The ledger does not have it: no space left.");
  expect(await inForce()).toBeDefined();
  await expect(lift("ana")).rejects.toThrow("no space left");
  expect((await inForce())?.lifts).toEqual([]);
});

test("a second freeze changes nothing of the first, nor what was said to lift it", async () => {
  await freeze(ask("freeze", "chloe", "stop"), deps);
  await lift("ana");
  const again = await freeze(ask("freeze", "farid", "me too"), deps);

  expect(again.kind === "say" && again.card.text).toContain("frozen already: chloe stopped every change (stop)");
  expect(await inForce()).toMatchObject({ by: "chloe", why: "stop", lifts: [{ by: "ana" }] });
});
