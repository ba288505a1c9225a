import { createHmac } from "node:crypto";
import { describe, expect, test } from "@jest/globals";
import { ACCEPTED_FOR_MS } from "../../../src/config/secrets.ts";
import { Secret } from "../../../src/domain/secret.ts";
import { createHintDoor } from "../../../src/doors/webhooks/hints.ts";
import { pagerDutyHints } from "../../../src/integrations/pagers/pagerduty/webhook.ts";
import type { Hint } from "../../../src/ports/hints.ts";
import { memoryLogger } from "../../harness/fakes/index.ts";
import { secretInFile } from "../../harness/secret-file.ts";

const SECRET = "a-webhook-secret";
const event = (more: object = {}) => ({
  event: {
    ...{ id: "01EVENT", event_type: "incident.acknowledged", resource_type: "incident", agent: null, client: null },
    ...{
      occurred_at: "2026-11-21T09:30:00.123Z",
      data: { id: "Q1", type: "incident", status: "acknowledged", incident_key: "dr:production:bqwhtv:1" },
    },
    ...more,
  },
});

function openDoor(accept?: () => Promise<void>, secret = new Secret(SECRET)) {
  const { logger, lines } = memoryLogger();
  const events: Hint[] = [];
  let alarms = 0;
  const door = createHintDoor({
    source: pagerDutyHints(secret),
    accept: accept ?? (async (given) => void events.push(given)),
    onBadSignature: () => {
      alarms += 1;
    },
    logger,
  });
  const post = async (payload: object | string, secret = SECRET) => {
    const body = Buffer.from(typeof payload === "string" ? payload : JSON.stringify(payload));
    const mac = createHmac("sha256", secret).update(body).digest("hex");
    return (await door({ headers: { "x-pagerduty-signature": `v1=${mac}`, "x-webhook-id": "w-1" }, body })).status;
  };
  return { door, post, events, lines, alarms: () => alarms };
}

describe("A PagerDuty webhook", () => {
  test("is kept as a hint about one incident before it is answered", async () => {
    const { post, events } = openDoor();
    expect(await post(event())).toBe(202);
    expect(events).toEqual([
      {
        ...{
          id: "w-1",
          incident: "Q1",
          key: "dr:production:bqwhtv:1",
        },
        occurredAtMs: Date.parse("2026-11-21T09:30:00.123Z"),
      },
    ]);
  });

  test("may be signed with secrets that changed while TwoKey ran, and for an hour with those before", async () => {
    let nowMs = 0;
    const kept = secretInFile("PAGERDUTY_WEBHOOK_SECRETS", SECRET, () => nowMs);
    const { post } = openDoor(undefined, kept.secret);
    kept.changeTo("the-next-secret, a-third-secret");
    kept.secrets.look();
    const statuses = async () => [
      ...[await post(event(), "the-next-secret"), await post(event(), "a-third-secret"), await post(event())],
      await post(event(), "no-secret-of-ours"),
    ];
    expect(await statuses()).toEqual([202, 202, 202, 401]);
    nowMs = ACCEPTED_FOR_MS;
    expect(await statuses()).toEqual([202, 202, 401, 401]);
    kept.remove();
  });

  test("about something on an incident knows the incident", async () => {
    const { post, events } = openDoor();
    await post(
      event({ event_type: "incident.annotated", data: { id: "N1", type: "incident_note", incident: { id: "Q2" } } }),
    );
    await post(event({ event_type: "pagey.ping", data: { message: "Ping", type: "ping" } }));
    expect(events.map(({ incident }) => incident)).toEqual(["Q2", undefined]);
  });

  test("that is not signed by us is refused with one line and raises the alarm", async () => {
    const { post, door, events, lines, alarms } = openDoor();
    expect(await post(event(), "another secret")).toBe(401);
    expect((await door({ headers: {}, body: Buffer.from(JSON.stringify(event())) })).status).toBe(401);
    expect(events).toEqual([]);
    expect(alarms()).toBe(2);
    expect(lines).toHaveLength(2);
    expect(JSON.stringify(lines)).not.toContain("Q1");
  });

  test.each(["not json", "{}", '{"event":{"id":1}}', "[]"])(
    "that is authentic is never answered 4xx, even when it is %s",
    async (text) => {
      const { post, events } = openDoor();
      expect(await post(text)).toBe(202);
      expect(events).toEqual([]);
    },
  );

  test("that cannot be kept is asked for again", async () => {
    const { post, lines } = openDoor(() => Promise.reject(new Error("no Redis")));
    expect(await post(event())).toBe(503);
    expect(lines.map(({ sentence }) => sentence)).toEqual(["Could not keep a webhook of a pager"]);
  });
});
