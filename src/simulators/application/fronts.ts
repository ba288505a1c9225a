import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { AppRequest } from "./application.ts";
import type { Outcome } from "./applications.ts";

export interface Front {
  readonly port: number;
  close(): Promise<void>;
}

/** Orders are small; more than this is not one. */
const MAX_BODY_BYTES = 64 * 1024;

/**
 * One loopback port that stands for one address outside. `answer` decides request by request, so that a region that goes
 * dark does so for open connections too. Plain HTTP; the Host header is not looked at, as by a default listener rule.
 */
export async function openFront(answer: (request: AppRequest) => Outcome, port = 0): Promise<Front> {
  const server = createServer((request, response) => void serve(request, response, answer));
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", resolve);
  });
  return { port: (server.address() as AddressInfo).port, close: () => closeServer(server) };
}

async function closeServer(server: Server): Promise<void> {
  server.closeAllConnections();
  await new Promise<void>((resolve) => server.close(() => resolve()));
}

async function serve(
  request: IncomingMessage,
  response: ServerResponse,
  answer: (request: AppRequest) => Outcome,
): Promise<void> {
  let outcome: Outcome;
  try {
    outcome = answer({ method: request.method ?? "GET", path: request.url ?? "/", body: await readJson(request) });
  } catch {
    // Not JSON, too large, no path, or the client left: its own request is all it costs.
    if (!response.destroyed) response.writeHead(400).end();
    return;
  }
  switch (outcome.kind) {
    case "silence":
      return;
    case "cut":
      request.socket.destroy();
      return;
    case "reply": {
      const { status, body: json } = outcome.reply;
      const send = () => response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(json));
      if (outcome.delayMs === 0) send();
      else setTimeout(send, outcome.delayMs).unref();
    }
  }
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    bytes += (chunk as Buffer).length;
    if (bytes > MAX_BODY_BYTES) throw new RangeError("The body is too large");
    chunks.push(chunk as Buffer);
  }
  const text = Buffer.concat(chunks).toString("utf8");
  return text === "" ? undefined : JSON.parse(text);
}
