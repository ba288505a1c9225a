import { inspect } from "node:util";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { Secret } from "../../../src/domain/secret.ts";
import { createPagerDuty, type PagerDutyOptions } from "../../../src/integrations/pagers/pagerduty/pager.ts";
import { isSignedByPagerDuty } from "../../../src/integrations/pagers/pagerduty/webhook-signature.ts";
import type { KeepingPager, PageRequest } from "../../../src/ports/pager.ts";
import type { PagerDutySpec } from "../../../src/simulators/pagerduty/spec.ts";
import type { FaultInput } from "../../../src/simulators/world/faults.ts";
import { sharedBudget } from "../../../src/store/budget.ts";
import { eventually } from "../../harness/eventually.ts";
import { StoreBench } from "../../harness/store.ts";
import {
  ACCOUNT,
  type Bench,
  BOT,
  openBench,
  openReceiver,
  ROUTING_KEY,
  TOKEN,
} from "../../simulators/pagerduty/account.ts";

let bench: Bench;
let paging: KeepingPager;

const PAGE: PageRequest = {
  dedupKey: "dr:prod:i1:1",
  summary: "sev1 inventory: us-east-1 does not answer",
  source: "twokey",
  severity: "critical",
  details: { incident: "i1" },
  links: [{ href: "https://twokey.example.com/i1", text: "Incident" }],
  state: "Nobody has acknowledged yet",
  atMs: Date.parse("2026-11-21T03:00:00Z"),
  urgent: true,
};
const ABOUT = { details: PAGE.details, links: PAGE.links, state: PAGE.state, atMs: PAGE.atMs };
const ACCEPTED = { kind: "accepted", value: undefined };

async function open(spec: Partial<PagerDutySpec> = {}, options: Partial<PagerDutyOptions> = {}): Promise<void> {
  bench = await openBench(spec);
  paging = pagingOf(options);
}

const pagingOf = (options: Partial<PagerDutyOptions>) =>
  createPagerDuty({
    region: "us",
    address: `127.0.0.1:${bench.simulator.port}`,
    apiToken: new Secret(TOKEN),
    routingKey: new Secret(ROUTING_KEY),
    from: BOT,
    ...options,
  });

beforeEach(() => open());
afterEach(async () => {
  paging.close();
  await bench.stop();
});

const facts = (kind: string) => bench.world.log.read(0, kind).map((entry) => entry.facts);
const calls = () => facts("pagerduty.call").map((call) => call["operation"]);
const plan = (operation: string, effect: FaultInput["effect"], times?: number) =>
  bench.world.faults.plan({ vendor: "pagerduty", operation, effect, ...(times === undefined ? {} : { times }) });
const setMode = (mode: string) => bench.control("POST", "/pagerduty/mode", { mode });

describe("a page", () => {
  test("repeated is still one incident, one ring each", async () => {
    expect(await paging.trigger(PAGE)).toEqual(ACCEPTED);
    expect(await paging.trigger(PAGE)).toEqual(ACCEPTED);
    expect(facts("pagerduty.incident-created")).toHaveLength(1);
    expect(facts("pagerduty.notified")).toHaveLength(2);
  });

  test("with too long a summary is cut, not refused", async () => {
    expect(await paging.trigger({ ...PAGE, summary: "x".repeat(2_000) })).toEqual(ACCEPTED);
  });

  test("is acknowledged and resolved in somebody's name, which is written down once", async () => {
    await paging.trigger(PAGE);
    expect(await paging.acknowledge(PAGE.dedupKey, "Ana")).toEqual(ACCEPTED);
    expect(await paging.acknowledge(PAGE.dedupKey, "Ana")).toEqual(ACCEPTED);
    expect(await paging.resolve(PAGE.dedupKey, "Ben")).toEqual(ACCEPTED);
    expect(facts("pagerduty.acknowledged")).toMatchObject([{ via: "events" }]);
    expect(facts("pagerduty.resolved")).toMatchObject([{ via: "events" }]);
    expect(await bench.control("GET", "/pagerduty/incidents")).toMatchObject([
      { status: "resolved", notes: [{ content: "Acknowledged by Ana" }, { content: "Resolved by Ben" }] },
    ]);
  });

  test("is acknowledged even where the REST API does not work", async () => {
    await paging.trigger(PAGE);
    plan("incidents.list", { kind: "error", status: 500, code: "2000" });
    expect(await paging.acknowledge(PAGE.dedupKey, "Ana")).toEqual(ACCEPTED);
  });
});

