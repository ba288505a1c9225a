import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { z } from "zod";

/** JSON in, JSON out; it may be a promise. What it throws becomes a 400 that says what was expected. */
export type ControlHandler = (body: unknown, query: URLSearchParams) => unknown;

/** The world's own remote control (never a vendor's API): demo, tests and sandbox page steer through it. Loopback only. */
export class Control {
  readonly #routes = new Map<string, ControlHandler>();
  #server: Server | undefined;

  /** `key` is method and path, for example `POST /slack/command`. */
  on(key: string, handler: ControlHandler): void {
    this.#routes.set(key, handler);
  }

  async listen(port = 0): Promise<number> {
    this.#server = createServer((request, response) => void this.#answer(request, response));
    // Who steers may be busy for longer than any limit: a connection that we end while a request is on its way is a failed act.
    this.#server.keepAliveTimeout = 0;
    await new Promise<void>((resolve, reject) => {
      this.#server?.once("error", reject);
      this.#server?.listen(port, "127.0.0.1", resolve);
    });
    return (this.#server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    this.#server?.closeAllConnections();
    await new Promise((resolve) => this.#server?.close(resolve) ?? resolve(undefined));
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? "/", "http://world");
    const key = `${request.method} ${url.pathname}`;
    const handler = this.#routes.get(key);
    const send = (status: number, value: unknown) => {
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(value ?? null));
    };
    if (!handler) {
      send(404, {
        error: `The world has no control ${key}`,
        known: [...this.#routes.keys()],
      });
      return;
    }
    try {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const text = Buffer.concat(chunks).toString("utf8");
      send(200, await handler(text === "" ? {} : JSON.parse(text), url.searchParams));
    } catch (error) {
      send(400, { error: sayWrong(key, error) });
    }
  }
}

function sayWrong(key: string, error: unknown): string {
  if (error instanceof z.ZodError) return `${key} expects something else:\n${z.prettifyError(error)}`;
  if (error instanceof SyntaxError) return `${key} expects a body of JSON: ${error.message}`;
  return error instanceof Error ? error.message : String(error);
}
