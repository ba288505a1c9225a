import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { api } from "@pagerduty/pdjs";
import { z } from "zod";
import { type Bench, BOT, divertedAgent, followUp, MINUTE_MS, openBench, TOKEN, triggerEvent } from "./account.ts";

let bench: Bench;
beforeEach(async () => {
  bench = await openBench();
});
afterEach(() => bench.stop());

const Found = z.object({ incidents: z.array(z.object({ id: z.string(), status: z.string() })) });

async function incidentId(key: string): Promise<string> {
  await bench.call("POST", "/v2/enqueue", { body: triggerEvent(key) });
  const { body } = await bench.call("GET", `/incidents?incident_key=${key}`);
  const id = Found.parse(body).incidents[0]?.id;
  if (id === undefined) throw new Error(`no incident ${key}`);
  return id;
}

const newIncident = (more: Record<string, unknown> = {}) => ({
  incident: { type: "incident", title: "By hand", service: { id: "PSVC1", type: "service_reference" }, ...more },
});
const put = (id: string, change: Record<string, unknown>) =>
  bench.call("PUT", `/incidents/${id}`, { body: { incident: { type: "incident", ...change } } });
const errorOf = (body: unknown) => z.object({ error: z.object({ code: z.number() }) }).parse(body).error.code;
const assignTo = (id: string) => [{ assignee: { id, type: "user_reference" } }];

test("pdjs reads on-call people and pages through them by the URL's own resource name", async () => {
  const agent = divertedAgent(bench.simulator.port);
  const client = api({ token: TOKEN, ...{ agent, requestTimeout: 0 } });
  const answer = await client.all("/oncalls", { queryParameters: { limit: "1", offset: "0" } });
  expect(answer.resource.map((row: { user: { id: string } }) => row.user.id)).toEqual(["PUANA", "PUBEN", "PUCEO"]);
  const one = await client.get("/oncalls", { queryParameters: { "escalation_policy_ids[]": ["PEPDR001"] } });
  expect(one.data).toMatchObject({ more: false, oncalls: [{ escalation_level: 1, start: null, end: null }] });
});

describe("authentication", () => {
  test("a wrong token is 401 with code 2006", async () => {
    const answer = await bench.call("GET", "/abilities", { headers: { authorization: "Token token=wrong" } });
    expect([answer.status, errorOf(answer.body)]).toEqual([401, 2006]);
  });

  test("writing needs a From that is a user of the account", async () => {
    const nobody = await bench.call("POST", "/incidents", {
      body: newIncident(),
      headers: { from: "nobody@example.com" },
    });
    expect([nobody.status, errorOf(nobody.body)]).toEqual([400, 1008]);
    expect((await bench.call("POST", "/incidents", { body: newIncident(), headers: { from: "" } })).status).toBe(400);
  });
});

describe("creating incidents", () => {
  test("a second create with an open key is 400, and a new incident once it is resolved", async () => {
    const body = newIncident({ incident_key: "mine", body: { type: "incident_body", details: "text" } });
    const first = await bench.call("POST", "/incidents", { body });
    expect(first.status).toBe(201);
    const second = await bench.call("POST", "/incidents", { body });
    expect(second.body).toEqual({
      error: {
        message: "Arguments Caused Error",
        code: 2002,
        errors: ["Open incident with matching dedup key already exists on this service"],
      },
    });
    await bench.control("POST", "/pagerduty/resolve", { incidentKey: "mine" });
    expect((await bench.call("POST", "/incidents", { body })).status).toBe(201);
  });

  test("an incident assigned to its own maker is born acknowledged and pages nobody", async () => {
    const answer = await bench.call("POST", "/incidents", { body: newIncident({ assignments: assignTo("PUBOT") }) });
    expect(answer.body).toMatchObject({ incident: { status: "acknowledged" } });
    bench.world.clock.jump(60 * MINUTE_MS);
    expect(bench.kinds("pagerduty.notified")).toHaveLength(0);
  });

  const refused: { what: string; more: Record<string, unknown>; status: number; code: number }[] = [
    {
      what: "details that are an object",
      more: { body: { type: "incident_body", details: { a: 1 } } },
      status: 400,
      code: 2001,
    },
    { what: "a misspelt field", more: { incidentKey: "k" }, status: 400, code: 2001 },
    {
      what: "an unknown service",
      more: { service: { id: "PNONE", type: "service_reference" } },
      status: 404,
      code: 5002,
    },
    { what: "an unknown assignee", more: { assignments: assignTo("PNONE") }, status: 400, code: 1007 },
    {
      what: "an unknown policy",
      more: { escalation_policy: { id: "PNONE", type: "escalation_policy_reference" } },
      status: 400,
      code: 1014,
    },
  ];
  test.each(refused)("$what is refused", async ({ more, status, code }) => {
    const answer = await bench.call("POST", "/incidents", { body: newIncident(more) });
    expect([answer.status, errorOf(answer.body)]).toEqual([status, code]);
  });

  test("a policy with nobody on call at any level is 1015, but opens by event and tells nobody", async () => {
    const rules = [{ delayMinutes: 5, targets: [{ schedule: "PSCHED1" }] }];
    const empty = await openBench({ escalationPolicies: [{ id: "PEPOPS01", name: "Operations", rules }] });
    await empty.control("POST", "/pagerduty/schedule", { scheduleId: "PSCHED1", shifts: [] });
    const created = await empty.call("POST", "/incidents", { body: newIncident() });
    await empty.call("POST", "/v2/enqueue", { body: triggerEvent("k") });
    await empty.stop();
    expect(errorOf(created.body)).toBe(1015);
    expect(empty.kinds("pagerduty.incident-created")).toHaveLength(1);
    expect(empty.kinds("pagerduty.notified")).toHaveLength(0);
  });
});

