import { request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import type { World } from "../world/world.ts";

export interface Delivery {
  /** Asked at each attempt. */
  readonly endpoint: () => string;
  readonly topicArn: string;
  readonly messageId: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** The vendor's limit for an endpoint's answer. */
const ANSWER_TIMEOUT_MS = 15_000;
/** SNS's default delivery policy: three retries, 20 s apart (world time). */
const RETRIES = 3;
const RETRY_DELAY_MS = 20_000;

/** Posts messages to subscribers, at least once. Each attempt is logged as `sns.delivered` with what came back. */
export class SnsDelivery {
  readonly #world: World;
  readonly #stopping = new AbortController();

  constructor(world: World) {
    this.#world = world;
  }

  start(delivery: Delivery, attempt = 1): void {
    void this.#attempt(delivery, attempt);
  }

  stop(): void {
    this.#stopping.abort();
  }

  async #attempt(delivery: Delivery, attempt: number): Promise<void> {
    const startedMs = Date.now();
    const status = await this.#status(delivery);
    if (this.#stopping.signal.aborted) return;
    const { messageId, topicArn } = delivery;
    const facts = {
      messageId,
      topicArn,
      endpoint: delivery.endpoint(),
      attempt,
      status,
      tookMs: Date.now() - startedMs,
    };
    this.#world.log.append("sns.delivered", { ...facts, machineMs: Date.now() });
    const isAccepted = typeof status === "number" && status >= 200 && status < 300;
    if (isAccepted || attempt > RETRIES) return;
    this.#world.clock.after(RETRY_DELAY_MS, () => this.start(delivery, attempt + 1));
  }

  /** The HTTP status, or why there is none. Nothing leaves a region that is unreachable. */
  async #status(delivery: Delivery): Promise<number | string> {
    if (this.#world.regions.isUnreachable(delivery.topicArn.split(":")[3] ?? "")) return "region-unreachable";
    try {
      return await post(delivery, AbortSignal.any([this.#stopping.signal, AbortSignal.timeout(ANSWER_TIMEOUT_MS)]));
    } catch (error) {
      return error instanceof Error ? (error.name === "AbortError" ? "timeout" : error.message) : String(error);
    }
  }
}

function post({ endpoint: endpointNow, headers, body }: Delivery, signal: AbortSignal): Promise<number> {
  const endpoint = endpointNow();
  const open = endpoint.startsWith("https:") ? requestHttps : requestHttp;
  const content = Buffer.from(body, "utf8");
  return new Promise((resolve, reject) => {
    const options = { method: "POST", agent: false, signal, headers: { ...headers, "content-length": content.length } };
    open(endpoint, options, (response) => {
      response.resume();
      response.once("end", () => resolve(response.statusCode ?? 0));
      response.once("error", reject);
    })
      .once("error", reject)
      .end(content);
  });
}
