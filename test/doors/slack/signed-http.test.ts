import { createHmac } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import type { Answer } from "../../../src/commands/intent.ts";
import { startWeb, type Web } from "../../../src/doors/webhooks/server.ts";
import { memoryLogger } from "../../harness/fakes/index.ts";
import { APP, openSlackWorld, type SlackWorld } from "../../simulators/slack/slack-world.ts";
import { type Desk, later, openDesk, SIGNING_SECRET, whisper } from "./slack-door.ts";

describe("Slack's signed HTTP, through the web door", () => {
  let web: Web;
  let desk: Desk;
  /** The web door's port must be known before Slack starts: its listener finds the Slack door later. */
  beforeAll(async () => {
    const listener = later<NonNullable<Desk["door"]["listener"]>>();
    web = await startWeb({
      ...{
        host: "127.0.0.1",
        port: 0,
        logger: memoryLogger().logger,
        isReady: async () => ({ missing: [], degraded: [] }),
      },
      sns: async () => ({ status: 403 }),
      hints: {},
      slack: (request, response) => void listener.promise.then((handle) => handle(request, response)),
    });
    const requestUrl = `http://127.0.0.1:${web.port}/slack/events`;
    const place: SlackWorld = await openSlackWorld({ apps: [{ ...APP, requestUrl }] });
    desk = await openDesk({ connection: { mode: "http", signingSecret: SIGNING_SECRET } }, place);
    if (desk.door.listener) listener.fulfil(desk.door.listener);
  });
  afterAll(async () => {
    await desk.stop();
    await web.close();
  });

  const post = (
    body: string,
    seconds: number,
    { path = "/slack/events", ...more }: { readonly path?: string; readonly [header: string]: string | undefined } = {},
  ) => {
    const mac = createHmac("sha256", SIGNING_SECRET.reveal()).update(`v0:${seconds}:${body}`).digest("hex");
    return fetch(`http://127.0.0.1:${web.port}${path}`, {
      ...{ method: "POST", body },
      headers: {
        "content-type": "application/x-www-form-urlencoded",
        "x-slack-request-timestamp": String(seconds),
        "x-slack-signature": `v0=${mac}`,
        ...more,
      },
    });
  };
  const command = (trigger: string) =>
    new URLSearchParams({
      ...{ command: "/dr", text: "status", trigger_id: trigger, team_id: "T0ACME", user_id: "U0ANA" },
      ...{ channel_id: "C0OPS", api_app_id: "A0TWOKEY", is_enterprise_install: "false" },
    }).toString();
  const nowSeconds = () => Math.floor(Date.now() / 1_000);

  test("a command is answered as it is over a socket", async () => {
    desk.answers(() => whisper("All is well"));
    const outcome = await desk.people.as("U0ANA").types("/dr status", { in: "C0OPS" });
    expect(outcome.ack.ok).toBe(true);
    expect(outcome.ephemerals.map(({ text }) => text)).toEqual(["All is well"]);
  });

  test("a command that takes long is acknowledged in time", async () => {
    const slow = later<Answer>();
    desk.answers(() => slow.promise);
    const outcome = await desk.people.as("U0ANA").types("/dr status", { in: "C0OPS" });
    // Slack itself judges the time, and nothing has been answered yet.
    expect(outcome).toMatchObject({ ack: { ok: true } });
    slow.fulfil(whisper("Here it is"));
    await desk.people.expectEphemeral("U0ANA", ({ text }) => text === "Here it is");
  });

  test.each([
    ["just inside the window, past", -295, 200],
    ["just inside the window, ahead", 295, 200],
    ["too old", -305, 401],
    ["from the future", 305, 401],
    ["an hour ahead", 3_600, 401],
  ])("a request signed %s (%d s) is answered as it deserves", async (what, skew, status) => {
    desk.answers(() => whisper("ok"));
    expect((await post(command(`skew-${what}`), nowSeconds() + skew)).status).toBe(status);
  });

  test("an altered body, a missing or a malformed timestamp are refused", async () => {
    const body = command("altered");
    const signed = createHmac("sha256", SIGNING_SECRET.reveal()).update(`v0:${nowSeconds()}:${body}`).digest("hex");
    const altered = { "x-slack-signature": `v0=${signed}` };
    const before = desk.lines.length;
    expect((await post(`${body}x`, nowSeconds(), altered)).status).toBe(401);
    expect((await post(body, nowSeconds(), { "x-slack-request-timestamp": "" })).status).toBe(401);
    expect((await post(body, nowSeconds(), { "x-slack-request-timestamp": "NaN" })).status).toBe(401);
    const refused = desk.lines
      .slice(before)
      .filter(({ sentence }) => sentence === "Refused a request to the Slack door");
    expect(refused.map(({ facts }) => facts)).toEqual([
      { reason: "signature" },
      { reason: "timestamp" },
      { reason: "timestamp" },
    ]);
  });

  test("a request that is replayed inside the window is acted on once", async () => {
    desk.answers(() => whisper("ok"));
    const seconds = nowSeconds();
    const before = desk.asks.length;
    for (let n = 0; n < 3; n += 1) expect((await post(command("replayed"), seconds)).status).toBe(200);
    expect(desk.asks.length - before).toBe(1);
  });

  test("a form whose type names its charset is taken as well", async () => {
    const type = { "content-type": "application/x-www-form-urlencoded; charset=utf-8" };
    expect((await post(command("charset"), nowSeconds(), type)).status).toBe(200);
  });

  test("guard refused path: a request that is sent to not quite Slack's path is refused, and ends nothing", async () => {
    const unsigned = { "x-slack-signature": "v0=00" };
    const paths = ["/slack/%65vents", "/%73lack/events", "/slack/%65vents?a=%zz", "/slack/events/", "/slack//events"];
    for (const path of paths) expect((await post("a=b", nowSeconds(), { ...unsigned, path })).status).toBe(404);
    desk.answers(() => whisper("ok"));
    expect((await post(command("after these"), nowSeconds())).status).toBe(200);
  });

  test("a request without a signature is refused as one with a wrong signature is", async () => {
    const statusAt = (path: string) =>
      fetch(`http://127.0.0.1:${web.port}${path}`, {
        ...{ method: "POST", body: command("unsigned") },
        headers: { "x-slack-request-timestamp": String(nowSeconds()) },
      }).then(({ status }) => status);
    const before = desk.asks.length;

    expect(await statusAt("/slack/events")).toBe(401);
    expect(await statusAt("/slack/%65vents")).toBe(404);
    expect(desk.asks.length).toBe(before);
  });

  test("after stop a request is sent elsewhere", async () => {
    await desk.door.stop();
    expect((await post(command("late"), nowSeconds())).status).toBe(503);
    await desk.door.start();
  });
});
