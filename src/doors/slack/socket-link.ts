import type { SocketModeReceiver } from "@slack/bolt";
import { chainOf } from "../../domain/errors.ts";
import type { Logger } from "../../ports/logger.ts";

/** Machine time. `apps.connections.open` may be limited to one a minute, so the last delay stays. */
const RECONNECT_AFTER_MS = [0, 500, 1_000, 2_000, 5_000, 15_000, 30_000, 60_000] as const;
const CLOSE_WITHIN_MS = 2_000;

type SocketClient = SocketModeReceiver["client"];

/**
 * Keeps one socket to Slack open. The SDK's own reconnecting is off (socket-mode 3.1.0): it waits five seconds before
 * it begins, and a reconnect that fails for good ends the process with an unhandled rejection.
 */
export class SocketLink {
  readonly #client: SocketClient;
  readonly #logger: Logger;
  #state: "closed" | "connecting" | "connected" | "stopped" = "closed";
  #failures = 0;
  #timer: NodeJS.Timeout | undefined;

  /** `connected` is called each time it connects. */
  constructor(
    client: SocketClient,
    { logger, connected }: { readonly logger: Logger; readonly connected: () => void },
  ) {
    this.#client = client;
    this.#logger = logger;
    client.on("connected", () => {
      if (this.#state === "stopped") return;
      this.#state = "connected";
      this.#failures = 0;
      logger.info({}, "Connected to Slack");
      connected();
    });
    client.on("disconnected", () => {
      // While connecting, `start()` itself tells of the failure.
      if (this.#state === "connected") this.#again();
    });
    // The SDK logs it, and "disconnected" follows; without a listener nothing may be assumed about an emitter.
    client.on("error", () => undefined);
  }

  get isConnected(): boolean {
    return this.#state === "connected";
  }

  /** Begins to connect and goes on until it succeeds or is stopped. Resolves after the first attempt. */
  async open(): Promise<void> {
    this.#state = "connecting";
    try {
      await this.#client.start();
      // The SDK goes on connecting though it was told to disconnect before it had a socket.
      if (this.#isStopped()) await this.#client.disconnect();
    } catch (error) {
      if (this.#isStopped()) return;
      this.#logger.warn({ error: chainOf(error), failures: this.#failures + 1 }, "Could not connect to Slack");
      this.#again();
    }
  }

  /** Does not wait any longer for the next attempt. */
  now(): void {
    if (this.#state !== "closed") return;
    clearTimeout(this.#timer);
    this.#failures = 0;
    void this.open();
  }

  /** No envelope comes in any more when this resolves. */
  async close(): Promise<void> {
    this.#state = "stopped";
    clearTimeout(this.#timer);
    let patience: NodeJS.Timeout | undefined;
    const tooLong = new Promise<void>((resolve) => {
      patience = setTimeout(resolve, CLOSE_WITHIN_MS);
    });
    await Promise.race([this.#client.disconnect(), tooLong]);
    clearTimeout(patience);
  }

  /** A method, since the state changes while `open` waits. */
  #isStopped(): boolean {
    return this.#state === "stopped";
  }

  #again(): void {
    const delayMs = RECONNECT_AFTER_MS[Math.min(this.#failures, RECONNECT_AFTER_MS.length - 1)] ?? 0;
    this.#failures += 1;
    this.#state = "closed";
    this.#timer = setTimeout(() => void this.open(), delayMs);
  }
}
