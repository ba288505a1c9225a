import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { z } from "zod";
import { createDocuments } from "../../src/store/documents.ts";
import { createTurns } from "../../src/store/own-turn.ts";
import { StoreBench } from "../harness/store.ts";

const AT_ONCE = 50;
/** What happened, one after the other: a turn of the event loop began, or something was done in it. */
let seen: string[];
let isOver: boolean;
let bench: StoreBench | undefined;
beforeEach(() => {
  seen = [];
  isOver = false;
  const mark = () => {
    seen.push("turn");
    if (!isOver) setImmediate(mark);
  };
  setImmediate(mark);
});
afterEach(() => {
  isOver = true;
  bench?.close();
  bench = undefined;
});

const mostInOneTurn = () =>
  Math.max(
    ...seen
      .join(" ")
      .split("turn")
      .map((part) => part.split(" ").filter((each) => each !== "").length),
  );

test("of those that wait one goes on in each turn of the event loop, in their order", async () => {
  const turn = createTurns();

  await Promise.all(["a", "b", "c"].map((name) => turn().then(() => seen.push(name))));
  await turn();
  seen.push("d");

  expect(seen.filter((each) => each !== "turn")).toEqual(["a", "b", "c", "d"]);
  expect(mostInOneTurn()).toBe(1);
});

/** Documents that say when they are looked at; a long one carries as much text as an incident in a storm. */
async function things() {
  bench = await StoreBench.start();
  const schema = z
    .strictObject({ text: z.string() })
    .refine(({ text }) => seen.push(text.length > 1 ? "look" : "glance") > 0);
  const documents = createDocuments(await bench.connect(), {
    ...{ kind: "thing", version: 1, schema, unreadable: "stays" as const, isOpen: () => true },
  });
  const ids = Array.from({ length: AT_ONCE }, (_, index) => `${index}`);
  const put = (id: string, text: string) => documents.change(id, () => ({ value: { text }, events: [] }));
  for (const id of ids) await put(id, id.padEnd(2_000, "x"));
  await put("small", "s");
  seen = [];
  return { documents, ids };
}

test("of documents that come in at once each is looked at in a turn of its own, so that what else comes is heard between them", async () => {
  const { documents, ids } = await things();

  const found = await Promise.all(ids.map((id) => documents.get(id)));

  expect(found.map((each) => each?.value.text.replaceAll("x", ""))).toEqual(ids);
  expect(seen.filter((each) => each === "look")).toHaveLength(AT_ONCE);
  expect(mostInOneTurn()).toBe(1);
});

test("a small one, such as the freeze that every call asks for, stands in no line behind them", async () => {
  const { documents, ids } = await things();

  const [small] = await Promise.all([documents.get("small"), ...ids.map((id) => documents.get(id))]);

  expect(small?.value.text).toBe("s");
  expect(seen.filter((each) => each !== "turn")[0]).toBe("glance");
});
