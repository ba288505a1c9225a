import { describe, expect, test } from "@jest/globals";
import { RecordSet, type Zone } from "../../../src/simulators/aws/route53-spec.ts";
import { createAuthority } from "../../../src/simulators/dns/authority.ts";
import { type Place, placeIn, USUAL_PLACE } from "../../../src/simulators/dns/places.ts";
import { chooseRecords } from "../../../src/simulators/dns/resolution.ts";
import { Random } from "../../../src/simulators/world/random.ts";

function weighted(identifier: string, weight: number): RecordSet {
  const value = { TTL: 60, ResourceRecords: [{ Value: identifier }] };
  return RecordSet.parse({ Name: "api.example.com", Type: "A", SetIdentifier: identifier, Weight: weight, ...value });
}

function failover(identifier: "PRIMARY" | "SECONDARY"): RecordSet {
  const value = { TTL: 60, ResourceRecords: [{ Value: identifier }] };
  return RecordSet.parse({
    Name: "api.example.com",
    Type: "A",
    SetIdentifier: identifier,
    Failover: identifier,
    ...value,
  });
}

/** How often each identifier is chosen when chance takes `draws` evenly spread values. */
function tally(group: readonly RecordSet[], healthy: readonly string[], draws: number): Record<string, number> {
  const counts: Record<string, number> = {};
  for (let draw = 0; draw < draws; draw++) {
    const chosen = chooseRecords(group, (set) => healthy.includes(set.SetIdentifier ?? ""), {
      chance: () => (draw + 0.5) / draws,
      place: USUAL_PLACE,
      blocksOf: () => [],
    });
    for (const { SetIdentifier: id = "" } of chosen) counts[id] = (counts[id] ?? 0) + 1;
  }
  return counts;
}

describe("weighted records", () => {
  test("are answered in proportion to their weights", () => {
    expect(tally([weighted("a", 3), weighted("b", 1)], ["a", "b"], 4)).toEqual({ a: 3, b: 1 });
  });

  test("of weight 0 are never answered while another is healthy", () => {
    expect(tally([weighted("old", 0), weighted("new", 100)], ["old", "new"], 100)).toEqual({ new: 100 });
  });

  test("of weight 0 are answered when every other record is unhealthy", () => {
    expect(tally([weighted("old", 0), weighted("new", 100)], ["old"], 10)).toEqual({ old: 10 });
  });

  test("that are all unhealthy are answered as if healthy, without those of weight 0", () => {
    expect(tally([weighted("old", 0), weighted("new", 100)], [], 10)).toEqual({ new: 10 });
  });

  test("that all have weight 0 are equally likely", () => {
    expect(tally([weighted("a", 0), weighted("b", 0)], ["a", "b"], 10)).toEqual({ a: 5, b: 5 });
  });
});

describe("failover records", () => {
  const group = [failover("SECONDARY"), failover("PRIMARY")];

  test("answer the secondary only while the primary is unhealthy and the secondary is not", () => {
    expect(tally(group, ["PRIMARY", "SECONDARY"], 1)).toEqual({ PRIMARY: 1 });
    expect(tally(group, ["SECONDARY"], 1)).toEqual({ SECONDARY: 1 });
    expect(tally(group, ["PRIMARY"], 1)).toEqual({ PRIMARY: 1 });
  });

  test("answer the primary when both are unhealthy", () => {
    expect(tally(group, [], 1)).toEqual({ PRIMARY: 1 });
  });
});

/** A record as the oracle sees it: its rank among its group decides, its share divides the highest rank. */
interface Case {
  readonly set: RecordSet;
  readonly address: string;
  readonly rank: number;
  readonly share: number;
}

const ZONE = "Z1";
const CANONICAL = "Z32O12XQLNTSW2";

function randomCase(random: Random, kind: "weighted" | "failover", index: number) {
  const isCheckHealthy = random.pick([true, false, undefined]);
  const isAlias = random.pick([true, false]);
  const evaluates = random.pick([true, false]);
  const isTargetHealthy = random.pick([true, false]);
  const weight = random.pick([0, 0, 1, 2, 5]);
  const address = `192.0.2.${index}`;
  const isHealthy = isCheckHealthy !== false && !(isAlias && evaluates && !isTargetHealthy);
  const isFirst = kind === "weighted" ? weight > 0 : index === 0;
  const target = { HostedZoneId: CANONICAL, DNSName: `lb${index}.elb.test`, EvaluateTargetHealth: evaluates };
  const set = RecordSet.parse({
    ...{ Name: "api.example.com", Type: "A", SetIdentifier: `s${index}` },
    ...(kind === "weighted" ? { Weight: weight } : { Failover: index === 0 ? "PRIMARY" : "SECONDARY" }),
    ...(isAlias ? { AliasTarget: target } : { TTL: 60, ResourceRecords: [{ Value: address }] }),
    ...(isCheckHealthy !== undefined && { HealthCheckId: `check${index}` }),
  });
  const oracle: Case = { set, address, rank: (isHealthy ? 2 : 0) + (isFirst ? 1 : 0), share: weight };
  return { oracle, isCheckHealthy, isTargetHealthy };
}

