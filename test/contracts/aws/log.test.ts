import { DescribeDBInstancesCommand, RDSClient } from "@aws-sdk/client-rds";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { createClients, Sockets } from "../../../src/integrations/aws/clients.ts";
import type { Identity } from "../../../src/integrations/aws/credentials.ts";
import { Reachability } from "../../../src/integrations/aws/reachability.ts";
import { clientSettings, PATIENCE } from "../../../src/integrations/aws/settings.ts";
import { accountOf } from "../../../src/integrations/aws/who.ts";
import { HOME, type InventoryWorld, PRIMARY, STANDBY, startInventoryWorld } from "./inventory-world.ts";

let inventory: InventoryWorld;
let logged: unknown[];
beforeEach(async () => {
  inventory = await startInventoryWorld();
  logged = [];
});
afterEach(async () => {
  await inventory.stop();
});

const CREDENTIALS: Identity = { accessKeyId: "AKIASIMULATEDWORLD00", secretAccessKey: "not-a-secret" };
/** Hears what the SDK logs. */
function listening() {
  const hear = (...words: unknown[]) => logged.push(...words);
  const logger = { trace: () => undefined, debug: () => undefined, info: hear, warn: hear, error: hear };
  return { ...clientSettings(inventory.endpoint, PATIENCE), logger };
}
const made = () =>
  createClients({ settings: listening(), credentials: async () => CREDENTIALS, home: HOME, sockets: new Sockets() });
const look = () => new DescribeDBInstancesCommand({ DBInstanceIdentifier: PRIMARY });

test("the SDK by itself logs every call", async () => {
  const client = new RDSClient({ ...listening(), region: HOME, credentials: CREDENTIALS });
  await client.send(look());
  client.destroy();
  expect(logged).toEqual([expect.objectContaining({ commandName: "DescribeDBInstancesCommand" })]);
});

test("no client of ours logs a call, nor takes it apart for a log", async () => {
  const clients = made();
  await clients.rds.in(HOME).send(look());
  await expect(clients.rds.in(STANDBY).send(look())).rejects.toThrow();
  const asking = { stsRegions: [HOME], own: async () => CREDENTIALS, reachability: new Reachability(0) };
  await accountOf(CREDENTIALS, { ...asking, settings: listening() });
  expect(logged).toEqual([]);
  const { close, route53, ...regional } = clients;
  const stacks = [route53.client(), ...Object.values(regional).map((each) => each.in(HOME))];
  for (const { middlewareStack } of stacks)
    expect(middlewareStack.identify().filter((name) => /logger/i.test(name))).toEqual([]);
  close();
});
