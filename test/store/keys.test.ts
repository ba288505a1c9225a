import { expect, test } from "@jest/globals";
import { KEYS } from "../../src/store/keys.ts";

/** What people may type where an id is meant: words of our own keys among them. */
const TYPED = ["open", "journal", "settled", "F-1", "F-1:journal", "run:F-1", "index:open", "constructor", "__proto__"];
/** The kinds of documents that are looked up by a word that somebody typed, and some that stand beside them. */
const DOCUMENTS = ["incident", "run-calls", "run-notes", "run-channel", "card", "alert"];

/** What stands before the id, by the maker of keys; the others take one word. */
const FIRST: Readonly<Record<string, readonly string[]>> = {
  document: DOCUMENTS,
  placeOf: DOCUMENTS,
  replaced: DOCUMENTS,
  eventsOf: ["incident", "run"],
};
/** Their only word is a kind of ours, which nobody types. */
const BY_KIND = ["openDocuments", "labelledDocuments", "dueDocuments", "settledDocuments"];

test("no typed id leads to a key of another kind: each is read as what it stands for, or not found", () => {
  const constants = Object.entries(KEYS).flatMap(([name, key]) => (typeof key === "string" ? [[key, name]] : []));
  const makers = Object.entries(KEYS).flatMap(([name, key]) => (typeof key === "function" ? [{ name, key }] : []));
  // Of those with two words the first is one of ours.
  const byId = makers.flatMap(({ name, key }) =>
    BY_KIND.includes(name)
      ? DOCUMENTS.map((kind) => [(key as (kind: string) => string)(kind), `${name} ${kind}`])
      : FIRST[name] === undefined
        ? TYPED.map((id) => [(key as (id: string) => string)(id), `${name} ${id}`])
        : FIRST[name].flatMap((first) =>
            TYPED.map((id) => [(key as (first: string, id: string) => string)(first, id), `${name} ${first} ${id}`]),
          ),
  );
  const all = [...constants, ...byId];

  const twice = all.filter(([key], index) => all.findIndex(([other]) => other === key) !== index);
  expect(twice).toEqual([]);
});
