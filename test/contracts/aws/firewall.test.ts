import { describe, expect, test } from "@jest/globals";
import type { FirewallRule } from "../../../src/domain/service/firewall.ts";
import { factOf, HOME, PRIMARY, STANDBY } from "./inventory-world.ts";
import { worldOfEachTest } from "./world-of-each-test.ts";

const inventory = worldOfEachTest();

const OWN_ACCOUNT = "111122223333";
const tcp = { protocol: "tcp", fromPort: 5432, toPort: 5432 };
const ALL: readonly FirewallRule[] = [
  { ...tcp, source: { kind: "ipv4", cidr: "10.0.0.0/8" } },
  { ...tcp, source: { kind: "ipv4", cidr: "10.9.0.0/16" }, description: "office, until March" },
  { ...tcp, source: { kind: "ipv6", cidr: "2001:db8:1::/48" }, description: "tasks over IPv6" },
  { ...tcp, source: { kind: "group", id: "sg-app", account: OWN_ACCOUNT } },
  { ...tcp, source: { kind: "group", id: "sg-reports", account: "444455556666" }, description: "reports" },
  {
    ...tcp,
    source: {
      ...{ kind: "group", id: "sg-peered", account: "444455556666" },
      peering: { vpc: "vpc-9", connection: "pcx-9" },
    },
  },
  { ...tcp, source: { kind: "prefix-list", id: "pl-offices" }, description: "all offices" },
  { protocol: "-1", source: { kind: "group", id: "sg-home", account: OWN_ACCOUNT } },
];

describe("firewall", () => {
  const rulesNow = async () => factOf(await inventory().aws.firewall.rules(HOME, "sg-home"));
  const group = { region: HOME, securityGroup: "sg-home" };
  const carriersOf = async (region: string, ...groups: string[]) => {
    const { firewall } = inventory().aws;
    const interfaces = factOf(await firewall.interfacesWith(region, groups));
    return [...interfaces, ...factOf(await firewall.databasesWith(region, groups))];
  };
  const changes = () => inventory().world.log.read(0, "aws.mutation").length;

  test("sources of every kind are read, closed and opened again exactly as they were, in one call each", async () => {
    const { firewall } = inventory().aws;
    const rules = await rulesNow();
    expect(rules).toHaveLength(ALL.length);
    expect(rules).toEqual(expect.arrayContaining([...ALL]));
    expect((await firewall.close({ ...group, rules })).requestIds).toHaveLength(1);
    expect(await rulesNow()).toEqual([]);
    expect((await firewall.open({ ...group, rules })).requestIds).toHaveLength(1);
    expect(await rulesNow()).toEqual(rules);
    expect(changes()).toBe(2);
  });

  test("closing one account's group leaves another account's rule alone", async () => {
    const { firewall } = inventory().aws;
    const rules = ALL.filter(({ source }) => source.kind === "group" && source.account === "444455556666");
    await firewall.close({ ...group, rules });
    expect(await rulesNow()).toEqual(expect.arrayContaining(ALL.filter((rule) => !rules.includes(rule))));
    expect(await rulesNow()).toHaveLength(ALL.length - rules.length);
  });

  test("rules that are gone, or there already, do not keep the others from changing", async () => {
    const { firewall } = inventory().aws;
    const rules = await rulesNow();
    const [first, second] = ALL;
    await firewall.close({ ...group, rules: second ? [second] : [] });
    await firewall.close({ ...group, rules });
    expect(await rulesNow()).toEqual([]);
    await firewall.close({ ...group, rules });
    await firewall.open({ ...group, rules: first ? [first] : [] });
    await firewall.open({ ...group, rules });
    expect(await rulesNow()).toEqual(rules);
  });

  test("a rule whose group is gone is refused, and not taken for opened", async () => {
    const lost: FirewallRule = { ...tcp, source: { kind: "group", id: "sg-gone", account: "444455556666" } };
    await expect(inventory().aws.firewall.open({ ...group, rules: [lost] })).rejects.toThrow("sg-gone");
  });

  test("no rules mean no call", async () => {
    expect(await inventory().aws.firewall.close({ ...group, rules: [] })).toEqual({ requestIds: [] });
  });

  test("whoever carries a group is named: machines, services of AWS, and databases by their own name", async () => {
    const carriers = await carriersOf(HOME, "sg-home");
    expect(carriers.map(({ group, says }) => `${group} ${says}`)).toEqual([
      "sg-home eni-0bastion (i-0b2, bastion)",
      ...[PRIMARY, "orders-1", "orders-2"].map((instance) => `sg-home database ${instance}`),
    ]);
    expect(carriers.filter(({ instance }) => instance === PRIMARY)).toHaveLength(1);
    const both = await carriersOf(HOME, "sg-home", "sg-app");
    expect(both.map(({ says }) => says)).toContain("eni-0lambda (AWS Lambda VPC ENI-report)");
    expect(await carriersOf(STANDBY, "sg-app")).toEqual([]);
  });

  test("whom EC2 shows is named while RDS does not say which databases carry a group", async () => {
    const { aws, world } = inventory();
    world.regions.setPlane({ region: HOME, service: "rds" }, "refusing");

    expect(factOf(await aws.firewall.interfacesWith(HOME, ["sg-home"]))).toEqual([
      { group: "sg-home", says: "eni-0bastion (i-0b2, bastion)" },
    ]);
    expect(await aws.firewall.databasesWith(HOME, ["sg-home"])).toMatchObject({ known: false, cause: "unreachable" });
  });

  test("a group that does not exist is absent", async () => {
    expect(await inventory().aws.firewall.rules(STANDBY, "sg-home")).toMatchObject({ known: false, cause: "absent" });
  });
});
