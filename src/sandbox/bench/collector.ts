import { createServer, type IncomingHttpHeaders, type Server } from "node:http";
import { Bug } from "../../domain/errors.ts";
import type { WorldClient } from "../world-client.ts";

/** A webhook as the simulated SNS sent it, signature and all. */
export interface SignedWebhook {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface Notification {
  readonly topicArn: string;
  readonly subject: string;
  readonly message: string;
}

/** Machine times. */
const COLLECT_WITHIN_MS = 120_000;
const LOOK_EVERY_MS = 20;
/** The world signs with RSA in one thread: more at once would only queue. */
const AT_ONCE = 16;

/**
 * Stands where the bot's webhooks arrive and keeps what comes, so that a load can be sent at an exact rate: signing
 * would otherwise compete with the bot for the processor while it is measured.
 */
export class Collector {
  readonly #server: Server;
  readonly #webhooks: SignedWebhook[] = [];

  private constructor() {
    this.#server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.once("end", () => {
        const body = Buffer.concat(chunks).toString("utf8");
        if (request.url === "/webhooks/sns") this.#webhooks.push({ headers: kept(request.headers), body });
        response.writeHead(200).end();
      });
    });
  }

  static async open(): Promise<Collector> {
    const collector = new Collector();
    await new Promise<void>((resolve, reject) => {
      collector.#server.once("error", reject);
      collector.#server.listen(0, "127.0.0.1", resolve);
    });
    return collector;
  }

  get origin(): string {
    const address = this.#server.address();
    if (typeof address !== "object" || address === null) throw new Bug("collector-closed", "The collector is closed");
    return `http://127.0.0.1:${address.port}`;
  }

  /** Lets the world publish and sign them all; resolves to what it sent, in any order. */
  async sign(
    world: Pick<WorldClient, "post">,
    notifications: readonly Notification[],
  ): Promise<readonly SignedWebhook[]> {
    this.#webhooks.length = 0;
    const left = [...notifications];
    const publish = async () => {
      for (let next = left.pop(); next; next = left.pop()) await world.post("/sns/send", next);
    };
    await Promise.all(Array.from({ length: AT_ONCE }, publish));
    const deadline = Date.now() + COLLECT_WITHIN_MS;
    while (this.#webhooks.length < notifications.length) {
      if (Date.now() > deadline) {
        throw new Bug(
          "webhooks-missing",
          `The world sent ${this.#webhooks.length} of ${notifications.length} webhooks`,
        );
      }
      await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
    }
    return [...this.#webhooks];
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

function kept(headers: IncomingHttpHeaders): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      typeof value === "string" && (name.startsWith("x-amz-") || name === "content-type") ? [[name, value]] : [],
    ),
  );
}