describe("reading", () => {
  test("a page that PagerDuty does not have is undefined", async () => {
    expect(await paging.evidence("dr:prod:none:1")).toEqual(ACCEPTED);
  });

  test("tells who was notified and which person acknowledged", async () => {
    await paging.trigger(PAGE);
    const atMs = expect.any(Number);
    const notifications = [
      { user: "PUANA", channel: "push", atMs },
      { user: "PUANA", channel: "phone", atMs },
    ];
    expect(await paging.evidence(PAGE.dedupKey)).toMatchObject({
      kind: "accepted",
      value: { status: "triggered", acknowledgedBy: [], notifications },
    });
    await bench.control("POST", "/pagerduty/acknowledge", { userId: "PUANA", incidentKey: PAGE.dedupKey });
    expect(await paging.evidence(PAGE.dedupKey)).toMatchObject({
      kind: "accepted",
      value: { status: "acknowledged", acknowledgedBy: [{ pagerUserId: "PUANA", name: "Ana", atMs }], notifications },
    });
    await paging.resolve(PAGE.dedupKey, "Ana");
    expect(await paging.evidence(PAGE.dedupKey)).toMatchObject({
      value: { status: "resolved", acknowledgedBy: [{ pagerUserId: "PUANA" }] },
    });
  });

  test("tells when an acknowledgement timed out, which leaves the incident triggered", async () => {
    paging.close();
    await bench.stop();
    await open({ services: ACCOUNT.services.map((each) => ({ ...each, acknowledgementTimeoutSeconds: 1_800 })) });
    await paging.trigger(PAGE);
    await bench.control("POST", "/pagerduty/acknowledge", { userId: "PUANA", incidentKey: PAGE.dedupKey });
    const acknowledged = await paging.evidence(PAGE.dedupKey);
    expect(acknowledged).toMatchObject({ value: { status: "acknowledged" } });
    expect(acknowledged).not.toHaveProperty("value.lapsedAtMs", expect.any(Number));
    bench.world.clock.jump(1_800_000);
    const lapsed = await paging.evidence(PAGE.dedupKey);
    expect(lapsed).toMatchObject({ value: { status: "triggered", acknowledgedBy: [{ pagerUserId: "PUANA" }] } });
    expect(lapsed).toHaveProperty("value.lapsedAtMs", expect.any(Number));
  });

  test("our own acknowledgement is a state, not a person", async () => {
    await paging.trigger(PAGE);
    await paging.acknowledge(PAGE.dedupKey, "Ana");
    expect(await paging.evidence(PAGE.dedupKey)).toMatchObject({
      value: { status: "acknowledged", acknowledgedBy: [] },
    });
  });

  test("an accepted page that reached nobody shows no evidence", async () => {
    await setMode("accept-and-silence");
    expect(await paging.trigger(PAGE)).toEqual(ACCEPTED);
    expect(await paging.evidence(PAGE.dedupKey)).toEqual(ACCEPTED);
  });
});

