import { expect, test } from "@jest/globals";
import type { LedgerEntry, SeenEnd } from "../../src/ports/runs.ts";
import { LedgerMemory } from "../../src/store/ledger-memory.ts";
import { Seen } from "../../src/store/seen.ts";
import { noteSeen } from "../../src/store/seen-in-ledger.ts";
import { AT } from "../harness/observed.ts";

const END: SeenEnd = { length: 3, seal: "s", untilMs: AT };

test("guard noted first: what was seen of a run whose keys are over is forgotten once the ledger has it, and not before", async () => {
  const memory = new LedgerMemory();
  const seen = new Seen();
  let isFull = true;
  const append = async (entry: LedgerEntry) => {
    if (isFull) throw new Error("the disk is full");
    memory.note(entry);
  };
  seen.sawJournal("F-1", END);

  await expect(noteSeen({ memory, append }, seen, AT)).rejects.toThrow("the disk is full");
  expect([seen.journal("F-1"), seen.standing(AT), seen.standing(AT - 1)]).toEqual([END, [], ["F-1"]]);
  // A shorter one in the ledger is not what was seen.
  seen.forgetOver(AT, () => END.length - 1);
  expect(seen.journal("F-1")).toEqual(END);
  isFull = false;
  await noteSeen({ memory, append }, seen, AT);

  expect([seen.journal("F-1"), memory.journals.get("F-1")]).toEqual([undefined, END]);
});
