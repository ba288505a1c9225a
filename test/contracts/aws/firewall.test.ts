import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { factOf, HOME, type InventoryWorld, STANDBY, startInventoryWorld } from "./inventory-world.ts";

let inventory: InventoryWorld;
beforeEach(async () => {
  inventory = await startInventoryWorld();
});
afterEach(async () => {
  await inventory.stop();
});

describe("firewall", () => {
  const rulesNow = async () => factOf(await inventory.aws.firewall.rules(HOME, "sg-home"));
  const group = { region: HOME, securityGroup: "sg-home" };
  const tcp = { protocol: "tcp", fromPort: 5432, toPort: 5432 };

  test("what is closed can be opened again exactly as it was", async () => {
    const { firewall } = inventory.aws;
    const rules = await rulesNow();
    expect(rules).toEqual([{ ...tcp, cidrs: ["10.0.0.0/8", "10.9.0.0/16"], ipv6Cidrs: [], groups: ["sg-app"] }]);
    expect((await firewall.close({ ...group, rules })).requestIds).toHaveLength(1);
    expect(await rulesNow()).toEqual([]);
    await firewall.open({ ...group, rules });
    expect(await rulesNow()).toEqual(rules);
  });

  test("rules that are gone, or there already, do not keep the others from changing", async () => {
    const { firewall } = inventory.aws;
    const rules = await rulesNow();
    await firewall.close({ ...group, rules: [{ ...tcp, cidrs: ["10.9.0.0/16"], ipv6Cidrs: [], groups: [] }] });
    await firewall.close({ ...group, rules });
    expect(await rulesNow()).toEqual([]);
    await firewall.close({ ...group, rules });
    await firewall.open({ ...group, rules: [{ ...tcp, cidrs: ["10.0.0.0/8"], ipv6Cidrs: [], groups: [] }] });
    await firewall.open({ ...group, rules });
    expect(await rulesNow()).toEqual(rules);
  });

  test("no rules mean no call", async () => {
    expect(await inventory.aws.firewall.close({ ...group, rules: [] })).toEqual({ requestIds: [] });
  });

  test("a group that does not exist is absent", async () => {
    expect(await inventory.aws.firewall.rules(STANDBY, "sg-home")).toMatchObject({ known: false, cause: "absent" });
  });
});
