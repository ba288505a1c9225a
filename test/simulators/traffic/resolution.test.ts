import { describe, expect, test } from "@jest/globals";
import { RecordSet, type Zone } from "../../../src/simulators/aws/route53-spec.ts";
import { createAuthority } from "../../../src/simulators/dns/authority.ts";
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
    const chosen = chooseRecords(
      group,
      (set) => healthy.includes(set.SetIdentifier ?? ""),
      () => (draw + 0.5) / draws,
    );
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
