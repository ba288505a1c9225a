import { describe, expect, test } from "@jest/globals";
import { inventoryFrom } from "../../../../../src/domain/service/inventory.ts";
import type { Known } from "../../../../../src/domain/service/observed.ts";
import { observe } from "../../../../../src/flows/observe.ts";
import { Route53 } from "../../../../../src/flows/resources/entrances/route53/settings.ts";
import type { Move } from "../../../../../src/flows/resources/place.ts";
import { placesOf, seenOf } from "../../../../../src/flows/resources/places.ts";
import type { RecordSet } from "../../../../../src/ports/traffic.ts";
import { example } from "../../../../harness/example.ts";
import { fakeCloud, ordinaryDay } from "../../../../harness/fakes/index.ts";
import { dark, known } from "../../../../harness/observed.ts";

const BOOK = "book.example.com";
const [PUBLIC, PRIVATE] = ["Z0EXAMPLECOM1", "Z0INSIDE"];
const [HOME, STANDBY] = ["eu-west-1", "eu-central-1"];

/** The bookings of the example, whose name a private zone holds as well. */
function bookings() {
  const file = structuredClone(example("every-kind").file);
  const entry = { name: BOOK, routing: "weighted", set_identifiers: { [HOME]: "in-a", [STANDBY]: "in-b" } };
  Object.assign(file.services["bookings"]?.entrance ?? {}, {
    names: Route53.parse({
      kind: "route53",
      names: [
        { ...entry, zone: PUBLIC, set_identifiers: { [HOME]: "book-a", [STANDBY]: "book-b" } },
        { ...entry, zone: PRIVATE, private: true },
      ],
    }).names,
  });
  const found = inventoryFrom(file).services.find(({ name }) => name === "bookings");
  if (!found) throw new Error("the example has bookings");
  return found;
}

const side = (setIdentifier: string, weight: number): RecordSet => ({
  ...{ name: BOOK, type: "A", setIdentifier, weight },
  alias: { zone: "ZLB", dnsName: "home.example.com", evaluateTargetHealth: true },
});

const MOVE: Move = {
  from: HOME,
  to: STANDBY,
  mode: "unplanned",
  continues: undefined,
  isDark: false,
  isAllSilent: false,
};

/** The entrance as it is seen when each zone has these sets under the name. */
async function seenWith(zones: Readonly<Record<string, Known<readonly RecordSet[]>>>) {
  const service = bookings();
  const quiet = fakeCloud(ordinaryDay(service));
  const records = async (zone: string, name: string) =>
    (name === BOOK ? zones[zone] : undefined) ?? quiet.traffic.records(zone, name);
  const observed = await observe(service, fakeCloud({ traffic: { records } }, quiet));
  const place = placesOf(service).find(({ id }) => id === "entrance");
  if (!place) throw new Error("bookings has an entrance");
  const at = seenOf(place, observed);
  const { entrance } = at.kind;
  if (!entrance) throw new Error("it is one");
  return { at, entrance };
}

const BOTH = {
  [PUBLIC]: known([side("book-a", 100), side("book-b", 0)]),
  [PRIVATE]: known([side("in-a", 100), side("in-b", 0)]),
};

describe("a name that a public and a private zone hold", () => {
  test("guard both zones: is read, told, and moved in both, each with the sets and the mark of its own zone", async () => {
    const { at, entrance } = await seenWith(BOTH);
    const steps = entrance.move(at, MOVE, { id: (base) => base, after: [] });

    expect(at.kind.tell(at).facts.map(({ what }) => what)).toEqual([
      `records of ${BOOK}`,
      `records of ${BOOK} in private zone ${PRIVATE}`,
    ]);
    expect(at.kind.identity(at, STANDBY).map(({ fact }) => fact)).toEqual([
      `traffic-records-${BOOK}`,
      `traffic-records-${PRIVATE.toLowerCase()}/${BOOK}`,
    ]);
    expect(entrance.refusals(at, MOVE)).toEqual([]);
    const shifts = steps.filter(({ role }) => role === "moves-users");
    expect(shifts.map(({ id, input }) => [id, input["zone"], input["isPrivate"]])).toEqual([
      ["shift-traffic-book-example-com", PUBLIC, undefined],
      ["shift-traffic-z0inside-book-example-com", PRIVATE, true],
    ]);
    expect(
      shifts.map(({ input }) => (input["before"] as RecordSet[]).map(({ setIdentifier }) => setIdentifier)),
    ).toEqual([
      ["book-a", "book-b"],
      ["in-a", "in-b"],
    ]);
    // Nobody outside could see the private one move.
    expect(entrance.leadsTo(at, STANDBY).map(({ name }) => name)).toEqual([BOOK]);
  });

  test("refuses the plan where either zone has a set that nobody explains, says which, and changes nothing there", async () => {
    const more = known([side("in-a", 100), side("in-b", 0), side("in-c", 1)]);
    const { at, entrance } = await seenWith({ ...BOTH, [PRIVATE]: more });

    expect(entrance.refusals(at, MOVE)).toEqual([
      expect.stringContaining(`The records of ${BOOK} in private zone ${PRIVATE} cannot be moved`),
    ]);
    expect(entrance.refusals(at, MOVE).join()).toContain("A “in-c”");
    expect(entrance.move(at, MOVE, { id: (base) => base, after: [] }).map(({ id }) => id)).toStrictEqual([
      ...["shift-traffic-book-example-com", "settle-dns-book-example-com"],
    ]);
  });

  test("is left to people in the private zone while Route 53 cannot be asked, since nobody here sees when they have done it", async () => {
    const { at, entrance } = await seenWith({ [PUBLIC]: dark("Route 53"), [PRIVATE]: dark("Route 53") });

    expect(entrance.move(at, MOVE, { id: (base) => base, after: [] }).map(({ id }) => id)).toEqual([
      ...["dns-by-hand-book-example-com", "settle-dns-book-example-com"],
    ]);
    expect(entrance.leftFor?.(at, MOVE)).toEqual([
      `${BOOK} in private zone ${PRIVATE} still leads its networks to ${HOME}. Point it at ${STANDBY} by hand.`,
    ]);
  });
});
