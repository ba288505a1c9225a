import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { acknowledge, resolve, trigger } from "@pagerduty/pdjs";
import type { PagerDutySpec } from "../../../src/simulators/pagerduty/spec.ts";
import {
  ACCOUNT,
  type Bench,
  divertedAgent,
  followUp,
  OTHER_KEY,
  openBench,
  ROUTING_KEY,
  triggerEvent,
} from "./account.ts";

let bench: Bench;
beforeEach(async () => {
  bench = await openBench();
});
afterEach(() => bench.stop());

async function reopen(setting: Partial<PagerDutySpec["services"][number]>): Promise<void> {
  await bench.stop();
  bench = await openBench({ services: ACCOUNT.services.map((service) => ({ ...service, ...setting })) });
}

const incidents = () => bench.world.log.read(0, "pagerduty.incident-created");
const payload = { summary: "Inventory is down", source: "twokey", severity: "critical" as const };
const enqueue = (event: unknown) => bench.call("POST", "/v2/enqueue", { body: event });

describe("Events API v2 through pdjs", () => {
  const transport = () => ({ agent: divertedAgent(bench.simulator.port), requestTimeout: 0 });

  test("a trigger, its acknowledgement and its resolution move one incident", async () => {
    const data = { routing_key: ROUTING_KEY, event_action: "trigger" as const, dedup_key: "dr:1", payload };
    const first = await trigger({ ...transport(), data });
    expect(first.status).toBe(202);
    expect(first.data).toEqual({ status: "success", message: "Event processed", dedup_key: "dr:1" });
    await trigger({ ...transport(), data });
    await acknowledge({ ...transport(), data });
    await resolve({ ...transport(), data });
    expect(bench.kinds("pagerduty.").filter((kind) => kind !== "pagerduty.call")).toEqual([
      "pagerduty.event-accepted",
      "pagerduty.incident-created",
      "pagerduty.notified",
      "pagerduty.notified",
      "pagerduty.event-accepted",
      "pagerduty.trigger-appended",
      "pagerduty.event-accepted",
      "pagerduty.acknowledged",
      "pagerduty.event-accepted",
      "pagerduty.resolved",
    ]);
  });
});

// pdjs types a change event like an alert, so this one goes out by hand.
test("a change event is recorded and tells nobody", async () => {
  const payload = { summary: "Failover approved", source: "twokey", custom_details: { run: "r1" } };
  const answer = await bench.call("POST", "/v2/change/enqueue", {
    body: { routing_key: ROUTING_KEY, payload, links: [] },
  });
  expect(answer.status).toBe(202);
  expect(bench.kinds("pagerduty.change-recorded")).toHaveLength(1);
  expect(bench.kinds("pagerduty.notified")).toHaveLength(0);
});

