import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { type Client, createClient } from "../../src/app/client.ts";
import { createStores, type Stores } from "../../src/app/stores.ts";
import { READING } from "../../src/commands/reading.ts";
import { planDigest } from "../../src/domain/plan-run/plan.ts";
import { Secret } from "../../src/domain/secret.ts";
import { terminalText } from "../../src/doors/terminal/render.ts";
import { openIncident } from "../../src/flows/incident/intake/open.ts";
import { KEYS } from "../../src/store/keys.ts";
import type { ScriptedRedis } from "../../src/store/scripts.ts";
import { example } from "../harness/example.ts";
import { silent } from "../harness/fakes/index.ts";
import { JOURNAL } from "../harness/keys.ts";
import { AT, quietDay, seenOn } from "../harness/observed.ts";
import { planFor } from "../harness/plans.ts";
import { StoreBench } from "../harness/store.ts";

const inventory = example("inventory");
const service = inventory.services[0];
const plan = planFor(inventory);

let bench: StoreBench;
let redis: ScriptedRedis;
let stores: Stores;
let client: Client | undefined;
beforeEach(async () => {
  bench = await StoreBench.start();
  redis = await bench.connect();
  stores = createStores(redis, () => AT, JOURNAL);
});
afterEach(() => {
  client?.close();
  client = undefined;
  bench.close();
});

/** What the terminal shows. */
async function shown(verb: string, ...words: string[]): Promise<string> {
  client ??= await createClient(
    { redisUrl: new Secret(bench.url), configPath: "", isSandbox: true },
    inventory,
    silent,
  );
  const asked = READING[verb];
  if (!asked) throw new Error(`there is no ${verb}`);
  return terminalText(await client.ask(asked, words), client);
}

/** A look, a plan that waits, a run that started, and an incident. */
async function aNight(): Promise<void> {
  if (!service) throw new Error("the example has a service");
  await stores.seen.change(service.name, () => ({
    value: { observation: seenOn(service, quietDay(service)) },
    events: [],
  }));
  const event = { kind: "run.proposed", atMs: AT, door: "slack" as const, says: "made", facts: {} };
  const started = { ...plan, id: "F-2" };
  await stores.runs.create(started, planDigest(started), [{ ...event, run: started.id }]);
  const run = await stores.runs.read("F-2");
  if (run) {
    const entry = { kind: "started" as const, atMs: AT, keys: ["ana", "ben"] };
    await stores.runs.append(run, { entries: [entry], events: [], over: false });
  }
  await stores.runs.create(plan, planDigest(plan), [{ ...event, run: plan.id }]);
  const opening = { id: "I-7KQ2MX", title: "orders fail", description: "orders fail", scope: "service" as const };
  const opened = openIncident({ ...opening, services: [service.name], severity: "sev1" }, inventory, AT);
  await stores.incidents.change(opening.id, () => opened);
}

async function everything(): Promise<Record<string, string>> {
  const keys = (await redis.keys("*")).sort();
  const dumps = await Promise.all(keys.map((key) => redis.dumpBuffer(key)));
  return Object.fromEntries(keys.map((key, index) => [key, dumps[index]?.toString("hex") ?? ""]));
}

describe("a client beside the bots", () => {
  test("shows the board, the plans, the runs, a plan, a run and a timeline from what is stored", async () => {
    await aNight();

    expect(await shown("status")).toContain("inventory");
    expect(await shown("status", "inventory")).toContain("eu-central-1");
    expect(await shown("plans")).toMatch(/Plans that wait for keys: 1\..*F-1.*Two people must agree by/s);
    expect(await shown("runs")).toMatch(/Runs: 1 open.*Run F-2 .* is running/s);
    expect(await shown("show", "f-1")).toMatch(/Two people must agree by.*Decisions are made on its card in Slack\.$/s);
    expect(await shown("show", "F-2")).toMatch(/running/);
    expect(await shown("timeline", "i-7kq2mx")).toMatch(/Timeline of .*orders fail.*SEV1 opened/s);
    expect(await shown("timeline")).toContain("orders fail");
  });

  test("names what there is where it was asked for something else", async () => {
    await aNight();

    await expect(shown("status", "nowhere")).rejects.toThrow("There are: inventory");
    await expect(shown("show", "F-9")).rejects.toThrow(/no plan or run F-9\. There are: .*F-1/);
    await expect(shown("show")).rejects.toThrow(/^Name a plan or run\./);
    await expect(shown("timeline", "I-NOPE")).rejects.toThrow("Open: I-7KQ2MX (SEV1, orders fail)");
  });

  test("with nothing stored says so", async () => {
    expect(await shown("plans")).toContain("No plan waits for keys.");
    expect(await shown("runs")).toContain("Runs: 0 open");
    await expect(shown("timeline")).rejects.toThrow("No incident is open.");
  });

  test("writes nothing, not even where something stored cannot be read", async () => {
    await aNight();
    await redis.hset(KEYS.run("F-2"), "schema", "99");
    const before = await everything();

    for (const verb of ["status", "plans", "timeline"]) await shown(verb);
    expect(await shown("runs")).toContain("run F-2 cannot be read");
    await expect(shown("show", "F-2")).rejects.toThrow("run F-2 cannot be read");

    expect(await everything()).toEqual(before);
  });
});