describe("responders", () => {
  const ask = {
    ...ABOUT,
    dedupKey: PAGE.dedupKey,
    pageKey: "i1:1:2:ben",
    message: "Level 2",
    besidesTrigger: false,
    urgent: true,
  };
  const request = { ...ask, users: ["PUBEN"], policies: ["PEPDR001"] };

  test("cannot be asked before PagerDuty has the incident", async () => {
    expect(await paging.call(request)).toMatchObject({ kind: "retry", afterMs: 1_000 });
  });

  test("guard asked in the new incident: what was asked for in one that is resolved counts as not asked for", async () => {
    paging.close();
    await bench.stop();
    await open({ processingMs: 400 });
    const made = (times: number) =>
      eventually("the incident is there", () => facts("pagerduty.incident-created").length === times);
    await paging.trigger(PAGE);
    await made(1);
    expect(await paging.call(request)).toMatchObject({ kind: "accepted" });
    await paging.resolve(PAGE.dedupKey, "TwoKey");
    await eventually("it is resolved", () => facts("pagerduty.resolved").length > 0);

    await paging.trigger(PAGE);
    expect(await paging.call(request)).toMatchObject({ kind: "retry", afterMs: 1_000 });
    await made(2);
    expect(await paging.call(request)).toMatchObject({ kind: "accepted" });
    expect(facts("pagerduty.responders-requested")).toHaveLength(2);
  });

  test("are asked once per page key, even when the first answer was lost", async () => {
    await paging.trigger(PAGE);
    plan("responder-requests.create", { kind: "drop-after" }, 1);
    expect(await paging.call(request)).toMatchObject({ kind: "unknown" });
    expect(await paging.call(request)).toEqual({ kind: "accepted", value: { covered: [] } });
    expect(facts("pagerduty.responders-requested")).toEqual([
      expect.objectContaining({ targets: ["PUBEN", "PEPDR001"], message: "Level 2 [i1:1:2:ben]" }),
    ]);
    expect(await paging.call({ ...request, pageKey: "i1:1:2:be" })).toMatchObject({ kind: "accepted" });
    expect(facts("pagerduty.responders-requested")).toHaveLength(2);
  });

  test("whom the trigger has rung by the service's own policy are not rung again beside it", async () => {
    await paging.trigger(PAGE);
    const beside = { ...request, users: ["PUANA", "PUBEN"], policies: ["PEPOPS01", "PEPDR001"], besidesTrigger: true };
    expect(await paging.call(beside)).toEqual({ kind: "accepted", value: { covered: ["PUANA", "PEPOPS01"] } });
    expect(facts("pagerduty.responders-requested")).toEqual([
      expect.objectContaining({ targets: ["PUBEN", "PEPDR001"] }),
    ]);
    const rings = facts("pagerduty.notified").filter(({ user, channel }) => user === "PUANA" && channel === "phone");
    expect(rings).toHaveLength(1);
    const later = { ...beside, pageKey: "i1:1:all", besidesTrigger: false };
    expect(await paging.call(later)).toEqual({ kind: "accepted", value: { covered: [] } });
  });

  test("nobody is asked where the trigger has rung everybody", async () => {
    await paging.trigger(PAGE);
    const beside = { ...request, users: ["PUANA"], policies: ["PEPOPS01"], besidesTrigger: true };
    expect(await paging.call(beside)).toEqual({ kind: "accepted", value: { covered: ["PUANA", "PEPOPS01"] } });
    expect(calls()).not.toContain("responder-requests.create");
  });

  test("are rung all the same where the service pages with low urgency only", async () => {
    paging.close();
    await bench.stop();
    await open({ services: ACCOUNT.services.map((service) => ({ ...service, urgency: "low" as const })) });
    await paging.trigger(PAGE);
    const beside = { ...request, users: ["PUANA"], policies: ["PEPOPS01"], besidesTrigger: true };
    expect(await paging.call(beside)).toEqual({ kind: "accepted", value: { covered: [] } });
    expect(facts("pagerduty.responders-requested")).toHaveLength(1);
  });

  test("who do not exist are refused with PagerDuty's code", async () => {
    await paging.trigger(PAGE);
    const answer = await paging.call({ ...request, users: ["PNONE"] });
    expect(answer).toMatchObject({ kind: "rejected", code: "pagerduty-2013" });
  });
});

