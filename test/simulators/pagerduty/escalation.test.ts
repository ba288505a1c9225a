import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { ACCOUNT, type Bench, followUp, MINUTE_MS, openBench, triggerEvent } from "./account.ts";

let bench: Bench;
afterEach(() => bench.stop());

const rang = () => bench.world.log.read(0, "pagerduty.notified").map(({ facts }) => facts["user"]);
const enqueue = (event: unknown) => bench.call("POST", "/v2/enqueue", { body: event });

describe("the escalation path in world time", () => {
  beforeEach(async () => {
    bench = await openBench();
  });

  test("level 1 rings at once, level 2 after the delay, and the path repeats as often as it says", async () => {
    await enqueue(triggerEvent("k"));
    expect(rang()).toEqual(["PUANA", "PUANA"]);
    bench.world.clock.jump(5 * MINUTE_MS - 10_000);
    expect(rang()).toHaveLength(2);
    bench.world.clock.jump(10_000);
    expect(rang()).toEqual(["PUANA", "PUANA", "PUBEN", "PUBEN"]);
    bench.world.clock.jump(10 * MINUTE_MS);
    expect(rang().slice(4)).toEqual(["PUANA", "PUANA"]);
    bench.world.clock.jump(60 * MINUTE_MS);
    expect(rang().slice(6)).toEqual(["PUBEN", "PUBEN"]);
    expect(bench.kinds("pagerduty.path-exhausted")).toHaveLength(1);
  });

  test("one long jump fires each step in its turn", async () => {
    await enqueue(triggerEvent("k"));
    bench.world.clock.jump(120 * MINUTE_MS);
    expect(bench.world.log.read(0, "pagerduty.escalated").map(({ facts }) => [facts["level"], facts["loop"]])).toEqual([
      [2, 0],
      [1, 1],
      [2, 1],
    ]);
  });

  test("an acknowledgement that times out triggers the incident again, and rings its level", async () => {
    await bench.stop();
    const services = ACCOUNT.services.map((each) => ({ ...each, acknowledgementTimeoutSeconds: 1_800 }));
    bench = await openBench({ services });
    await enqueue(triggerEvent("k"));
    await enqueue(followUp("acknowledge", "k"));
    const before = rang().length;
    bench.world.clock.jump(30 * MINUTE_MS - 1_000);
    expect(rang()).toHaveLength(before);
    bench.world.clock.jump(1_000);

    expect(rang()).toHaveLength(before + 2);
    const { body } = await bench.call("GET", "/incidents?incident_key=k");
    expect(body).toMatchObject({ incidents: [{ status: "triggered" }] });
    const [{ id = "" } = {}] = Object(body).incidents;
    const { body: told } = await bench.call("GET", `/incidents/${id}/log_entries`);
    expect(Object(told).log_entries).toContainEqual(
      expect.objectContaining({ type: "unacknowledge_log_entry", channel: { type: "timeout" } }),
    );
    expect(Object(told).log_entries).toContainEqual(
      expect.objectContaining({
        type: "acknowledge_log_entry",
        agent: expect.objectContaining({ type: "integration_reference" }),
      }),
    );
  });

  test.each(["acknowledge", "resolve"] as const)("%s stops it", async (action) => {
    await enqueue(triggerEvent("k"));
    await enqueue(followUp(action, "k"));
    const before = rang().length;
    bench.world.clock.jump(120 * MINUTE_MS);
    expect(rang()).toHaveLength(before);
    expect(bench.kinds("pagerduty.escalated")).toEqual([]);
  });

  test("a person's acknowledgement names the person and the phone", async () => {
    await enqueue(triggerEvent("k"));
    await bench.control("POST", "/pagerduty/acknowledge", { userId: "PUANA", incidentKey: "k" });
    expect(bench.world.log.read(0, "pagerduty.acknowledged")[0]?.facts).toMatchObject({ by: "PUANA", via: "phone" });
  });

  test("a level with nobody on call is passed over", async () => {
    await bench.control("POST", "/pagerduty/schedule", { scheduleId: "PSCHED1", shifts: [] });
    await enqueue(triggerEvent("k"));
    expect(new Set(rang())).toEqual(new Set(["PUBEN"]));
  });

  test("a shift counts only while it lasts", async () => {
    const shifts = [
      { user: "PUANA", end: "2026-11-21T04:00:00Z" },
      { user: "PUCEO", start: "2026-11-21T04:00:00Z" },
    ];
    await bench.control("POST", "/pagerduty/schedule", { scheduleId: "PSCHED1", shifts });
    bench.world.clock.jump(61 * MINUTE_MS);
    await enqueue(triggerEvent("k"));
    expect(new Set(rang())).toEqual(new Set(["PUCEO"]));
  });

  test("a low-urgency incident is told by mail and does not escalate", async () => {
    await enqueue({ ...triggerEvent("k", "warning"), routing_key: "0".repeat(32) });
    bench.world.clock.jump(120 * MINUTE_MS);
    expect(bench.world.log.read(0, "pagerduty.notified").map(({ facts }) => facts["channel"])).toEqual(["email"]);
  });
});

describe("scripted people", () => {
  test("somebody who answers after two minutes keeps the second level asleep", async () => {
    bench = await openBench({ people: [{ user: "PUANA", acknowledgesAfterSeconds: 120 }] });
    await enqueue(triggerEvent("k"));
    bench.world.clock.jump(119_000);
    expect(bench.kinds("pagerduty.acknowledged")).toHaveLength(0);
    bench.world.clock.jump(60 * MINUTE_MS);
    expect(bench.kinds("pagerduty.acknowledged")).toHaveLength(1);
    expect(rang()).not.toContain("PUBEN");
  });

  test("somebody who answers too late is not the one who acknowledged", async () => {
    const people = [
      { user: "PUANA", acknowledgesAfterSeconds: 600 },
      { user: "PUBEN", acknowledgesAfterSeconds: 10 },
    ];
    bench = await openBench({ people });
    await enqueue(triggerEvent("k"));
    bench.world.clock.jump(20 * MINUTE_MS);
    expect(bench.world.log.read(0, "pagerduty.acknowledged").map(({ facts }) => facts["by"])).toEqual(["PUBEN"]);
  });
});

test("later personal rules wait their minutes and die with the acknowledgement", async () => {
  const [ana, ...others] = ACCOUNT.users;
  if (!ana) throw new Error("the account has users");
  const rules = [{ channel: "push" as const }, { channel: "phone" as const, afterMinutes: 2 }];
  bench = await openBench({ users: [{ ...ana, rules }, ...others] });
  await enqueue(triggerEvent("a"));
  await enqueue(triggerEvent("b"));
  await enqueue(followUp("acknowledge", "a"));
  bench.world.clock.jump(3 * MINUTE_MS);
  const channels = (key: string) =>
    bench.world.log
      .read(0, "pagerduty.notified")
      .filter(({ facts }) => facts["incidentKey"] === key)
      .map(({ facts }) => facts["channel"]);
  expect(channels("a")).toEqual(["push"]);
  expect(channels("b")).toEqual(["push", "phone"]);
});
