import { createHmac } from "node:crypto";
import { type IncomingMessage, request } from "node:http";
import type { Ack, AckError, Envelope } from "./envelope.ts";
import { isJson, type Json, parseJson } from "./json.ts";

/** Slack's v0 scheme: HMAC-SHA256 over `v0:<seconds>:<raw body>`. */
export function signature(signingSecret: string, timestampSeconds: number, body: string): string {
  return `v0=${createHmac("sha256", signingSecret).update(`v0:${timestampSeconds}:${body}`).digest("hex")}`;
}

/** Commands come as a plain form, interactions as a form with one `payload`, events as JSON. */
function encode(envelope: Envelope): { body: string; contentType: string } {
  // Exactly these types: Bolt refuses a form whose type carries a charset.
  const form = "application/x-www-form-urlencoded";
  switch (envelope.type) {
    case "events_api":
      return { body: JSON.stringify(envelope.payload), contentType: "application/json" };
    case "interactive":
      return { body: new URLSearchParams({ payload: JSON.stringify(envelope.payload) }).toString(), contentType: form };
    case "slash_commands": {
      const fields = Object.entries(envelope.payload).map(([name, value]): [string, string] => [name, String(value)]);
      return { body: new URLSearchParams(fields).toString(), contentType: form };
    }
  }
}

/** Delivers an envelope to an app's request URL and reads its acknowledgement; never throws. */
export async function postSigned(delivery: {
  readonly url: string;
  readonly signingSecret: string;
  readonly envelope: Envelope;
  readonly limitMs: number;
}): Promise<Ack> {
  const sentMs = Date.now();
  const { body, contentType } = encode(delivery.envelope);
  const timestamp = Math.floor(sentMs / 1000);
  const { retry } = delivery.envelope;
  const headers = {
    "content-type": contentType,
    "x-slack-request-timestamp": String(timestamp),
    "x-slack-signature": signature(delivery.signingSecret, timestamp, body),
    ...(retry ? { "x-slack-retry-num": String(retry.attempt), "x-slack-retry-reason": retry.reason } : {}),
  };
  const failed = (error: AckError): Ack => ({ ok: false, ackMs: Date.now() - sentMs, error });
  return new Promise((resolve) => {
    const signal = AbortSignal.timeout(delivery.limitMs);
    const call = request(delivery.url, { method: "POST", headers, agent: false, signal }, (response) => {
      void readAnswer(response).then(
        (answer) => {
          const wantsNoRetry = response.headers["x-slack-no-retry"] === "1";
          const ackMs = Date.now() - sentMs;
          if (answer.status >= 200 && answer.status < 300)
            resolve({
              ok: true,
              ackMs,
              wantsNoRetry,
              payload: delivery.envelope.acceptsResponse ? answer.payload : {},
            });
          else resolve({ ok: false, ackMs, wantsNoRetry, error: "http_error" });
        },
        () => resolve(failed(signal.aborted ? "operation_timeout" : "dispatch_failed")),
      );
    });
    call.on("error", () => resolve(failed(signal.aborted ? "operation_timeout" : "dispatch_failed")));
    call.end(body);
  });
}

async function readAnswer(response: IncomingMessage): Promise<{ status: number; payload: Json }> {
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(Buffer.from(chunk));
  const text = Buffer.concat(chunks).toString("utf8");
  const parsed = parseJson(text);
  return { status: response.statusCode ?? 0, payload: isJson(parsed) ? parsed : text === "" ? {} : { text } };
}
