import { describe, expect, test } from "@jest/globals";
import { type FirewallRule, opensPort, withoutRepeats } from "../../../src/domain/service/firewall.ts";

const POSTGRES = 5432;
const rule = (over: Partial<FirewallRule>): FirewallRule => ({
  ...{ protocol: "tcp", source: { kind: "ipv4", cidr: "0.0.0.0/0" } },
  ...over,
});

describe("an ingress rule lets people in at a port", () => {
  test.each<[string, Partial<FirewallRule>]>([
    ["that is its only one", { fromPort: POSTGRES, toPort: POSTGRES }],
    ["at the end of its range", { fromPort: 1, toPort: POSTGRES }],
    ["where it names no range", {}],
    ["where its range is every port", { fromPort: -1, toPort: -1 }],
    ["where it is for every protocol, whatever range it names", { protocol: "-1", fromPort: 80, toPort: 80 }],
  ])("%s", (_where, over) => {
    expect(opensPort(rule(over), POSTGRES)).toBe(true);
  });

  test.each<[string, Partial<FirewallRule>]>([
    ["beside its range", { fromPort: 80, toPort: POSTGRES - 1 }],
    ["of another protocol", { protocol: "udp", fromPort: POSTGRES, toPort: POSTGRES }],
  ])("and not at one %s", (_where, over) => {
    expect(opensPort(rule(over), POSTGRES)).toBe(false);
  });

  test("and for TCP at any that nobody knows", () => {
    expect(opensPort(rule({ fromPort: 80, toPort: 80 }), undefined)).toBe(true);
    expect(opensPort(rule({ protocol: "udp" }), undefined)).toBe(false);
  });
});

test("of rules that EC2 takes for one, by whatever people wrote to them, one is opened again: it refuses a call that names one twice", () => {
  const one = rule({ fromPort: POSTGRES, toPort: POSTGRES, source: { kind: "ipv4", cidr: "10.0.0.0/8" } });
  const [other, again] = [rule({ fromPort: 80, toPort: 80 }), { ...one, description: "by Terraform" }];

  expect(withoutRepeats([one, other, again])).toEqual([one, other]);
});
