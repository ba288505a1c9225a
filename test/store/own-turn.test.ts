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

test("of documents that come in at once each is looked at in a turn of its own, so that what else comes is heard between them", async () => {
  bench = await StoreBench.start();
  const schema = z.strictObject({ name: z.string() }).refine(() => seen.push("look") > 0);
  const documents = createDocuments(await bench.connect(), {
    ...{ kind: "thing", version: 1, schema, unreadable: "stays" as const, isOpen: () => true },
  });
  const ids = Array.from({ length: AT_ONCE }, (_, index) => `${index}`);
  for (const id of ids) await documents.change(id, () => ({ value: { name: id }, events: [] }));
  seen = [];

  const found = await Promise.all(ids.map((id) => documents.get(id)));

  expect(found.map((each) => each?.value.name)).toEqual(ids);
  expect(seen.filter((each) => each === "look")).toHaveLength(AT_ONCE);
  expect(mostInOneTurn()).toBe(1);
});
