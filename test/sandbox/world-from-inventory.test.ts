import { Resolver } from "node:dns/promises";
import { readFileSync } from "node:fs";
import { afterEach, describe, expect, test } from "@jest/globals";
import { parse } from "yaml";
import { z } from "zod";
import { readEnvironment } from "../../src/config/environment.ts";
import { TWOKEY_FILE } from "../../src/config/file-schema.ts";
import { loadFile } from "../../src/config/load.ts";
import { ruleFor, type Signal } from "../../src/domain/incident/alert.ts";
import { type Inventory, inventoryFrom } from "../../src/domain/service/inventory.ts";
import { besides } from "../../src/domain/service/service.ts";
import { sandboxEnvironment } from "../../src/sandbox/environment.ts";
import { rewrite, sandboxInventory, sandboxText } from "../../src/sandbox/rewrites.ts";
import { worldFromInventory } from "../../src/sandbox/world-from-inventory.ts";
import { startWholeWorld, type WholeWorld } from "../../src/simulators/whole-world.ts";
import { WholeWorldSpec } from "../../src/simulators/whole-world-spec.ts";
import { example } from "../harness/example.ts";
import { siteOf, trafficOf } from "../harness/site.ts";
import { advance, openExample } from "./derived-world.ts";

let whole: WholeWorld | undefined;
afterEach(() => whole?.stop());

function textOf(name: string): string {
  return readFileSync(new URL(`../../examples/${name}.yaml`, import.meta.url), "utf8");
}

function specOf(inventory: Inventory): WholeWorldSpec {
  return WholeWorldSpec.parse(worldFromInventory(inventory).spec);
}

const Members = z.record(z.string(), z.unknown());
const Source = z.looseObject({ services: z.record(z.string(), Members) });

/** The inventory example with services of its own: shared load balancers, every kind of routing, odd names. */
function manyServices(): Inventory {
  const source = Source.parse(parse(textOf("inventory")));
  const service = source.services["inventory"];
  const named = (name: string, entrance: object) => {
    const text = JSON.stringify(service)
      .replaceAll("mycomputer-inventory-db", `${name.replace("_", "-")}-db`)
      .replaceAll("targetgroup/inventory", `targetgroup/${name}`)
      .replaceAll("inventory-service", `${name}.service`)
      .replaceAll("db.inventory", `db.${name}`);
    return { ...Members.parse(JSON.parse(text)), entrance: { kind: "route53", names: [entrance] } };
  };
  const payRoll = named("pay_roll", {
    ...{ zone: "ZPAY1", name: "*.pay.example", routing: "failover", primary: "one", secondary: "two" },
  });
  const services = {
    inventory: service,
    // Behind the same load balancers as the inventory, and a CNAME straight to them.
    orders: named("orders", {
      ...{ zone: "Z123456789", name: "orders.mycomputer.com", routing: "simple", ttl_seconds: 30 },
      values: {
        "eu-west-1": "primary-alb.eu-west-1.elb.amazonaws.com",
        "eu-central-1": "secondary-alb.eu-central-1.elb.amazonaws.com",
      },
    }),
    // A CNAME to names that lead on.
    shop: named("shop", {
      ...{ zone: "ZSHOP1", name: "www.shop.example", routing: "simple", ttl_seconds: 30 },
      values: { "eu-west-1": "eu.mycomputer.net", "eu-central-1": "de.mycomputer.net" },
    }),
    pay_roll: payRoll,
  };
  const file = TWOKEY_FILE.parse({ ...source, services });
  // One service whose application uses its instances' own endpoints.
  const stock = file.services["pay_roll"]?.stores["stock"];
  if (stock) Reflect.deleteProperty(stock, "name");
  return inventoryFrom(file);
}

