import { createHmac, timingSafeEqual } from "node:crypto";
import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import { type App, ErrorCode, HTTPModuleFunctions, HTTPReceiver, type Receiver } from "@slack/bolt";
import type { Secret } from "../../domain/secret.ts";
import type { Logger } from "../../ports/logger.ts";
import { sdkLogger } from "./sdk-logger.ts";
import type { Way } from "./way.ts";

export const SLACK_PATH = "/slack/events";
const BODY_LIMIT = 256 * 1_024;

/** Documented window for the signed timestamp. Machine time; Bolt 5.1.0 itself takes any time in the future. */
const LARGEST_SKEW_SECONDS = 300;

/**
 * Bolt's own receiver behind a stricter look at the clock; it listens nowhere by itself. While it is not open requests are answered
 * 503, so that a balancer sends them to another replica.
 */
export function signedHttp(signingSecret: Secret, logger: Logger): Way {
  const receivers = new Receivers(signingSecret, logger);
  let isOpen = false;
  const refuse = (response: ServerResponse, status: number) => response.writeHead(status).end();
  const listener: RequestListener = (request, response) => {
    if (!isOpen) return refuse(response, 503);
    if (!isFresh(request.headers["x-slack-request-timestamp"])) {
      logger.warn({ reason: "timestamp" }, "Refused a request to the Slack door");
      return refuse(response, 401);
    }
    // Bolt compares the whole header and refuses a form that names its charset.
    const type = request.headers["content-type"];
    if (type !== undefined) request.headers["content-type"] = type.split(";")[0]?.trim();
    return receivers.handle(request, response);
  };
  return {
    receiver: receivers,
    listener,
    open: async () => {
      isOpen = true;
    },
    close: async () => {
      isOpen = false;
    },
    renew: () => undefined,
    isConnected: () => isOpen,
  };
}

/** A receiver of Bolt's keeps the secret that it checks with: there is one for each secret that counts at the moment. */
class Receivers implements Receiver {
  readonly #signingSecret: Secret;
  readonly #logger: Logger;
  readonly #made = new Map<string, HTTPReceiver>();
  #app: App | undefined;

  constructor(signingSecret: Secret, logger: Logger) {
    this.#signingSecret = signingSecret;
    this.#logger = logger;
  }

  init(app: App): void {
    this.#app = app;
  }

  async start(): Promise<void> {
    // The web server listens.
  }

  async stop(): Promise<void> {
    // As above.
  }

  handle(request: IncomingMessage, response: ServerResponse): void {
    this.#signerOf(request)
      .then((secret) => this.#receiverWith(secret).requestListener(request, response))
      // Whatever is wrong with a request, unsigned ones included, must end nothing but that request.
      .catch((error: unknown) => {
        this.#logger.warn({ reason: "unusable" }, "Refused a request to the Slack door");
        if (response.headersSent) response.end();
        else response.writeHead(statusOf(error)).end();
      });
  }

  /** Which of the secrets signed it; the present one where none did, so that Bolt refuses it. */
  async #signerOf(request: IncomingMessage): Promise<string> {
    const { rawBody } = await HTTPModuleFunctions.bufferIncomingMessage(request, BODY_LIMIT);
    const signer = this.#signingSecret.fitting((secret) => isSignedBy(secret, request, rawBody));
    // Bolt refuses it, in words that say nothing of a door.
    if (signer === undefined) this.#logger.warn({ reason: "signature" }, "Refused a request to the Slack door");
    return signer ?? this.#signingSecret.reveal();
  }

  #receiverWith(secret: string): HTTPReceiver {
    const accepted = this.#signingSecret.accepted();
    for (const each of this.#made.keys()) if (!accepted.includes(each)) this.#made.delete(each);
    const made = this.#made.get(secret) ?? this.#make(secret);
    this.#made.set(secret, made);
    return made;
  }

  #make(signingSecret: string): HTTPReceiver {
    const receiver = new HTTPReceiver({
      signingSecret,
      endpoints: SLACK_PATH,
      bodyLimit: BODY_LIMIT,
      logger: sdkLogger(this.#logger),
    });
    if (this.#app) receiver.init(this.#app);
    return receiver;
  }
}

/** As Bolt answers a body that is too long or was cut off. It compares the path as it was written, and the router before it decodes it. */
function statusOf(error: unknown): number {
  const facts = typeof error === "object" && error !== null ? error : {};
  if ("code" in facts && facts.code === ErrorCode.HTTPReceiverDeferredRequestError) return 404;
  return "statusCode" in facts && facts.statusCode === 413 ? 413 : 401;
}

function isSignedBy(secret: string, { headers }: IncomingMessage, body: Buffer): boolean {
  const [given, time] = [headers["x-slack-signature"], headers["x-slack-request-timestamp"]];
  if (typeof given !== "string" || typeof time !== "string") return false;
  const expected = `v0=${createHmac("sha256", secret).update(`v0:${time}:`).update(body).digest("hex")}`;
  return given.length === expected.length && timingSafeEqual(Buffer.from(given), Buffer.from(expected));
}

function isFresh(header: string | string[] | undefined): boolean {
  if (typeof header !== "string" || !/^\d{1,12}$/.test(header)) return false;
  return Math.abs(Date.now() / 1_000 - Number(header)) <= LARGEST_SKEW_SECONDS;
}
