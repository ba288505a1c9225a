import { describe, expect, test } from "@jest/globals";
import { changeOf } from "../../../../../src/flows/resources/entrances/route53/change.ts";
import { sayRecords } from "../../../../../src/flows/steps/record-sets.ts";
import { recordSetOf } from "../../../../../src/integrations/aws/record-set.ts";
import type { RecordSet } from "../../../../../src/ports/traffic.ts";

const NAME = "shop.example.com";
const [HOME, STANDBY] = ["eu-west-1", "eu-central-1"];
const front = { dns_name: "standby-alb.elb.amazonaws.com", zone: "ZLB" };
const aliasTo = (dnsName: string) => ({ alias: { zone: "ZLB", dnsName, evaluateTargetHealth: true } });
const side = (type: string, setIdentifier: string, weight: number): RecordSet => ({
  ...{ name: NAME, type, setIdentifier, weight },
  ...aliasTo(`${setIdentifier}-alb.elb.amazonaws.com`),
});
const PAIR = [side("A", "home", 100), side("A", "standby", 0)];
const PAIR_OF_SIX = [side("AAAA", "home", 100), side("AAAA", "standby", 0)];

const moved = (...beside: RecordSet[]) =>
  changeOf([...PAIR, ...beside], {
    ...{ to: STANDBY ?? "", front },
    traffic: {
      ...{ zone: "Z1", name: NAME, routing: "weighted" },
      set_identifiers: { [HOME ?? ""]: "home", [STANDBY ?? ""]: "standby" },
    },
  });