describe("who is on call", () => {
  const shifts = Array.from({ length: 130 }, (_, index) => ({ user: index % 2 === 0 ? "PUANA" : "PUBEN" }));

  test("is told by policy and level, with names and ends", async () => {
    const end = "2026-11-21T08:00:00Z";
    await bench.control("POST", "/pagerduty/schedule", { scheduleId: "PSCHED1", shifts: [{ user: "PUANA", end }] });
    const operations = { policy: "PEPOPS01", policyName: "Operations" };
    expect(await paging.whoIsOnCall(["PEPOPS01"])).toEqual({
      kind: "accepted",
      value: [
        { ...operations, level: 1, pagerUserId: "PUANA", name: "Ana", untilMs: Date.parse(end) },
        { ...operations, level: 2, pagerUserId: "PUBEN", name: "Ben", untilMs: undefined },
      ],
    });
  });

  test("is complete over several pages", async () => {
    await bench.control("POST", "/pagerduty/schedule", { scheduleId: "PSCHED1", shifts });
    const answer = await paging.whoIsOnCall(["PEPOPS01"]);
    expect(answer.kind === "accepted" && answer.value).toHaveLength(131);
    expect(calls()).toEqual(["oncalls.list", "oncalls.list"]);
  });

  test.each([500, 404])("is not told in part when a later page fails with %i", async (status) => {
    await bench.control("POST", "/pagerduty/schedule", { scheduleId: "PSCHED1", shifts });
    bench.world.log.follow(({ kind }) => {
      if (kind === "pagerduty.call") plan("oncalls.list", { kind: "error", status, code: "2000" }, 1);
    });
    const answer = await paging.whoIsOnCall(["PEPOPS01"]);
    expect(answer).toMatchObject({ kind: status === 500 ? "retry" : "rejected" });
    if (status === 500) expect(answer).toMatchObject({ why: "PagerDuty answered 500" });
  });

  test("of no policy is nobody, without a call", async () => {
    expect(await paging.whoIsOnCall([])).toEqual({ kind: "accepted", value: [] });
    expect(calls()).toEqual([]);
  });
});

describe("when PagerDuty fails", () => {
  test("a lost answer is unknown, and the same page again changes nothing", async () => {
    plan("enqueue", { kind: "drop-after" }, 1);
    expect(await paging.trigger(PAGE)).toMatchObject({ kind: "unknown" });
    expect(await paging.trigger(PAGE)).toEqual(ACCEPTED);
    expect(facts("pagerduty.incident-created")).toHaveLength(1);
  });

  test.each(["hang", "hang-after"] as const)(
    "%s ends by itself: a page is unknown, a read may be repeated",
    async (kind) => {
      paging.close();
      paging = pagingOf({ answerWithinMs: 200 });
      plan("*", { kind });
      const startedMs = Date.now();
      expect(await paging.trigger(PAGE)).toMatchObject({ kind: "unknown", why: "no answer from PagerDuty in time" });
      expect(await paging.evidence(PAGE.dedupKey)).toMatchObject({ kind: "retry" });
      expect(Date.now() - startedMs).toBeLessThan(20_000);
    },
  );

  test.each(["reject", "html-502"])("%s leaves a page unknown and a read to be repeated", async (mode) => {
    await setMode(mode);
    expect(await paging.trigger(PAGE)).toMatchObject({ kind: "unknown" });
    expect(await paging.evidence(PAGE.dedupKey)).toMatchObject({ kind: "retry" });
  });

  test("a 429 is retried when its headers say so", async () => {
    plan("*", { kind: "error", status: 429, code: "2020", retryAfterSeconds: 7 });
    const startedMs = Date.now();
    expect(await paging.trigger(PAGE)).toMatchObject({ kind: "retry", afterMs: 7_000 });
    expect(await paging.whoIsOnCall(["PEPOPS01"])).toMatchObject({ kind: "retry", afterMs: 7_000 });
    // pdjs by itself sleeps for a minute here.
    expect(Date.now() - startedMs).toBeLessThan(30_000);
  });

  test("a REST 429 with neither headers nor body is retried after half a minute", async () => {
    await setMode("429-without-headers");
    expect(await paging.whoIsOnCall(["PEPOPS01"])).toMatchObject({ kind: "retry", afterMs: 30_000 });
  });

  test("where nobody listens, nothing was sent: again soon", async () => {
    await bench.simulator.stop();
    expect(await paging.trigger(PAGE)).toMatchObject({ kind: "retry" });
  });

  test("wrong credentials are a refusal", async () => {
    const wrong = pagingOf({ apiToken: new Secret("wrong"), routingKey: new Secret("f".repeat(32)) });
    const answers = [await wrong.trigger(PAGE), await wrong.evidence(PAGE.dedupKey)];
    wrong.close();
    expect(answers).toEqual([
      { kind: "rejected", code: "http-400", why: expect.stringContaining("Invalid routing key") },
      { kind: "rejected", code: "pagerduty-2006", why: expect.stringContaining("401") },
    ]);
  });

  test("no answer holds the token or the routing key", async () => {
    const answers: unknown[] = [];
    for (const effect of [
      { kind: "drop-before" },
      { kind: "error", status: 400, code: "2001" },
      { kind: "error", status: 503, code: "2000" },
    ] as const) {
      plan("*", effect, 2);
      answers.push(await paging.trigger(PAGE), await paging.evidence(PAGE.dedupKey));
    }
    expect(answers).toHaveLength(6);
    const text = inspect(answers, { depth: 10 });
    expect(text).not.toContain(TOKEN);
    expect(text).not.toContain(ROUTING_KEY);
  });
});

