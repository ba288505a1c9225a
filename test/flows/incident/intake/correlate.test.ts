import { describe, expect, test } from "@jest/globals";
import type { AlertRule, Signal } from "../../../../src/domain/incident/alert.ts";
import { type Correlation, correlate, place } from "../../../../src/flows/incident/intake/correlate.ts";
import { START_MS } from "../../../harness/fakes/index.ts";
import { signal } from "../file.ts";

const POLICY = { regional_services: 3, regional_window: 300_000 };

const EMPTY: Correlation = { open: [], alarms: [] };

function ruleFor(service: string, over: Partial<AlertRule> = {}): AlertRule {
  return { name: service, match: { alarm: "*" }, service, severity: "sev2", opens_incident: true, ...over };
}

function alarm(service: string, minute: number, region = "us-east-1"): Signal {
  return signal(`${service}-${minute}`, { region, changedAtMs: START_MS + minute * 60_000 });
}

/** Places alerts one after the other, as one index document would. */
function placeAll(alerts: readonly { service: string; signal: Signal }[]) {
  let index: Correlation | undefined;
  return alerts.map(({ service, signal: each }) => {
    const placed = place(index, { signal: each, rule: ruleFor(service) }, { policy: POLICY, nowMs: each.changedAtMs });
    index = placed.next ?? index;
    return placed;
  });
}

/** Small and repeatable; the seed is printed when a run fails. */
function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

describe("correlate", () => {
  test("guard one incident: alerts of one service join its open incident, however long it was quiet", () => {
    const kinds = placeAll([0, 10, 36, 600].map((minute) => ({ service: "a", signal: alarm("a", minute) }))).map(
      ({ placement }) => placement.kind,
    );
    expect(kinds).toEqual(["open", "join", "join", "join"]);
  });

  test("the third service of a region within five minutes makes one regional incident of what was open", () => {
    const [a, b, c, d] = placeAll(
      ["a", "b", "c", "d"].map((service, minute) => ({ service, signal: alarm(service, minute) })),
    );
    expect([a, b, c, d].map((placed) => placed?.placement.kind)).toEqual(["open", "open", "widen", "join"]);
    expect(c?.incident?.id).toBe(a?.incident?.id);
    expect(c?.incident?.absorbed).toEqual([b?.incident?.id]);
    expect(d?.incident?.services).toEqual(["a", "b", "c", "d"]);
  });

  test("three services in three regions are three incidents", () => {
    const regions = ["us-east-1", "eu-west-1", "ap-southeast-2"];
    const placed = placeAll(regions.map((region, i) => ({ service: `s${i}`, signal: alarm(`s${i}`, i, region) })));
    expect(placed.map(({ placement }) => placement.kind)).toEqual(["open", "open", "open"]);
  });

  test("what is late, over or not meant to open an incident is only threaded", () => {
    const cases: [Partial<Signal>, Partial<AlertRule>][] = [
      [{ late: true }, {}],
      [{ state: "ok" }, {}],
      [{ state: "insufficient-data" }, {}],
      [{}, { opens_incident: false }],
    ];
    for (const [over, ruleOver] of cases) {
      const placed = correlate({ signal: signal("x", over), rule: ruleFor("a", ruleOver) }, EMPTY, POLICY);
      expect(placed.kind).toBe("thread-only");
    }
    expect(correlate({ signal: signal("x"), rule: undefined }, EMPTY, POLICY).kind).toBe("thread-only");
  });

  test("what rang before the installation joins what is open, and opens nothing", () => {
    const old = signal("a-1", { isOld: true });
    const [opened] = placeAll([{ service: "a", signal: alarm("a", 0) }]);
    const index = opened?.next ?? EMPTY;
    expect(correlate({ signal: old, rule: ruleFor("a") }, index, POLICY).kind).toBe("join");
    expect(correlate({ signal: old, rule: ruleFor("b") }, index, POLICY).kind).toBe("thread-only");
    expect(correlate({ signal: old, rule: ruleFor("a") }, EMPTY, POLICY).kind).toBe("thread-only");
  });

  test("ten thousand alerts of one cause rewrite the index once a second at most", () => {
    let index: Correlation | undefined;
    let writes = 0;
    for (let i = 0; i < 10_000; i += 1) {
      const each = signal(`a-${i}`, { changedAtMs: START_MS + i * 6 });
      const { next } = place(index, { signal: each, rule: ruleFor("a") }, { policy: POLICY, nowMs: each.changedAtMs });
      if (next) writes += 1;
      index = next ?? index;
    }
    expect(index?.open).toHaveLength(1);
    expect(writes).toBeLessThanOrEqual(61);
  });

  test("alerts are divided into incidents exactly as by the plain rules", () => {
    const seed = Math.floor(Math.random() * 2 ** 31);
    const random = randomFrom(seed);
    for (let round = 0; round < 200; round += 1) {
      let minute = 0;
      const alerts = Array.from({ length: 30 }, () => {
        minute += Math.floor(random() * random() * 12);
        const service = `s${Math.floor(random() * 5)}`;
        const region = random() < 0.7 ? "us-east-1" : "eu-west-1";
        return { service, region, minute };
      });
      const placed = placeAll(
        alerts.map((each) => ({ ...each, signal: alarm(each.service, each.minute, each.region) })),
      );
      // Incidents that were merged count as what they were merged into.
      const home = new Map<string, string>();
      for (const { incident } of placed) for (const id of incident?.absorbed ?? []) home.set(id, incident?.id ?? "");
      const follow = (id: string): string => (home.has(id) ? follow(home.get(id) ?? "") : id);
      const ours = groups(placed.map(({ incident }) => follow(incident?.id ?? "")));
      const told = `seed ${seed}, round ${round}: ${JSON.stringify(alerts)}`;
      expect({ told, groups: ours }).toEqual({ told, groups: groups(oracle(alerts)) });
    }
  });
});