describe.each(["inventory", "regami"] as const)("what is derived from examples/%s.yaml", (name) => {
  test("has for each alert rule an alarm that this rule claims and that a topic of its region hears", () => {
    const inventory = example(name);
    const { cloudwatch } = specOf(inventory);
    const claimed = cloudwatch.alarms.map((alarm) => {
      if (alarm.kind !== "metric") throw new Error("only metric alarms are derived");
      const { namespace, metricName: metric, dimensions, region } = alarm;
      return ruleFor(inventory.file.alerts.rules, {
        ...signal,
        name: alarm.name,
        namespace,
        metric,
        dimensions,
        region,
      });
    });
    for (const [index, rule] of inventory.file.alerts.rules.entries()) expect(claimed[index]).toBe(rule);
    for (const alarm of cloudwatch.alarms) {
      expect(alarm.alarmActions.map((arn) => arn.split(":")[3])).toEqual([alarm.region]);
    }
    const elsewhere = inventory.services.flatMap((service) => besides(service, service.home));
    expect(cloudwatch.alarms.filter(({ name: alarm }) => alarm.endsWith("-5xx")).map(({ region }) => region)).toEqual(
      elsewhere,
    );
    // What can be raised while the home region is dark opens an incident by a rule of the file.
    const errors = cloudwatch.alarms.flatMap((alarm, index) => (alarm.name.endsWith("-5xx") ? [claimed[index]] : []));
    expect(errors.map((rule) => [rule?.severity, rule?.opens_incident])).toEqual(elsewhere.map(() => ["sev1", true]));
  });

  test("gives a bot in another process the same inventory as one in this process, and no real account", async () => {
    const inventory = example(name);
    whole = await openExample(name);
    const sandboxed = sandboxInventory(inventory, whole.env);
    const text = sandboxText(textOf(name), inventory.file, whole.env);
    const loaded = loadFile("twokey.yaml", text);
    expect(loaded).toMatchObject({ ok: true });
    expect(loaded.ok && loaded.inventory.digest).toBe(sandboxed.digest);
    expect(sandboxed.digest).not.toBe(inventory.digest);
    expect(text).not.toContain(inventory.file.aws.account);
    for (const { region, url } of whole.writeChecks) {
      const [service] = sandboxed.services;
      expect(service && siteOf(service, region).database.write_check).toBe(url);
    }
  });

  test("gives an environment that the bot takes, with every way out leading into the world", async () => {
    whole = await openExample(name);
    const env = sandboxEnvironment(whole.env, { snsCa: "/tmp/ca.pem", config: "/tmp/twokey.yaml" });
    const own = { REDIS_URL: "redis://127.0.0.1:1", TWOKEY_LEDGER_DIR: "/tmp/x", TWOKEY_LEDGER_KEY: "k".repeat(32) };
    const read = readEnvironment({ ...env, ...own });
    expect(read).toMatchObject({ ok: true });
    const sandbox = read.ok ? read.settings.sandbox : undefined;
    expect(sandbox?.awsEndpointUrl).toBe(`http://127.0.0.1:${whole.ports.aws}`);
    expect(sandbox?.dnsServers.map(({ port }) => port)).toEqual(whole.ports.resolvers);
    const ways = [...(sandbox?.connectMap ?? [])];
    const entries = ways.slice(0, whole.connections.length);
    expect(entries).toEqual(whole.connections.map(({ address, port }) => [address, { host: "127.0.0.1", port }]));
    const databases = ways.slice(entries.length);
    expect(databases.map(([endpoint]) => endpoint)).toEqual(whole.spec.rds.databases.map(({ endpoint }) => endpoint));
    expect(new Set(databases.map(([, { host }]) => host))).toEqual(new Set(["127.0.0.1"]));
  });
});

const signal: Signal = {
  ...{ id: "sns:1", source: "cloudwatch", fingerprint: "f", description: "", reason: "", account: "1", late: false },
  ...{ name: "", region: "", namespace: "", metric: "", dimensions: {}, state: "alarm", previousState: "ok" },
  ...{ changedAtMs: 0, publishedAtMs: 0, receivedAtMs: 0 },
};

test("many services each get records, databases and load balancers of their own, and all of them serve", async () => {
  const { spec } = worldFromInventory(manyServices());
  whole = await startWholeWorld(spec, { speed: 1e-6 });
  expect(new Set(whole.connections.map(({ dnsName }) => dnsName)).size).toBe(8);
  const { ports, connections } = whole;
  const answers = await Promise.all(
    ["api.mycomputer.com", "orders.mycomputer.com", "www.shop.example", "www.pay.example"].map(async (name) => {
      const resolver = new Resolver();
      resolver.setServers([`127.0.0.1:${ports.resolvers[0]}`]);
      const [address] = await resolver.resolve4(name);
      const connection = connections.find((each) => each.address === address);
      const health = await fetch(`http://127.0.0.1:${connection?.port}/health?check=db`);
      return await health.json();
    }),
  );
  expect(answers).toMatchObject(
    ["inventory", "orders", "shop", "pay_roll"].map((application) => ({ application, region: "eu-west-1" })),
  );
  advance(whole, 30);
  for (const { name } of whole.spec.traffic.applications) {
    expect(whole.traffic.judge.verdict(name)).toMatchObject({ refused: 0, lostWrites: 0 });
    expect(whole.traffic.judge.verdict(name).acknowledged).toBeGreaterThan(10);
  }
});

test("a shared load balancer is told apart in the sandboxed file too", () => {
  const inventory = manyServices();
  const { settings } = worldFromInventory(inventory);
  const { services } = inventoryFrom(rewrite(inventory.file, settings.rewrites));
  const names = services.map((service) => siteOf(service, "eu-west-1").load_balancer.dns_name);
  expect(new Set(names).size).toBe(4);
  const orders = services.find(({ name }) => name === "orders");
  expect(orders && trafficOf(orders)).toMatchObject({ routing: "simple", values: { "eu-west-1": names[1] } });
});

test("records of one zone that share no domain make no world", () => {
  const inventory = manyServices();
  const moved = rewrite(inventory.file, [
    { path: ["services", "shop", "entrance", "names", 0, "zone"], value: "Z123456789" },
  ]);
  expect(() => worldFromInventory(inventoryFrom(moved))).toThrow(/cannot all lie in the zone Z123456789/);
});

test("PagerDuty moves unanswered pages on only where the file says that it drives", () => {
  const levels = (name: "inventory" | "regami") =>
    specOf(example(name)).pagerduty.escalationPolicies.map(({ rules, numLoops }) => [rules.length, numLoops]);
  expect(levels("inventory")).toEqual([[1, 0]]);
  expect(levels("regami")).toEqual([[2, 2]]);
});

test("the bot's own PagerDuty user is never on call", () => {
  const { escalationPolicies, schedules } = specOf(example("regami")).pagerduty;
  const { settings } = worldFromInventory(example("regami"));
  expect(JSON.stringify([escalationPolicies, schedules])).not.toContain(settings.pagerDuty.botUserId);
});
