import { createServer } from "node:http";
import { afterEach, describe, expect, test } from "@jest/globals";
import { WebSocket } from "undici";
import { signature } from "../../../src/simulators/slack/signed-http.ts";
import { eventually } from "../../harness/eventually.ts";
import {
  APP,
  button,
  clientOf,
  modal,
  openHttpWorld,
  openSlackWorld,
  refusalOf,
  type SlackWorld,
  startSocketApp,
} from "./slack-world.ts";

describe("How payloads reach an app", () => {
  let place: SlackWorld | undefined;
  afterEach(() => place?.stop());
  const opened = async <T extends SlackWorld>(opening: Promise<T>): Promise<T> => {
    const world = await opening;
    place = world;
    return world;
  };

  test("Bolt's HTTP receiver takes the signed command, click, form and event", async () => {
    const heard: string[] = [];
    const world = await opened(
      openHttpWorld((app) => {
        app.command("/dr", async ({ ack, body, client }) => {
          await ack({ text: "on it", response_type: "ephemeral" });
          if (body.text === "form") await client.views.open({ trigger_id: body.trigger_id, view: modal("Declare") });
        });
        app.action("go", async ({ ack, respond }) => {
          await ack();
          await respond({ text: "went", replace_original: true });
        });
        app.view("declare", async ({ ack }) => ack({ response_action: "errors", errors: { what: "no" } }));
        app.message("fire", async ({ message }) => void heard.push(message.ts));
      }),
    );
    const { people } = world;
    const ana = people.as("U0ANA");
    expect((await ana.types("/dr form", { in: "C0OPS" })).ephemerals).toMatchObject([{ text: "on it" }]);
    const form = await people.expectView("U0ANA");
    expect((await ana.submits(form, { what: "x" })).inputErrors).toEqual({ what: "no" });
    const client = clientOf(world);
    await client.chat.postMessage({ channel: "C0OPS", text: "card", blocks: [button("go", "1")] });
    await ana.clicks("go", { in: "C0OPS" });
    expect(await people.expectMessage("C0OPS", (message) => message.text === "went")).toMatchObject({ blocks: [] });
    const said = await ana.says("fire in the hold", { in: "C0OPS" });
    await eventually("the message event", () => heard.length > 0);
    expect(heard).toEqual([said.ts]);
    expect(await refusalOf(clientOf(world, APP.appToken).apps.connections.open())).not.toBe("accepted");
  });

  test("the receiver refuses a body that was signed with another secret", async () => {
    const { port } = await opened(openHttpWorld((app) => app.command("/dr", async ({ ack }) => ack())));
    const send = async (secret: string) => {
      const body = "command=%2Fdr&text=status&team_id=T0ACME&user_id=U0ANA&channel_id=C0OPS";
      const timestamp = Math.floor(Date.now() / 1000);
      const headers = {
        "content-type": "application/x-www-form-urlencoded",
        "x-slack-request-timestamp": String(timestamp),
        "x-slack-signature": signature(secret, timestamp, body),
      };
      return (await fetch(`http://127.0.0.1:${port}/slack/events`, { method: "POST", headers, body })).status;
    };
    expect(await send("another-secret")).toBe(401);
    expect(await send(APP.signingSecret)).toBe(200);
  });

  test("an event that fails comes again with its number and reason, the same event each time", async () => {
    const seen: { id: unknown; num: unknown; reason: unknown }[] = [];
    const server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("end", () => {
        const { event_id: id }: { event_id: unknown } = JSON.parse(Buffer.concat(chunks).toString("utf8"));
        seen.push({ id, num: request.headers["x-slack-retry-num"], reason: request.headers["x-slack-retry-reason"] });
        response.writeHead(seen.length < 3 ? 500 : 200).end();
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const address = server.address();
    const requestUrl = `http://127.0.0.1:${typeof address === "object" ? address?.port : 0}/`;
    const { people, world, onStop } = await opened(
      openSlackWorld({ apps: [{ ...APP, requestUrl, events: ["message"] }], eventRetryDelaysMs: [10, 20, 30] }),
    );
    onStop(() => new Promise((resolve) => server.close(resolve)));
    await people.as("U0ANA").says("hello", { in: "C0OPS" });
    await eventually("three deliveries", () => world.log.read(0, "slack.event").length === 3);
    expect(seen.map(({ num, reason }) => [num, reason])).toEqual([
      [undefined, undefined],
      ["1", "http_error"],
      ["2", "http_error"],
    ]);
    expect(new Set(seen.map(({ id }) => id)).size).toBe(1);
    expect(world.log.read(0, "slack.event").map(({ facts }) => facts["ok"])).toEqual([false, false, true]);
  });

  test("over a socket a redelivered event carries its attempt", async () => {
    const world = await opened(
      openSlackWorld({ apps: [{ ...APP, events: ["app_mention"] }], eventRetryDelaysMs: [200, 200, 200] }),
    );
    await world.people.as("U0ANA").says("<@U0BOT> status", { in: "C0OPS" });
    const attempts: unknown[] = [];
    await startSocketApp(world, (app) => {
      app.event("app_mention", async ({ context }) => void attempts.push(context.retryNum));
    });
    await eventually("the event after the first attempt failed", () => attempts.length > 0);
    expect(Number(attempts[0])).toBeGreaterThanOrEqual(1);
  });

  test("a trigger opens one view, within three seconds", async () => {
    let nowMs = Date.now();
    const triggers: string[] = [];
    const world = await opened(openSlackWorld({}, { now: () => nowMs }));
    const app = await startSocketApp(world, (bolt) => {
      bolt.command("/dr", async ({ ack, body }) => {
        triggers.push(body.trigger_id);
        await ack();
      });
    });
    const ask = () => world.people.as("U0ANA").types("/dr declare", { in: "C0OPS" });
    const open = () => refusalOf(app.client.views.open({ trigger_id: triggers.at(-1) ?? "", view: modal("Declare") }));
    await ask();
    nowMs += 3_001;
    expect(await open()).toBe("expired_trigger_id");
    await ask();
    nowMs += 2_999;
    expect(await open()).toBe("accepted");
    expect(await open()).toBe("exchanged_trigger_id");
  });

  test("a response URL works five times within thirty minutes", async () => {
    let nowMs = Date.now();
    const urls: string[] = [];
    const world = await opened(openSlackWorld({}, { now: () => nowMs }));
    await startSocketApp(world, (app) => {
      app.command("/dr", async ({ ack, body }) => {
        urls.push(body.response_url);
        await ack();
      });
    });
    const ask = () => world.people.as("U0ANA").types("/dr status", { in: "C0OPS" });
    const respond = async () => {
      const headers = { "content-type": "application/json" };
      return (await fetch(urls.at(-1) ?? "", { method: "POST", headers, body: '{"text":"later"}' })).status;
    };
    await ask();
    const statuses: number[] = [];
    for (let use = 0; use < 6; use++) statuses.push(await respond());
    expect(statuses).toEqual([200, 200, 200, 200, 200, 404]);
    expect(await world.people.ephemerals("U0ANA")).toHaveLength(5);
    await ask();
    nowMs += 30 * 60_000 + 1;
    expect(await respond()).toBe(404);
  });

  test("the eleventh socket of an app is turned away", async () => {
    const world = await opened(openSlackWorld());
    const client = clientOf(world, APP.appToken);
    const sockets: WebSocket[] = [];
    const greeting = async () => {
      const { url = "" } = await client.apps.connections.open();
      const socket = new WebSocket(url);
      sockets.push(socket);
      return new Promise<unknown>((resolve) => {
        socket.addEventListener("message", ({ data }) => resolve(JSON.parse(String(data))), { once: true });
      });
    };
    for (let number = 1; number <= 10; number++)
      expect(await greeting()).toMatchObject({ type: "hello", num_connections: number });
    expect(await greeting()).toMatchObject({ type: "disconnect", reason: "too_many_websockets" });
    for (const socket of sockets) socket.close();
  });

  test("a command finds no app where nothing is connected", async () => {
    const world = await opened(openSlackWorld());
    const outcome = await world.people.as("U0ANA").types("/dr status", { in: "C0OPS" });
    expect(outcome.ack).toMatchObject({ ok: false, error: "dispatch_failed" });
    await expect(world.people.as("U0GUS").types("/dr status", { in: "C0OPS" })).rejects.toThrow(
      "U0GUS is not in C0OPS",
    );
    await expect(world.people.as("U0DAN").types("/dr status", { in: "C0OPS" })).rejects.toThrow("cannot act");
    await expect(world.people.as("U0ANA").types("/what", { in: "C0OPS" })).rejects.toThrow("not a command");
  });
});