describe("changing incidents", () => {
  test("each state refuses what it cannot do, with PagerDuty's code", async () => {
    const id = await incidentId("k");
    expect(errorOf((await put(id, { status: "acknowledge" })).body)).toBe(1003);
    expect(errorOf((await put(id, { status: "triggered" })).body)).toBe(1012);
    expect((await put(id, { status: "acknowledged" })).status).toBe(200);
    expect(errorOf((await put(id, { status: "acknowledged" })).body)).toBe(1002);
    expect((await put(id, { status: "resolved" })).status).toBe(200);
    expect(errorOf((await put(id, { status: "acknowledged" })).body)).toBe(1001);
    expect(errorOf((await put("QNONE", { status: "resolved" })).body)).toBe(2100);
  });

  test("escalating an acknowledged incident rings the next level", async () => {
    const id = await incidentId("k");
    await put(id, { status: "acknowledged" });
    expect(errorOf((await put(id, { escalation_level: 3 })).body)).toBe(1006);
    const answer = await put(id, { escalation_level: 2 });
    expect(answer.body).toMatchObject({
      incident: { status: "triggered", assignments: [{ assignee: { id: "PUBEN" } }] },
    });
    expect(bench.world.log.read(0, "pagerduty.notified").at(-1)?.facts).toMatchObject({ user: "PUBEN" });
  });

  test("an un-acknowledged incident rings again", async () => {
    const id = await incidentId("k");
    await put(id, { status: "acknowledged" });
    const before = bench.kinds("pagerduty.notified").length;
    await put(id, { status: "triggered" });
    expect(bench.kinds("pagerduty.notified").length).toBeGreaterThan(before);
  });

  test("reassigning and delegating notify the new people", async () => {
    const id = await incidentId("k");
    await put(id, { assignments: assignTo("PUCEO") });
    await put(id, { escalation_policy: { id: "PEPDR001", type: "escalation_policy_reference" } });
    const users = bench.world.log.read(0, "pagerduty.notified").map(({ facts }) => [facts["user"], facts["reason"]]);
    expect(users.slice(2)).toEqual([
      ["PUCEO", "reassignment"],
      ["PUCEO", "reassignment"],
      ["PUCEO", "escalation"],
      ["PUCEO", "escalation"],
    ]);
  });

  test("several are changed in one call", async () => {
    const ids = [await incidentId("a"), await incidentId("b")];
    const incidents = ids.map((id) => ({ id, type: "incident_reference", status: "resolved" }));
    expect((await bench.call("PUT", "/incidents", { body: { incidents } })).status).toBe(200);
    expect(bench.kinds("pagerduty.resolved")).toHaveLength(2);
    const tooMany = Array.from({ length: 251 }, () => incidents[0]);
    expect((await bench.call("PUT", "/incidents", { body: { incidents: tooMany } })).status).toBe(413);
  });
});

describe("evidence", () => {
  test("log entries tell who was notified and who acknowledged, newest first", async () => {
    const id = await incidentId("k");
    await bench.control("POST", "/pagerduty/acknowledge", { userId: "PUANA", incidentKey: "k" });
    const { body } = await bench.call("GET", `/incidents/${id}/log_entries?limit=100`);
    expect(body).toMatchObject({
      more: false,
      log_entries: [
        { type: "acknowledge_log_entry", agent: { id: "PUANA", type: "user_reference" } },
        { type: "notify_log_entry", user: { id: "PUANA" }, channel: { notification: { type: "phone" } } },
        { type: "notify_log_entry", user: { id: "PUANA" }, channel: { notification: { type: "push" } } },
        { type: "assign_log_entry" },
        { type: "trigger_log_entry", agent: { type: "integration_reference" } },
      ],
    });
  });

  test("notifications need a time range", async () => {
    await incidentId("k");
    expect(errorOf((await bench.call("GET", "/notifications")).body)).toBe(2004);
    const range = "since=2026-11-21T02:00:00Z&until=2026-11-21T04:00:00Z";
    const { body } = await bench.call("GET", `/notifications?${range}`);
    expect(body).toMatchObject({ notifications: [{ type: "push_notification" }, { type: "phone_notification" }] });
  });
});

