import { type Agent, request as httpRequest, type IncomingMessage } from "node:http";
import { request as httpsRequest } from "node:https";
import { brokenWay } from "../../domain/broken-way.ts";
import { saySeconds } from "../../domain/duration.ts";

/** One request to one address, as if the URL's host had resolved to it. */
export interface ExchangeRequest {
  readonly method: "GET" | "POST";
  /** Gives path, Host header and server name of the certificate. */
  readonly url: URL;
  readonly to: { readonly host: string; readonly port: number; readonly isTls: boolean };
  /** A connection through a proxy; undefined: directly. */
  readonly agent?: Agent | undefined;
  /** Machine time for all of it. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

export type Exchange =
  | { readonly kind: "answer"; readonly status: number; readonly body: string; readonly isWhole: boolean }
  | { readonly kind: "no-answer"; readonly why: string };

const LARGEST_BODY_BYTES = 4_096;

/** A fresh connection each time: a kept one would still lead to where the name pointed before. Throws the signal's reason. */
export async function exchange(wanted: ExchangeRequest): Promise<Exchange> {
  const { signal, timeoutMs } = wanted;
  signal?.throwIfAborted();
  const deadline = new AbortController();
  const timer = setTimeout(() => deadline.abort(), timeoutMs);
  const giveUp = () => deadline.abort();
  signal?.addEventListener("abort", giveUp, { once: true });
  try {
    const response = await send(wanted, deadline.signal);
    const body = await readBody(response);
    signal?.throwIfAborted();
    return { kind: "answer", status: response.statusCode ?? 0, ...body };
  } catch (error) {
    signal?.throwIfAborted();
    return {
      kind: "no-answer",
      why: deadline.signal.aborted
        ? `no answer in ${saySeconds(timeoutMs)}`
        : (brokenWay(error) ?? "the connection broke"),
    };
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", giveUp);
    deadline.abort();
  }
}

function send({ method, url, to, agent }: ExchangeRequest, signal: AbortSignal): Promise<IncomingMessage> {
  const options = {
    ...{ method, signal, host: to.host, port: to.port, path: `${url.pathname}${url.search}`, agent: agent ?? false },
    headers: { host: url.host, "user-agent": "twokey", ...(method === "POST" && { "content-length": 0 }) },
  };
  return new Promise((resolve, reject) => {
    const request = to.isTls
      ? httpsRequest({ ...options, servername: bare(url.hostname) }, resolve)
      : httpRequest(options, resolve);
    // It stays for the whole life of the request: errors may follow the one that was reported.
    request.on("error", reject);
    request.end();
  });
}

/** At most the first part; a body that breaks off leaves what had come, since the status already tells. */
async function readBody(response: IncomingMessage): Promise<{ body: string; isWhole: boolean }> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  let isWhole = true;
  try {
    for await (const chunk of response) {
      const part = Buffer.from(chunk);
      chunks.push(part);
      bytes += part.length;
      if (bytes > LARGEST_BODY_BYTES) {
        isWhole = false;
        break;
      }
    }
  } catch {
    isWhole = false;
  }
  return { body: Buffer.concat(chunks).subarray(0, LARGEST_BODY_BYTES).toString("utf8"), isWhole };
}

/** Host names of URLs have brackets around IPv6 addresses; sockets want none. */
export function bare(hostname: string): string {
  return hostname.replace(/^\[|\]$/g, "");
}

/** The code of an error of Node's own modules. */
export function codeOf(error: unknown): string | undefined {
  const code = typeof error === "object" && error !== null && "code" in error ? error.code : undefined;
  return typeof code === "string" ? code : undefined;
}
