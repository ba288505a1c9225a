import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { startPagerDuty } from "../../../src/simulators/pagerduty/pagerduty.ts";
import { eventually } from "../../harness/eventually.ts";
import { ACCOUNT, type Bench, openBench, triggerEvent } from "./account.ts";

let bench: Bench;
beforeEach(async () => {
  bench = await openBench();
});
afterEach(() => bench.stop());

const enqueue = () => bench.call("POST", "/v2/enqueue", { body: triggerEvent("k") });
const opened = () => bench.kinds("pagerduty.incident-created").length;

describe("the vendor's condition", () => {
  test("accept-and-silence answers 202 and reaches nobody until it ends, hours late", async () => {
    await bench.control("POST", "/pagerduty/mode", { mode: "accept-and-silence" });
    expect((await enqueue()).status).toBe(202);
    expect(opened()).toBe(0);
    bench.world.clock.jump(4 * 3_600_000);
    expect(await bench.control("POST", "/pagerduty/mode", { mode: "normal" })).toEqual({ mode: "normal", released: 1 });
    expect(opened()).toBe(1);
    expect(bench.kinds("pagerduty.notified").length).toBeGreaterThan(0);
  });

  test("held events may also be lost", async () => {
    await bench.control("POST", "/pagerduty/mode", { mode: "accept-and-silence" });
    await enqueue();
    await bench.control("POST", "/pagerduty/mode", { mode: "normal", held: "drop" });
    expect(opened()).toBe(0);
  });

  test("silence also keeps an open incident's next level from ringing", async () => {
    await enqueue();
    const rang = bench.kinds("pagerduty.notified").length;
    await bench.control("POST", "/pagerduty/mode", { mode: "accept-and-silence" });
    bench.world.clock.jump(6 * 60_000);
    expect(bench.kinds("pagerduty.notified")).toHaveLength(rang);
  });

  test("reject is a 500 in each API's own shape", async () => {
    await bench.control("POST", "/pagerduty/mode", { mode: "reject" });
    expect(await enqueue()).toMatchObject({ status: 500, body: { status: "error" } });
    expect(await bench.call("GET", "/abilities")).toMatchObject({ status: 500, body: { error: { code: 2000 } } });
    expect(opened()).toBe(0);
  });

  test("429 without headers has neither headers nor body", async () => {
    await bench.control("POST", "/pagerduty/mode", { mode: "429-without-headers" });
    const answer = await bench.call("GET", "/abilities");
    expect([answer.status, answer.body, answer.headers.get("ratelimit-reset")]).toEqual([429, "", null]);
  });

  test("html-502 is not JSON", async () => {
    await bench.control("POST", "/pagerduty/mode", { mode: "html-502" });
    const answer = await enqueue();
    expect(answer.status).toBe(502);
    expect(answer.body).toContain("<html>");
  });
});

describe("planned faults", () => {
  const plan = (kind: "drop-before" | "drop-after") =>
    bench.world.faults.plan({ vendor: "pagerduty", operation: "enqueue", effect: { kind }, times: 1 });

  test("drop-before: cut, and nothing happened", async () => {
    plan("drop-before");
    await expect(enqueue()).rejects.toThrow();
    expect(opened()).toBe(0);
  });

  test("drop-after: it happened, the answer is lost, and a repeat changes nothing", async () => {
    plan("drop-after");
    await expect(enqueue()).rejects.toThrow();
    expect((await enqueue()).status).toBe(202);
    expect(opened()).toBe(1);
  });

  test.each([
    ["hang", 0],
    ["hang-after", 1],
  ] as const)("%s: no answer, %i incidents", async (kind, incidents) => {
    bench.world.faults.plan({ vendor: "pagerduty", operation: "enqueue", effect: { kind }, times: 1 });
    const signal = AbortSignal.timeout(300);
    const url = `http://127.0.0.1:${bench.simulator.port}/v2/enqueue`;
    await expect(fetch(url, { method: "POST", body: JSON.stringify(triggerEvent("k")), signal })).rejects.toThrow();
    expect(opened()).toBe(incidents);
  });

  test("an error on one operation leaves the others alone", async () => {
    const effect = { kind: "error", status: 429, code: "2020", retryAfterSeconds: 7 } as const;
    bench.world.faults.plan({ vendor: "pagerduty", operation: "oncalls.list", effect, times: 1 });
    expect((await bench.call("GET", "/abilities")).status).toBe(200);
    const refused = await bench.call("GET", "/oncalls");
    expect([refused.status, refused.headers.get("ratelimit-reset")]).toEqual([429, "7"]);
    expect((await bench.call("GET", "/oncalls")).status).toBe(200);
  });
});

test("a 202 comes before its effect where processing takes time", async () => {
  const slow = await openBench({ processingMs: 200, latencyMs: 5 });
  expect((await slow.call("POST", "/v2/enqueue", { body: triggerEvent("k") })).status).toBe(202);
  const before = slow.kinds("pagerduty.incident-created").length;
  await eventually("the incident", () => slow.kinds("pagerduty.incident-created").length === 1);
  await slow.stop();
  expect(before).toBe(0);
});

test("an account that refers to people it does not have is refused, naming each", async () => {
  const schedules = [{ id: "PSCHED1", name: "First line", shifts: [{ user: "PNONE" }] }];
  const people = [{ user: "PNOBODY" }];
  await expect(startPagerDuty(bench.world, { ...ACCOUNT, schedules, people })).rejects.toThrow(/PNONE[\s\S]*PNOBODY/);
});