describe("responders", () => {
  const ask = (...targets: [string, string][]) => ({
    requester_id: "PUBOT",
    message: "Please help [page-1]",
    responder_request_targets: targets.map(([id, type]) => ({ responder_request_target: { id, type } })),
  });

  test("users and policies are told even though the incident is acknowledged", async () => {
    const id = await incidentId("k");
    await put(id, { status: "acknowledged" });
    const targets: [string, string][] = [
      ["PUBEN", "user_reference"],
      ["PEPDR001", "escalation_policy_reference"],
    ];
    const answer = await bench.call("POST", `/incidents/${id}/responder_requests`, { body: ask(...targets) });
    expect(answer.status).toBe(200);
    const told = bench.world.log
      .read(0, "pagerduty.notified")
      .filter(({ facts }) => facts["reason"] === "responder-request");
    expect(new Set(told.map(({ facts }) => facts["user"]))).toEqual(new Set(["PUBEN", "PUCEO"]));
    await bench.control("POST", "/pagerduty/respond", { userId: "PUBEN", incidentKey: "k", answer: "accepted" });
    const { body } = await bench.call("GET", `/incidents/${id}`);
    expect(body).toMatchObject({
      incident: {
        responder_requests: [{ message: "Please help [page-1]" }],
        incidents_responders: [
          { state: "accepted", user: { id: "PUBEN" } },
          { state: "pending", user: { id: "PUCEO" } },
        ],
      },
    });
  });

  test("without the ability it is 402", async () => {
    const poor = await openBench({ abilities: [] });
    await poor.call("POST", "/v2/enqueue", { body: triggerEvent("k") });
    const id = Found.parse((await poor.call("GET", "/incidents")).body).incidents[0]?.id ?? "";
    const answer = await poor.call("POST", `/incidents/${id}/responder_requests`, {
      body: ask(["PUBEN", "user_reference"]),
    });
    await poor.stop();
    expect([answer.status, errorOf(answer.body)]).toEqual([402, 2014]);
  });
});

test("notes are kept with their author, also on a resolved incident", async () => {
  const id = await incidentId("k");
  await bench.call("POST", "/v2/enqueue", { body: followUp("resolve", "k") });
  expect((await bench.call("POST", `/incidents/${id}/notes`, { body: { note: { content: "done" } } })).status).toBe(
    200,
  );
  const { body } = await bench.call("GET", `/incidents/${id}/notes`);
  expect(body).toMatchObject({ notes: [{ content: "done", user: { id: "PUBOT" } }] });
});

describe("directory", () => {
  test("users, services, policies, abilities and subscriptions are readable", async () => {
    const read = async (path: string) => (await bench.call("GET", path)).body;
    expect(await read("/users/PUANA")).toMatchObject({ user: { email: "ana@example.com" } });
    expect(await read("/users?query=ben")).toMatchObject({ users: [{ id: "PUBEN" }], more: false });
    expect(await read("/services/PSVC1")).toMatchObject({ service: { incident_urgency_rule: { urgency: "high" } } });
    expect(await read("/services/PSVC2")).toMatchObject({
      service: { incident_urgency_rule: { urgency: "severity_based" } },
    });
    expect(await read("/escalation_policies/PEPOPS01")).toMatchObject({
      escalation_policy: { num_loops: 1, escalation_rules: [{ escalation_delay_in_minutes: 5 }, {}] },
    });
    expect(await read("/abilities")).toEqual({ abilities: expect.arrayContaining(["coordinated_responding"]) });
    expect((await bench.call("GET", "/users/PNONE")).status).toBe(404);
  });
});

describe("limits", () => {
  test("paging goes to 100 a page and ends at 10,000", async () => {
    for (const key of ["a", "b", "c"]) await incidentId(key);
    const { body } = await bench.call("GET", "/incidents?limit=2&offset=2&sort_by=created_at:desc");
    expect(body).toMatchObject({ incidents: [{ incident_key: "a" }], limit: 2, offset: 2, more: false });
    expect((await bench.call("GET", "/incidents?limit=2")).body).toMatchObject({ more: true });
    expect((await bench.call("GET", "/incidents?limit=1000")).body).toMatchObject({ limit: 100 });
    expect((await bench.call("GET", "/incidents?limit=100&offset=9901")).status).toBe(400);
  });

  test("calls over the token's budget are 429 with code 2020 and their headers", async () => {
    const small = await openBench({ limits: { restPerMinute: 2 } });
    const answers = [];
    for (let count = 0; count < 3; count += 1) answers.push(await small.call("GET", "/abilities"));
    await small.stop();
    expect(answers.map((answer) => answer.status)).toEqual([200, 200, 429]);
    expect(answers[0]?.headers.get("ratelimit-remaining")).toBe("1");
    expect(errorOf(answers[2]?.body)).toBe(2020);
    expect(small.kinds("pagerduty.throttled")).toHaveLength(1);
  });
});

test("only the bot's own address may write where the account says so", async () => {
  const strict = await openBench({ fromUsers: [BOT] });
  const answer = await strict.call("POST", "/incidents", { body: newIncident(), headers: { from: "ana@example.com" } });
  await strict.stop();
  expect(errorOf(answer.body)).toBe(1008);
});
