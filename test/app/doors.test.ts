import { createHmac } from "node:crypto";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { type DoorSources, type Doors, openDoors } from "../../src/app/doors.ts";
import { createStores } from "../../src/app/stores.ts";
import { readEnvironment, sayEnvironmentProblems } from "../../src/config/environment.ts";
import { dedupKey } from "../../src/domain/incident/incident.ts";
import { openedIncident } from "../cards/incident-states.ts";
import { example } from "../harness/example.ts";
import { clockAt, memoryLogger } from "../harness/fakes/index.ts";
import { JOURNAL } from "../harness/keys.ts";
import { AT } from "../harness/observed.ts";
import { StoreBench } from "../harness/store.ts";

const SECRET = "a-webhook-secret";
const HOUR = 3_600_000;
const refused = () => Promise.reject(new Error("no test asks for this"));

let bench: StoreBench;
let doors: Doors;
let log: ReturnType<typeof memoryLogger>;
/** Incidents whose truth is to be read at the pager, in the order in which that was asked for. */
let woken: string[];
beforeEach(async () => {
  bench = await StoreBench.start();
  woken = [];
  log = memoryLogger();
  doors = await openDoors(await sources());
});
afterEach(async () => {
  await doors.web.close();
  bench.close();
});

async function sources(): Promise<DoorSources> {
  const read = readEnvironment({
    ...{ REDIS_URL: bench.url, SLACK_BOT_TOKEN: "xoxb-bot", SLACK_SIGNING_SECRET: "a".repeat(32) },
    ...{ TWOKEY_LEDGER_DIR: "/tmp", TWOKEY_LEDGER_KEY: "k".repeat(40), TWOKEY_HTTP_PORT: "0" },
    ...{ PAGERDUTY_ROUTING_KEY: "r".repeat(32), PAGERDUTY_API_TOKEN: "t".repeat(20) },
    PAGERDUTY_WEBHOOK_SECRETS: SECRET,
  });
  if (!read.ok) throw new Error(sayEnvironmentProblems(read.problems));
  const redis = await bench.connect();
  const incidentEvidence = async (id: string) => void woken.push(id);
  return {
    ...{ settings: read.settings, redis, stores: createStores(redis, () => AT, JOURNAL), logger: log.logger },
    clock: { ...clockAt(() => AT), toMachineMs: (worldMs: number) => worldMs },
    ...{ inventory: () => example("inventory"), queues: { wake: { incidentEvidence } } },
    ...{ outside: { chat: {}, accounts: {}, wayOut: { fetch } }, intents: refused, askFromPipeline: refused },
    isReady: async () => ({ missing: [], degraded: [] }),
  } as never;
}

/** PagerDuty tells that something happened to our incident. */
async function told(id: string, occurredAtMs: number, secret = SECRET): Promise<number> {
  const data = { id: "Q1", type: "incident", incident_key: dedupKey(openedIncident()) };
  const event = { id, event_type: "incident.acknowledged", occurred_at: new Date(occurredAtMs).toISOString(), data };
  const body = JSON.stringify({ event });
  const mac = createHmac("sha256", secret).update(body).digest("hex");
  const answer = await fetch(`http://127.0.0.1:${doors.web.port}/webhooks/pagerduty`, {
    ...{ method: "POST", headers: { "x-pagerduty-signature": `v1=${mac}`, "x-webhook-id": id }, body },
  });
  return answer.status;
}

test("a webhook of a pager has its incident read once, however often it comes, and one from before our memory not at all", async () => {
  const { id } = openedIncident();

  expect(await told("w-1", AT)).toBe(202);
  expect(woken).toEqual([id]);
  expect(await told("w-1", AT)).toBe(202);
  // Of a time of which nobody knows any more whether it came before.
  expect(await told("w-2", AT - 50 * HOUR)).toBe(202);
  expect(woken).toEqual([id]);
  expect(await told("w-3", AT - 48 * HOUR)).toBe(202);
  expect(woken).toEqual([id, id]);
});

test("a webhook of a pager that another secret has signed is refused, and the log says which variable to check", async () => {
  expect(await told("w-1", AT, "another-secret")).toBe(401);
  expect(log.lines.map(({ sentence }) => sentence)).toContain(
    "A webhook of a pager was not signed with our secret: check the variable that holds it",
  );
  expect(woken).toEqual([]);
});