describe("everything under a name that is moved", () => {
  test("AAAA moves with A: both families of both sets lead to the new side", () => {
    const change = moved(...PAIR_OF_SIX);

    if ("refused" in change) throw new Error(change.refused);
    expect(change.before).toHaveLength(4);
    expect(change.after.map(({ type, weight, alias }) => `${type} ${weight} ${alias?.dnsName}`).toSorted()).toEqual([
      `A 0 ${front.dns_name}`,
      `A 100 ${front.dns_name}`,
      `AAAA 0 ${front.dns_name}`,
      `AAAA 100 ${front.dns_name}`,
    ]);
  });

  test("text, mail and certificate records stay and refuse nothing", () => {
    const stays = ["TXT", "CAA", "MX"].map((type) => ({ name: NAME, type, ttlSeconds: 60, values: ["x"] }));
    expect(moved(...stays)).not.toHaveProperty("refused");
  });

  test.each<[string, RecordSet]>([
    ["AAAA → 2001:db8::1", { name: NAME, type: "AAAA", ttlSeconds: 60, values: ["2001:db8::1"] }],
    ["A “third”", side("A", "third", 1)],
    ["AAAA “third”", side("AAAA", "third", 1)],
    ["HTTPS → 1 .", { name: NAME, type: "HTTPS", ttlSeconds: 60, values: ["1 ."] }],
    ["NS → ns.elsewhere.org", { name: NAME, type: "NS", ttlSeconds: 60, values: ["ns.elsewhere.org"] }],
  ])("guard leftover: what would still lead users to the old side refuses the plan, and is named", (says, set) => {
    expect(moved(set)).toMatchObject({ refused: expect.stringContaining(says) });
  });

  test("all that is wrong with a name is told at once: every set with foreign settings, every wrong one, and what is left", () => {
    const foreign = (id: string): RecordSet => ({ ...side("A", id, 1), foreign: ["GeoLocation"] });
    const { alias: _none, ...plain } = side("AAAA", "home", 100);
    const found = changeOf([foreign("home"), { ...plain, ttlSeconds: 60, values: ["2001:db8::1"] }, foreign("third")], {
      ...{ to: STANDBY ?? "", front },
      traffic: {
        ...{ zone: "Z1", name: NAME, routing: "weighted" },
        set_identifiers: { [HOME ?? ""]: "home", [STANDBY ?? ""]: "standby" },
      },
    });

    expect(found).toEqual({
      refused: [
        "it has settings TwoKey does not change (A “home”: GeoLocation; A “third”: GeoLocation)",
        "record set “home” (AAAA) is not an alias record",
        "there is no record set called “standby”",
        "what is left would still lead users elsewhere: A “third” → third-alb.elb.amazonaws.com",
      ].join("; "),
    });
  });

  test.each<[string, object]>([
    ["Region", { Region: "eu-west-1" }],
    ["GeoLocation", { GeoLocation: { CountryCode: "DE" } }],
    ["GeoProximityLocation", { GeoProximityLocation: { AWSRegion: "eu-west-1", Bias: 10 } }],
    ["CidrRoutingConfig", { CidrRoutingConfig: { CollectionId: "c", LocationName: "office" } }],
    ["MultiValueAnswer", { MultiValueAnswer: true }],
    ["ANewKind", { ANewKind: "of tomorrow" }],
  ])("guard every routing kind: a set that is routed by %s refuses the plan by that name", (kind, by) => {
    const routed = recordSetOf({
      ...{ Name: `${NAME}.`, Type: "A", SetIdentifier: "third", TTL: 60, ResourceRecords: [{ Value: "192.0.2.9" }] },
      ...by,
    });

    expect(moved(routed)).toEqual({
      refused: `it has settings TwoKey does not change (A “third”: ${kind}); what is left would still lead users elsewhere: A “third” → 192.0.2.9`,
    });
  });

  test("a set that a traffic policy made refuses the plan by that name: Route 53 would write over what is changed there", () => {
    const made = recordSetOf({
      ...{ Name: `${NAME}.`, Type: "A", SetIdentifier: "home", Weight: 100, TrafficPolicyInstanceId: "tp-1" },
      AliasTarget: { HostedZoneId: "ZLB", DNSName: "home-alb.elb.amazonaws.com.", EvaluateTargetHealth: true },
    });
    const change = changeOf([made, side("A", "standby", 0)], {
      ...{ to: STANDBY ?? "", front },
      traffic: {
        ...{ zone: "Z1", name: NAME, routing: "weighted" },
        set_identifiers: { [HOME ?? ""]: "home", [STANDBY ?? ""]: "standby" },
      },
    });

    expect(made.foreign).toEqual(["TrafficPolicyInstanceId"]);
    expect(change).toEqual({
      refused: "it has settings TwoKey does not change (A “home”: a traffic policy (TrafficPolicyInstanceId))",
    });
  });

  test("guard failover pair: both records lead to the new side, and each keeps its own health check", () => {
    const member = (failover: "PRIMARY" | "SECONDARY", healthCheck: string): RecordSet => ({
      ...{ name: NAME, type: "A", setIdentifier: failover.toLowerCase(), failover, healthCheck },
      ...aliasTo(`${failover.toLowerCase()}-alb.elb.amazonaws.com`),
    });
    const change = changeOf([member("PRIMARY", "hc-1"), member("SECONDARY", "hc-2")], {
      ...{ to: STANDBY ?? "", front },
      traffic: { ...{ zone: "Z1", name: NAME, routing: "failover" }, primary: "primary", secondary: "secondary" },
    });

    if ("refused" in change) throw new Error(change.refused);
    const to = { dnsName: front.dns_name, evaluateTargetHealth: true };
    expect(change.after).toMatchObject([
      { failover: "PRIMARY", healthCheck: "hc-1", alias: to },
      { failover: "SECONDARY", healthCheck: "hc-2", alias: to },
    ]);
  });

  describe("a pair whose aliases were made in the console, and do not evaluate their target's health", () => {
    const member = (failover: "PRIMARY" | "SECONDARY", host: string): RecordSet => ({
      ...{ name: NAME, type: "A", setIdentifier: failover.toLowerCase(), failover },
      alias: { zone: "ZLB", dnsName: `dualstack.${host}`, evaluateTargetHealth: false },
    });
    const [homeFront, there] = ["home-alb.elb.amazonaws.com", front.dns_name];
    const pair = [member("PRIMARY", homeFront), member("SECONDARY", there)];
    const led = (from: readonly RecordSet[], dns_name: string) => {
      const change = changeOf(from, {
        ...{ to: STANDBY ?? "", front: { dns_name, zone: "ZLB" } },
        traffic: { ...{ zone: "Z1", name: NAME, routing: "failover" }, primary: "primary", secondary: "secondary" },
      });
      if ("refused" in change) throw new Error(change.refused);
      return change.after;
    };

    test("guard nothing else: changes its target and nothing else, and there and back PRIMARY is exactly as it was", () => {
      const away = led(pair, there);

      expect(away).toEqual([member("PRIMARY", there), member("SECONDARY", there)]);
      expect(led(away, homeFront)[0]).toEqual(pair[0]);
      expect(led(pair, `dualstack.${there}`)).toEqual(away);
    });

    test("is shown as such", () => {
      expect(sayRecords(pair)).toContain(`primary (PRIMARY) → dualstack.${homeFront}, target health not evaluated`);
    });
  });

  test("an AAAA set with plain addresses under a region's identifier refuses the plan", () => {
    const { alias: _none, ...plain } = side("AAAA", "home", 100);
    expect(moved({ ...plain, ttlSeconds: 60, values: ["2001:db8::1"] })).toMatchObject({
      refused: "record set “home” (AAAA) is not an alias record",
    });
  });
});
