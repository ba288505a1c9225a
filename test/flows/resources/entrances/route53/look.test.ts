import { describe, expect, test } from "@jest/globals";
import type { Known } from "../../../../../src/domain/service/observed.ts";
import { observe } from "../../../../../src/flows/observe.ts";
import { identity, type Route53Seen } from "../../../../../src/flows/resources/entrances/route53/look.ts";
import type { Route53 } from "../../../../../src/flows/resources/entrances/route53/settings.ts";
import { placesOf } from "../../../../../src/flows/resources/places.ts";
import { markNameOf } from "../../../../../src/flows/steps/dns-mark.ts";
import type { RecordSet } from "../../../../../src/ports/traffic.ts";
import { example } from "../../../../harness/example.ts";
import { fakeCloud, ordinaryDay } from "../../../../harness/fakes/index.ts";
import { dark, known } from "../../../../harness/observed.ts";

const bookings = example("every-kind").services.find(({ name }) => name === "bookings");
const entrance = bookings && placesOf(bookings).find(({ id }) => id === "entrance");
if (!bookings || !entrance) throw new Error("the example has bookings");
const { service } = entrance;
const quiet = fakeCloud(ordinaryDay(bookings));

const [BOOK, TABLES] = ["book.example.com", "tables.example.com"];
const text = (name: string, value: string): RecordSet => ({ name, type: "TXT", ttlSeconds: 60, values: [value] });

/** What a look makes of the zone, where it answers this for some names. */
async function lookAt(answers: Readonly<Record<string, Known<readonly RecordSet[]>>>) {
  const records = async (zone: string, name: string) => answers[name] ?? quiet.traffic.records(zone, name);
  const { resources } = await observe(service, fakeCloud({ traffic: { records } }, quiet));
  const { seen, facts } = resources["entrance"] ?? { seen: {}, facts: [] };
  return { facts, seen: seen as Route53Seen };
}

const factsOf = (seen: Route53Seen) =>
  identity({ ...entrance, resource: entrance.resource as unknown as Route53, seen });

describe("a look at names in Route 53", () => {
  test("says of each name where its sets lead, which side each is, and what stays when users move", async () => {
    const books = await quiet.traffic.records("", BOOK);
    if (!books.known) throw new Error("a quiet day is known");
    const { facts } = await lookAt({ [BOOK]: known([...books.value, text(BOOK, '"v=spf1 -all"')]) });

    expect(facts.map(({ what }) => what)).toEqual([`records of ${BOOK}`, `records of ${TABLES}`]);
    expect(facts.map(({ seen }) => seen)).toMatchObject([
      { value: 'book-a (100) → home.example.com; book-b (0) → home.example.com; TXT → "v=spf1 -all" (stays: text)' },
      { value: "tables-a (PRIMARY) → home.example.com; tables-b (SECONDARY) → home.example.com" },
    ]);
  });

  test("of a name without any set says so, and of one that cannot be read why", async () => {
    const { facts } = await lookAt({ [BOOK]: known([]), [TABLES]: dark("Route 53") });

    expect(facts.map(({ seen }) => seen)).toMatchObject([
      { known: true, value: "none" },
      { known: false, why: "Route 53 does not answer" },
    ]);
  });

  test("keeps the mark beside each name, and none where it cannot be read", async () => {
    const mark = text(markNameOf(BOOK), '"run=F-7 epoch=3 change=2 way=out"');
    const { seen } = await lookAt({ [markNameOf(BOOK)]: known([mark]), [markNameOf(TABLES)]: dark("Route 53") });

    expect(seen.marks).toEqual({ [BOOK]: [mark], [TABLES]: [] });
  });
});

describe("what voids the keys of a move", () => {
  test("is each name's own sets, in whatever order Route 53 lists them", async () => {
    const { seen } = await lookAt({});
    const turned = Object.fromEntries(
      Object.entries(seen.names).map(([name, sets]) => [
        name,
        sets.known ? { ...sets, value: sets.value.toReversed() } : sets,
      ]),
    );

    expect(factsOf({ ...seen, names: turned })).toEqual(factsOf(seen));
    expect(factsOf(seen).map(({ fact }) => fact)).toEqual([`traffic-records-${BOOK}`, `traffic-records-${TABLES}`]);
  });

  test("is a weight that somebody changed, and not a name that cannot be read now", async () => {
    const { seen } = await lookAt({});
    const books = seen.names[BOOK ?? ""];
    if (!books?.known) throw new Error("a quiet day is known");
    const half = books.value.map((set) => ({ ...set, weight: 50 }));
    const [before] = factsOf(seen);
    const [changed, unread] = factsOf(
      (await lookAt({ [BOOK ?? ""]: known(half), [TABLES ?? ""]: dark("Route 53") })).seen,
    );

    expect(changed?.value).not.toBe(before?.value);
    expect(unread?.value).toBeUndefined();
  });
});
