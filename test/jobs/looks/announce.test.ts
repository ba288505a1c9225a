import { expect, test } from "@jest/globals";
import type { CardDue } from "../../../src/domain/card/card-due.ts";
import { announcing } from "../../../src/jobs/looks/announce.ts";
import { example } from "../../harness/example.ts";
import { MINUTE, memoryDocuments, testClock } from "../../harness/fakes/index.ts";

const inventory = example("inventory");
const ALERTS = inventory.file.alerts.channel;

/** Processes that share one store, and what people read so far: where, and what. */
function desk() {
  const clock = testClock();
  const cards = memoryDocuments<CardDue>();
  let isAway = false;
  const begin = () =>
    announcing({
      ...{ stores: { cards }, clock, inventory: () => inventory },
      queues: {
        wake: {
          card: async () => {
            if (isAway) throw new Error("Redis is away");
          },
        },
      },
    });
  const read = () => cards.all().map(({ to, subject }) => ["channel" in to ? to.channel : to.person, subject]);
  const away = (is: boolean) => {
    isAway = is;
  };
  return { begin, read, clock, away };
}

test("what several processes say within an hour is read once, in each channel", async () => {
  const { begin, read } = desk();
  const [one, other] = [begin(), begin()];

  for (const announce of [one, other]) await announce("lost", ["C1", ALERTS]);

  expect(read()).toEqual([
    [ALERTS, "lost"],
    ["C1", "lost"],
  ]);
});

test("guard news again: the same words are read again when a process says them again, once for all processes", async () => {
  const { begin, read, clock } = desk();
  const [one, other] = [begin(), begin()];

  for (const says of ["lost", "found", "lost"]) {
    for (const announce of [one, other]) await announce(says);
    clock.move(MINUTE);
  }
  await begin()("lost");

  expect(read().map(([, says]) => says)).toEqual(["lost", "found", "lost"]);
});

test("what could not be said is no second time when it is tried again", async () => {
  const { begin, read, away } = desk();
  const announce = begin();
  away(true);
  await expect(announce("lost", ["C1"])).rejects.toThrow("Redis is away");
  away(false);
  await announce("lost", ["C1"]);

  expect(read()).toHaveLength(2);
});

test("one that says the same without end is read five times an hour", async () => {
  const { begin, read } = desk();
  const announce = begin();
  for (let time = 0; time < 20; time += 1) await announce("lost");

  expect(read()).toHaveLength(5);
});
