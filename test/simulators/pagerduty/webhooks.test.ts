import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { eventually } from "../../harness/eventually.ts";
import { type Bench, followUp, openBench, openReceiver, type Receiver, signed, triggerEvent } from "./account.ts";

const SECRETS = ["new-secret", "old-secret"];
let receiver: Receiver;
let bench: Bench;
beforeEach(async () => {
  receiver = await openReceiver();
  const webhookSubscriptions = [{ id: "PWHK1", url: receiver.url, secrets: SECRETS }];
  bench = await openBench({ webhookSubscriptions, webhookRetryMs: [20] });
});
afterEach(async () => {
  await bench.stop();
  await receiver.stop();
});

const enqueue = (event: unknown) => bench.call("POST", "/v2/enqueue", { body: event });
const types = () => receiver.received.map((one) => one.type);
const count = (kind: string) => bench.kinds(kind).length;

test("an incident's life arrives in order, each event signed with every secret", async () => {
  for (const event of [triggerEvent("k"), followUp("acknowledge", "k"), followUp("resolve", "k")]) await enqueue(event);
  await eventually("three deliveries", () => count("pagerduty.webhook-delivered") === 3);
  expect(types()).toEqual(["incident.triggered", "incident.acknowledged", "incident.resolved"]);
  for (const { body, signatures } of receiver.received) {
    expect(signatures).toEqual(SECRETS.map((secret) => signed(secret, body)));
  }
  expect(JSON.parse(receiver.received[0]?.body ?? "")).toMatchObject({
    event: {
      event_type: "incident.triggered",
      resource_type: "incident",
      agent: null,
      data: { type: "incident", incident_key: "k", status: "triggered" },
    },
  });
});

describe("delivery", () => {
  test.each([503, 429, 0])(
    "a failed answer (%i) is retried under the same id, and later events wait",
    async (status) => {
      receiver.answers.push(status, status);
      await enqueue(triggerEvent("k"));
      await enqueue(followUp("acknowledge", "k"));
      await eventually("two deliveries", () => count("pagerduty.webhook-delivered") === 2);
      expect(types()).toEqual([
        "incident.triggered",
        "incident.triggered",
        "incident.triggered",
        "incident.acknowledged",
      ]);
      expect(new Set(receiver.received.slice(0, 3).map((one) => one.webhookId)).size).toBe(1);
    },
  );

  test("an answer that gets lost brings the same event again", async () => {
    bench.world.faults.plan({ vendor: "pagerduty", operation: "webhook", effect: { kind: "drop-after" }, times: 1 });
    await enqueue(triggerEvent("k"));
    await eventually("a delivery", () => count("pagerduty.webhook-delivered") === 1);
    expect(receiver.received[0]).toEqual(receiver.received[1]);
  });

  test("a 4xx is dropped for good; three in a row disable the subscription until it is enabled again", async () => {
    receiver.answers.push(401, 401, 401);
    for (const key of ["a", "b", "c", "d"]) await enqueue(triggerEvent(key));
    await eventually("disabled", () => count("pagerduty.webhook-disabled") === 1);
    const seen = receiver.received.length;
    const read = async () => (await bench.call("GET", "/webhook_subscriptions/PWHK1")).body;
    expect(await read()).toMatchObject({
      webhook_subscription: { delivery_method: { temporarily_disabled: true, secret: null } },
    });
    await enqueue(triggerEvent("e"));
    await bench.call("POST", "/webhook_subscriptions/PWHK1/enable");
    await bench.call("POST", "/webhook_subscriptions/PWHK1/ping");
    await eventually("the ping", () => receiver.received.length > seen);
    expect(types().slice(seen)).toEqual(["pagey.ping"]);
    expect(await read()).toMatchObject({ webhook_subscription: { delivery_method: { temporarily_disabled: false } } });
  });

  test("a disabled subscription wakes by itself after a day of world time", async () => {
    receiver.answers.push(410, 410, 410);
    for (const key of ["a", "b", "c"]) await enqueue(triggerEvent(key));
    await eventually("disabled", () => count("pagerduty.webhook-disabled") === 1);
    bench.world.clock.jump(24 * 3_600_000 + 1);
    const seen = receiver.received.length;
    await enqueue(triggerEvent("d"));
    await eventually("a delivery", () => receiver.received.length > seen);
  });

  test("a replay sends yesterday's events with yesterday's ids", async () => {
    await enqueue(triggerEvent("k"));
    await eventually("a delivery", () => count("pagerduty.webhook-delivered") === 1);
    await bench.control("POST", "/pagerduty/webhooks/replay", { id: "PWHK1" });
    await eventually("the replay", () => receiver.received.length === 2);
    expect(receiver.received[1]).toEqual(receiver.received[0]);
  });
});

test("notes, responders and escalations have events of their own", async () => {
  await enqueue(triggerEvent("k"));
  const incident = String(bench.world.log.read(0, "pagerduty.incident-created")[0]?.facts["incident"]);
  await bench.call("POST", `/incidents/${incident}/notes`, { body: { note: { content: "hello" } } });
  await bench.call("POST", `/incidents/${incident}/responder_requests`, {
    body: {
      requester_id: "PUBOT",
      message: "help",
      responder_request_targets: [{ responder_request_target: { id: "PUBEN", type: "user_reference" } }],
    },
  });
  await bench.control("POST", "/pagerduty/respond", { userId: "PUBEN", incidentKey: "k", answer: "declined" });
  bench.world.clock.jump(5 * 60_000);
  await eventually("five deliveries", () => count("pagerduty.webhook-delivered") === 5);
  expect(types()).toEqual([
    "incident.triggered",
    "incident.annotated",
    "incident.responder.added",
    "incident.responder.replied",
    "incident.escalated",
  ]);
});
