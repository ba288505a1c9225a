import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import { HTTPReceiver } from "@slack/bolt";
import type { Secret } from "../../domain/secret.ts";
import type { Logger } from "../../ports/logger.ts";
import { sdkLogger } from "./sdk-logger.ts";

export const SLACK_PATH = "/slack/events";
const BODY_LIMIT = 256 * 1_024;

/** Documented window for the signed timestamp. Machine time; Bolt 5.1.0 itself takes any time in the future. */
const LARGEST_SKEW_SECONDS = 300;

export interface SignedHttp {
  readonly receiver: HTTPReceiver;
  readonly listener: RequestListener;
  readonly open: () => void;
  /** While it is not open requests are answered 503, so that a balancer sends them to another replica. */
  readonly close: () => void;
  readonly isOpen: () => boolean;
}

/** Bolt's own receiver behind a stricter look at the clock; it listens nowhere by itself. */
export function signedHttp(signingSecret: Secret, logger: Logger): SignedHttp {
  const receiver = new HTTPReceiver({
    signingSecret: signingSecret.reveal(),
    endpoints: SLACK_PATH,
    bodyLimit: BODY_LIMIT,
    logger: sdkLogger(logger),
  });
  let isOpen = false;
  const refuse = (response: ServerResponse, status: number) => response.writeHead(status).end();
  const listener = (request: IncomingMessage, response: ServerResponse) => {
    if (!isOpen) return refuse(response, 503);
    if (!isFresh(request.headers["x-slack-request-timestamp"])) {
      logger.warn({ reason: "timestamp" }, "Refused a request to the Slack door");
      return refuse(response, 401);
    }
    // Bolt compares the whole header and refuses a form that names its charset.
    const type = request.headers["content-type"];
    if (type !== undefined) request.headers["content-type"] = type.split(";")[0]?.trim();
    return receiver.requestListener(request, response);
  };
  return {
    receiver,
    listener,
    open: () => {
      isOpen = true;
    },
    close: () => {
      isOpen = false;
    },
    isOpen: () => isOpen,
  };
}

function isFresh(header: string | string[] | undefined): boolean {
  if (typeof header !== "string" || !/^\d{1,12}$/.test(header)) return false;
  return Math.abs(Date.now() / 1_000 - Number(header)) <= LARGEST_SKEW_SECONDS;
}