function expectedCounts(cases: readonly Case[], kind: "weighted" | "failover"): Map<string, number> {
  const best = Math.max(...cases.map(({ rank }) => rank));
  const winners = cases.filter(({ rank }) => rank === best);
  // Ranks 3 and 1 are the records with weight; among those without, each counts once.
  const isByWeight = kind === "weighted" && best % 2 === 1;
  return new Map(winners.map(({ address, share }) => [address, isByWeight ? share : 1]));
}

test("health checks, alias targets and routing agree with an oracle on random record groups", () => {
  const seed = Math.floor(Math.random() * 2 ** 31);
  const random = new Random(seed);
  for (let round = 0; round < 3_000; round++) {
    const kind = random.pick<"weighted" | "failover">(["weighted", "failover"]);
    const size = kind === "failover" ? random.integer(1, 2) : random.integer(1, 5);
    const cases = Array.from({ length: size }, (_, index) => randomCase(random, kind, index));
    const records = cases.map(({ oracle }) => oracle.set);
    const zone: Zone = { id: ZONE, name: "example.com.", isPrivate: false, records, inSync: records };
    const expected = expectedCounts(
      cases.map(({ oracle }) => oracle),
      kind,
    );
    const draws = [...expected.values()].reduce((sum, count) => sum + count, 0);
    const counts = new Map<string, number>();
    for (let draw = 0; draw < draws; draw++) {
      const authority = createAuthority(
        {
          zones: [zone],
          isCheckHealthy: (id) => cases[Number(id.slice("check".length))]?.isCheckHealthy,
          host: (name) => {
            const index = Number(/^lb(\d+)/.exec(name)?.[1]);
            return { address: `192.0.2.${index}`, ttlSeconds: 60, isHealthy: cases[index]?.isTargetHealthy ?? false };
          },
          leadsTo: () => undefined,
          chance: () => (draw + 0.5) / draws,
        },
        "public",
      );
      const step = authority.ask("api.example.com", "A");
      const value = step.kind === "records" ? step.values[0] : step.kind;
      counts.set(String(value), (counts.get(String(value)) ?? 0) + 1);
    }
    const facts = { seed, round, kind };
    expect({ ...facts, counts: Object.fromEntries(counts) }).toEqual({
      ...facts,
      counts: Object.fromEntries(expected),
    });
  }
});

const COLLECTION = "11111111-2222-4333-8444-555555555555";
const BLOCKS: Readonly<Record<string, readonly string[]>> = {
  europe: ["198.18.0.0/15", "2001:db8:4::/48"],
  office: ["198.18.9.0/24"],
  desk: ["198.18.9.53/32", "203.0.113.7/32"],
};

interface Placed {
  readonly id: string;
  readonly attribute: Partial<RecordSet>;
}

type Order = readonly [Place, readonly string[]];

