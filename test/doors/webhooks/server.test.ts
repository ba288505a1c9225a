import { afterEach, describe, expect, test } from "@jest/globals";
import type { WebhookRequest } from "../../../src/doors/webhooks/sns.ts";
import { type OpenWeb, openWeb } from "./web-door.ts";

let web: OpenWeb | undefined;
afterEach(async () => {
  await web?.close();
  web = undefined;
});

describe("The web door", () => {
  test("lives whether or not it is ready, and says what is missing", async () => {
    web = await openWeb({ isReady: async () => ({ missing: ["Redis does not answer."], degraded: [] }) });
    expect((await web.fetch("/healthz")).status).toBe(200);
    const ready = await web.fetch("/readyz");
    expect(ready.status).toBe(503);
    expect(await ready.json()).toEqual({ ready: false, missing: ["Redis does not answer."], degraded: [] });
  });

  test("is ready when nothing is missing", async () => {
    web = await openWeb();
    expect(await (await web.fetch("/readyz")).json()).toEqual({ ready: true, missing: [], degraded: [] });
  });

  test("is ready while something is degraded, and says what", async () => {
    const degraded = [
      { proof: "a-token", since: "2026-01-01T00:00:00.000Z", what: "It is wrong.", instead: "Mend it." },
    ];
    web = await openWeb({ isReady: async () => ({ missing: [], degraded }) });
    const ready = await web.fetch("/readyz");
    expect([ready.status, await ready.json()]).toEqual([200, { ready: true, missing: [], degraded }]);
  });

  test.each([
    ["fails", () => Promise.reject(new Error("boom"))],
    ["hangs", () => new Promise<never>(() => undefined)],
  ])("is not ready when the check %s", async (_what, isReady) => {
    web = await openWeb({ isReady });
    const ready = await web.fetch("/readyz");
    expect(ready.status).toBe(503);
    expect(await ready.text()).not.toContain("boom");
  });

  test.each(["text/plain; charset=UTF-8", "application/json", "application/octet-stream"])(
    "hands the bytes of a webhook on as they came, whatever their type says (%s)",
    async (type) => {
      const seen: WebhookRequest[] = [];
      web = await openWeb({
        sns: async (request) => {
          seen.push(request);
          return { status: 200 };
        },
      });
      const body = '{ "a" : "ü" ,\n"b":1}\r\n';
      const headers = { "content-type": type, "x-amz-sns-message-type": "Notification" };
      expect((await web.fetch("/webhooks/sns", { method: "POST", body, headers })).status).toBe(200);
      expect(seen[0]?.body.toString("utf8")).toBe(body);
      expect(seen[0]?.headers["x-amz-sns-message-type"]).toBe("Notification");
    },
  );

  test("takes no body over 256 KB", async () => {
    let calls = 0;
    web = await openWeb({
      sns: async () => {
        calls += 1;
        return { status: 200 };
      },
    });
    const post = (bytes: number) => web?.fetch("/webhooks/sns", { method: "POST", body: "x".repeat(bytes) });
    expect((await post(256 * 1_024 + 1))?.status).toBe(413);
    expect(calls).toBe(0);
    expect(web.lines).toEqual([expect.objectContaining({ level: "warn" })]);
    expect((await post(256 * 1_024))?.status).toBe(200);
  });

  test("tells nothing of what it is made of, not even when it breaks", async () => {
    web = await openWeb({ sns: () => Promise.reject(new Error("secret detail")) });
    for (const [path, status] of [
      ["/nowhere", 404],
      ["/webhooks/sns", 500],
    ] as const) {
      const response = await web.fetch(path, { method: "POST", body: "x" });
      expect(response.status).toBe(status);
      expect(await response.text()).not.toMatch(/secret detail|route|fastify|stack/i);
      for (const name of ["server", "x-powered-by"]) expect(response.headers.get(name)).toBeNull();
    }
    expect(web.lines).toContainEqual(
      expect.objectContaining({ level: "error", facts: expect.objectContaining({ error: "secret detail" }) }),
    );
  });

  test("is nowhere to be found by Slack while a socket is used", async () => {
    web = await openWeb();
    expect((await web.fetch("/slack/events", { method: "POST", body: "x" })).status).toBe(404);
  });

  test("lets what is under way finish when it closes", async () => {
    let arrived: () => void = () => undefined;
    const hasArrived = new Promise<void>((resolve) => {
      arrived = resolve;
    });
    let finish: () => void = () => undefined;
    const mayFinish = new Promise<void>((resolve) => {
      finish = resolve;
    });
    const open = await openWeb({
      sns: async () => {
        arrived();
        await mayFinish;
        return { status: 200 };
      },
    });
    const answer = open.fetch("/webhooks/sns", { method: "POST", body: "x" });
    await hasArrived;
    const closing = open.close();
    finish();
    expect((await answer).status).toBe(200);
    await closing;
    await expect(open.fetch("/healthz")).rejects.toThrow();
  });

  test("has room for further pages", async () => {
    web = await openWeb({ routes: [(server) => server.get("/status", async () => "all is well")] });
    expect(await (await web.fetch("/status")).text()).toBe("all is well");
  });
});