/** Equal labels for alerts of one incident, whatever the incident is called. */
function groups(labels: readonly unknown[]): number[] {
  const seen: unknown[] = [];
  return labels.map((label) => {
    if (!seen.includes(label)) seen.push(label);
    return seen.indexOf(label);
  });
}

interface Told {
  readonly service: string;
  readonly region: string;
  readonly minute: number;
}

interface Cluster {
  readonly born: number;
  members: Told[];
  region: string | undefined;
  mergedInto?: Cluster;
}

/** The rules in the words of the configuration, over the whole history instead of an index. */
function oracle(alerts: readonly Told[]): Cluster[] {
  const clusters: Cluster[] = [];
  const labels = alerts.map((alert, at) => {
    const live = clusters.filter((cluster) => !cluster.mergedInto);
    const before = alerts.slice(0, at + 1);
    const alarming = new Set(
      before.filter((m) => m.region === alert.region && alert.minute - m.minute <= 5).map((m) => m.service),
    );
    const covers = (cluster: Cluster, names: ReadonlySet<string>) => cluster.members.some((m) => names.has(m.service));
    let cluster: Cluster | undefined;
    if (alarming.size >= 3) {
      const same = live.filter((c) => c.region === alert.region || (c.region === undefined && covers(c, alarming)));
      cluster = same.find((c) => c.region === alert.region) ?? same[0];
      cluster ??= begin(clusters, at, alert.region);
      cluster.region = alert.region;
      for (const other of same) {
        if (other === cluster) continue;
        other.mergedInto = cluster;
        cluster.members.push(...other.members);
      }
    } else {
      cluster = live.find((c) => covers(c, new Set([alert.service]))) ?? live.find((c) => c.region === alert.region);
      cluster ??= begin(clusters, at, undefined);
    }
    cluster.members.push(alert);
    return cluster;
  });
  const follow = (cluster: Cluster): Cluster => (cluster.mergedInto ? follow(cluster.mergedInto) : cluster);
  return labels.map(follow);
}

function begin(clusters: Cluster[], born: number, region: string | undefined): Cluster {
  const cluster: Cluster = { born, members: [], region };
  clusters.push(cluster);
  return cluster;
}