describe("our own budget", () => {
  test("a storm stays below PagerDuty's limit, and the last fifth is kept for sev1", async () => {
    const ordinary = { ...PAGE, severity: "info" as const, urgent: false };
    const answers = [];
    for (let count = 0; count < 100; count += 1) answers.push(await paging.trigger(ordinary));
    expect(answers.filter(({ kind }) => kind === "accepted")).toHaveLength(72);
    expect(answers.at(-1)).toMatchObject({ kind: "retry", afterMs: expect.any(Number) });
    expect(await paging.trigger(PAGE)).toEqual(ACCEPTED);
    expect(facts("pagerduty.throttled")).toHaveLength(0);
  });

  test("two processes share it, and one whose store is away keeps to it alone", async () => {
    const store = await StoreBench.start();
    const other = pagingOf({ budget: sharedBudget(await store.connect()) });
    const third = pagingOf({ budget: { take: () => Promise.reject(new Error("the store is away")) } });
    paging.close();
    paging = pagingOf({ budget: sharedBudget(await store.connect()) });
    const ordinary = { ...PAGE, severity: "info" as const, urgent: false };
    const kinds: string[] = [];
    for (let count = 0; count < 40; count += 1)
      for (const each of [paging, other]) kinds.push((await each.trigger(ordinary)).kind);
    expect([kinds.slice(0, 72), kinds.slice(72)].map((part) => [...new Set(part)])).toEqual([["accepted"], ["retry"]]);
    expect(await other.trigger(PAGE)).toEqual(ACCEPTED);
    expect(await third.trigger(ordinary)).toEqual(ACCEPTED);
    for (const each of [other, third]) each.close();
    store.close();
  });

  test("REST calls go one after another", async () => {
    paging.close();
    await bench.stop();
    await open({ latencyMs: 100 });
    const startedMs = Date.now();
    await Promise.all([1, 2, 3, 4].map(() => paging.whoIsOnCall(["PEPOPS01"])));
    expect(Date.now() - startedMs).toBeGreaterThanOrEqual(390);
  });

  test("urgent ones do not queue: one is answered while another call hangs", async () => {
    let isOver = false;
    plan("oncalls.list", { kind: "hang-after" }, 1);
    const read = paging.whoIsOnCall(["PEPOPS01"]).finally(() => {
      isOver = true;
    });
    await eventually("it hangs", () => calls().includes("oncalls.list"));
    const ask = { ...ABOUT, dedupKey: "none", pageKey: "k", message: "m", users: ["PUBEN"], policies: [] };
    expect(await paging.call({ ...ask, besidesTrigger: false, urgent: true })).toMatchObject({ kind: "retry" });
    expect(isOver).toBe(false);
    paging.close();
    await read;
  });
});

test("calls are diverted to this machine only", () => {
  expect(() => pagingOf({ address: "pagerduty.example.com:80" })).toThrow(/127\.0\.0\.1/);
  expect(() => pagingOf({ address: "127.0.0.1" })).toThrow(/127\.0\.0\.1/);
});

test("webhooks of the account carry a signature that verifies over their raw body, during a rotation too", async () => {
  const receiver = await openReceiver();
  paging.close();
  await bench.stop();
  await open({ webhookSubscriptions: [{ id: "PWHK1", url: receiver.url, secrets: ["new", "old"] }] });
  await paging.trigger(PAGE);
  const delivery = await eventually("a delivery", () => receiver.received[0]);
  await receiver.stop();
  const verify = (...secrets: string[]) =>
    isSignedByPagerDuty(
      Buffer.from(delivery.body),
      delivery.signatures.join(","),
      secrets.map((secret) => new Secret(secret)),
    );
  expect([verify("old"), verify("new"), verify("gone", "new"), verify("gone")]).toEqual([true, true, true, false]);
});
