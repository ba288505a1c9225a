import { expect, test } from "@jest/globals";
import { KEYS } from "../../src/store/keys.ts";

/** What people may type where an id is meant: words of our own keys among them. */
const TYPED = ["open", "journal", "settled", "F-1", "F-1:journal", "run:F-1", "index:open", "constructor", "__proto__"];
/** The kinds of documents that are looked up by a word that somebody typed, and some that stand beside them. */
const DOCUMENTS = ["incident", "run-calls", "run-notes", "run-channel", "card", "alert"];

test("no typed id leads to a key of another kind: each is read as what it stands for, or not found", () => {
  const constants = Object.entries(KEYS).flatMap(([name, key]) => (typeof key === "string" ? [[key, name]] : []));
  const byId = (
    ["run", "journal", "runsOf", "claim", "waitingPlan", "coolDown", "budget", "ledgerMark"] as const
  ).flatMap((name) => TYPED.map((id) => [KEYS[name](id), `${name} ${id}`]));
  const documents = DOCUMENTS.flatMap((kind) => TYPED.map((id) => [KEYS.document(kind, id), `${kind} ${id}`]));
  const all = [...constants, ...byId, ...documents];

  const twice = all.filter(([key], index) => all.findIndex(([other]) => other === key) !== index);
  expect(twice).toEqual([]);
});