describe("de-duplication", () => {
  test("a key opens a new incident after its resolution", async () => {
    for (const event of [triggerEvent("k"), followUp("resolve", "k"), triggerEvent("k")]) await enqueue(event);
    expect(incidents()).toHaveLength(2);
  });

  test("acknowledge and resolve are accepted and dropped without an open alert", async () => {
    expect((await enqueue(followUp("acknowledge", "nobody"))).status).toBe(202);
    expect((await enqueue(followUp("resolve", "nobody"))).status).toBe(202);
    expect(bench.kinds("pagerduty.event-dropped")).toHaveLength(2);
  });

  test("another routing key cannot acknowledge or resolve", async () => {
    await enqueue(triggerEvent("k"));
    await enqueue(followUp("acknowledge", "k", OTHER_KEY));
    await enqueue(followUp("resolve", "k", OTHER_KEY));
    expect(bench.kinds("pagerduty.acknowledged")).toHaveLength(0);
    expect(bench.kinds("pagerduty.resolved")).toHaveLength(0);
  });

  test.each(["maintenance", "disabled"] as const)(
    "a service that is in %s takes a page, and rings nobody",
    async (status) => {
      await reopen({ status });
      expect((await enqueue(triggerEvent("k"))).status).toBe(202);
      expect(incidents()).toEqual([]);
    },
  );

  test("a service with low urgency at night rings by its hour", async () => {
    await reopen({ urgency: "low-at-night" });
    await enqueue(triggerEvent("k"));
    bench.world.clock.jump(7 * 3_600_000);
    await enqueue(triggerEvent("l"));
    expect(incidents().map(({ facts }) => facts["urgency"])).toEqual(["low", "high"]);
  });

  test("a service that groups alerts makes a second one part of the incident that is open", async () => {
    await reopen({ alertGrouping: "time" });
    for (const event of [triggerEvent("k"), triggerEvent("l")]) await enqueue(event);
    expect(incidents()).toHaveLength(1);
    expect(bench.kinds("pagerduty.alert-grouped")).toHaveLength(1);
    for (const event of [followUp("resolve", "k"), triggerEvent("l")]) await enqueue(event);
    expect(incidents()).toHaveLength(2);
  });

  test("a service that pauses notifications rings late, or never where the alert has ended", async () => {
    await reopen({ autoPauseSeconds: 300 });
    for (const event of [triggerEvent("k"), triggerEvent("l"), followUp("resolve", "l")]) await enqueue(event);
    expect(incidents()).toEqual([]);
    bench.world.clock.jump(300_000);
    expect(incidents().map(({ facts }) => facts["incidentKey"])).toEqual(["k"]);
  });

  test("a trigger without a key is a page of its own each time", async () => {
    const { dedup_key: _, ...event } = triggerEvent("k");
    const [first, second] = [await enqueue(event), await enqueue(event)];
    expect(first.body).not.toEqual(second.body);
    expect(incidents()).toHaveLength(2);
  });

  test("triggers on an acknowledged incident ring no phone", async () => {
    for (const event of [triggerEvent("k"), followUp("acknowledge", "k")]) await enqueue(event);
    const rang = bench.kinds("pagerduty.notified").length;
    await enqueue(triggerEvent("k"));
    expect(bench.kinds("pagerduty.notified")).toHaveLength(rang);
  });
});

describe("validation", () => {
  const event = triggerEvent("k");
  const cases: [string, unknown][] = [
    ["a severity that PagerDuty does not know", { ...event, payload: { ...payload, severity: "sev1" } }],
    ["a summary of 1,025 characters", { ...event, payload: { ...payload, summary: "x".repeat(1_025) } }],
    ["a dedup key of 256 characters", { ...event, dedup_key: "x".repeat(256) }],
    ["a misspelt field", { ...event, dedupKey: "k" }],
    ["an unknown routing key", { ...event, routing_key: "f".repeat(32) }],
    ["a short routing key", { ...event, routing_key: "f" }],
    ["a trigger without payload", { ...followUp("resolve", "k"), event_action: "trigger" }],
    ["an acknowledgement without dedup key", { routing_key: ROUTING_KEY, event_action: "acknowledge" }],
    ["an image over http", { ...event, images: [{ src: "http://example.com/a.png" }] }],
    ["something that is no event", 7],
  ];
  test.each(cases)("%s is refused with 400 and the list of errors", async (_title, body) => {
    const answer = await enqueue(body);
    expect(answer.status).toBe(400);
    expect(answer.body).toMatchObject({
      status: "invalid event",
      message: "Event object is invalid",
      errors: expect.arrayContaining([expect.any(String)]),
    });
    expect(incidents()).toHaveLength(0);
  });

  test("an event of more than 512 KB is refused", async () => {
    const custom_details = { dump: "x".repeat(513 * 1_024) };
    expect((await enqueue({ ...event, payload: { ...payload, custom_details } })).status).toBe(413);
  });
});

test("the 121st event of a minute on one key is refused with its reset and is not ingested", async () => {
  for (let count = 0; count < 120; count += 1) expect((await enqueue(triggerEvent("k"))).status).toBe(202);
  const refused = await enqueue(triggerEvent("other"));
  expect(refused.status).toBe(429);
  expect(Number(refused.headers.get("ratelimit-reset"))).toBeGreaterThan(0);
  expect(refused.headers.get("ratelimit-remaining")).toBe("0");
  expect(incidents()).toHaveLength(1);
  expect((await enqueue({ ...triggerEvent("other"), routing_key: OTHER_KEY })).status).toBe(202);
});