/** For each way of routing by place: all sets that there could be, and who is answered with which of them first, by hand. */
const BY_PLACE: Readonly<Record<string, { sets: readonly Placed[]; order: readonly [Order, ...Order[]] }>> = {
  latency: {
    sets: ["eu-central-1", "eu-west-1", "us-east-1", "us-west-2", "ap-northeast-1"].map((Region) => {
      return { id: Region, attribute: { Region } };
    }),
    order: [
      [placeIn("eu-central-1"), ["eu-central-1", "eu-west-1", "us-east-1", "us-west-2", "ap-northeast-1"]],
      [placeIn("eu-west-2"), ["eu-west-1", "eu-central-1", "us-east-1", "us-west-2", "ap-northeast-1"]],
      [placeIn("us-west-1"), ["us-west-2", "us-east-1", "eu-west-1", "ap-northeast-1", "eu-central-1"]],
      [placeIn("ap-northeast-3"), ["ap-northeast-1", "us-west-2", "eu-central-1", "eu-west-1", "us-east-1"]],
    ],
  },
  geolocation: {
    sets: [
      { id: "virginia", attribute: { GeoLocation: { CountryCode: "US", SubdivisionCode: "VA" } } },
      { id: "states", attribute: { GeoLocation: { CountryCode: "US" } } },
      { id: "germany", attribute: { GeoLocation: { CountryCode: "DE" } } },
      { id: "america", attribute: { GeoLocation: { ContinentCode: "NA" } } },
      { id: "europe", attribute: { GeoLocation: { ContinentCode: "EU" } } },
      { id: "else", attribute: { GeoLocation: { CountryCode: "*" } } },
    ],
    order: [
      [placeIn("us-east-1"), ["virginia", "states", "america", "else"]],
      [placeIn("us-west-2"), ["states", "america", "else"]],
      [placeIn("ca-central-1"), ["america", "else"]],
      [placeIn("eu-central-1"), ["germany", "europe", "else"]],
      [placeIn("eu-west-1"), ["europe", "else"]],
      [placeIn("sa-east-1"), ["else"]],
    ],
  },
  geoproximity: {
    sets: [
      { id: "ireland", attribute: { GeoProximityLocation: { AWSRegion: "eu-west-1" } } },
      { id: "virginia", attribute: { GeoProximityLocation: { AWSRegion: "us-east-1" } } },
      { id: "denver", attribute: { GeoProximityLocation: { LocalZoneGroup: "us-west-2-den-1" } } },
      // Warsaw, drawn far to the west: half as far for everybody.
      {
        id: "warsaw",
        attribute: { GeoProximityLocation: { Coordinates: { Latitude: "52.2", Longitude: "21" }, Bias: 50 } },
      },
      // Paris, twice as far for everybody.
      {
        id: "paris",
        attribute: { GeoProximityLocation: { Coordinates: { Latitude: "48.9", Longitude: "2.4" }, Bias: -50 } },
      },
    ],
    order: [
      [placeIn("eu-central-1"), ["warsaw", "paris", "ireland", "virginia", "denver"]],
      [placeIn("eu-west-1"), ["ireland", "warsaw", "paris", "virginia", "denver"]],
      [placeIn("us-east-1"), ["virginia", "denver", "warsaw", "ireland", "paris"]],
    ],
  },
  addresses: {
    sets: [...Object.keys(BLOCKS), "*"].map((LocationName) => {
      return { id: LocationName, attribute: { CidrRoutingConfig: { CollectionId: COLLECTION, LocationName } } };
    }),
    order: [
      [{ ...USUAL_PLACE, address: "198.18.9.53" }, ["desk", "office", "europe", "*"]],
      [{ ...USUAL_PLACE, address: "198.18.9.54" }, ["office", "europe", "*"]],
      [{ ...USUAL_PLACE, address: "198.19.255.1" }, ["europe", "*"]],
      [{ ...USUAL_PLACE, address: "2001:db8:4::1" }, ["europe", "*"]],
      [{ ...USUAL_PLACE, address: "203.0.113.7" }, ["desk", "*"]],
      [{ ...USUAL_PLACE, address: "192.0.2.1" }, ["*"]],
      [{ ...USUAL_PLACE, address: "2001:db8:5::1" }, ["*"]],
    ],
  },
};

/** What is there, what of it is healthy: the first that is both; where nothing is healthy the first that is there. */
const expectedOf = (order: readonly string[], there: readonly string[], healthy: readonly string[]) => {
  const fitting = order.filter((id) => there.includes(id));
  return fitting.find((id) => healthy.includes(id)) ?? fitting[0];
};

test.each(Object.entries(BY_PLACE))(
  "%s: whoever asks is answered by where they are, in whatever group",
  (kind, { sets, order }) => {
    const seed = Math.floor(Math.random() * 2 ** 31);
    const random = new Random(seed);
    for (let round = 0; round < 1_000; round++) {
      const present = sets.filter(() => random.pick([true, true, false])).toSorted(() => random.next() - 0.5);
      const healthy = present.filter(() => random.pick([true, true, false])).map(({ id }) => id);
      const group = present.map(({ id, attribute }) =>
        RecordSet.parse({
          ...{ Name: "api.example.com", Type: "TXT", SetIdentifier: id, TTL: 60 },
          ...{ ResourceRecords: [{ Value: `"${id}"` }], ...attribute },
        }),
      );
      const [place, wanted] = random.pick(order);

      const chosen = chooseRecords(group, ({ SetIdentifier = "" }) => healthy.includes(SetIdentifier), {
        ...{ chance: () => 0, place },
        blocksOf: (collection, location) => (collection === COLLECTION ? (BLOCKS[location] ?? []) : []),
      });

      const facts = { seed, round, kind, address: place.address };
      const expected = expectedOf(
        wanted,
        present.map(({ id }) => id),
        healthy,
      );
      expect({ ...facts, chosen: chosen.map(({ SetIdentifier }) => SetIdentifier) }).toEqual({
        ...facts,
        chosen: expected === undefined ? [] : [expected],
      });
    }
  },
);

test("a name whose sets are for other places exists and has no address", () => {
  const set = RecordSet.parse({
    ...{ Name: "api.example.com", Type: "A", SetIdentifier: "de", TTL: 60 },
    ...{ GeoLocation: { CountryCode: "DE" }, ResourceRecords: [{ Value: "192.0.2.1" }] },
  });
  const zone: Zone = { id: ZONE, name: "example.com.", isPrivate: false, records: [set], inSync: [set] };
  const authority = createAuthority(
    { zones: [zone], isCheckHealthy: () => true, host: () => undefined, leadsTo: () => undefined, chance: () => 0 },
    "public",
  );

  expect(authority.ask("api.example.com", "A", placeIn("eu-central-1"))).toMatchObject({ values: ["192.0.2.1"] });
  expect(authority.ask("api.example.com", "A", placeIn("us-east-1"))).toMatchObject({
    kind: "empty",
    nameExists: true,
  });
});
