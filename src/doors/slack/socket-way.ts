import { type App, type Receiver, SocketModeReceiver } from "@slack/bolt";
import type { Secret } from "../../domain/secret.ts";
import type { Logger } from "../../ports/logger.ts";
import { fetchWith, NO_TOKEN } from "./app-token.ts";
import { atMost } from "./at-most.ts";
import { sdkLogger } from "./sdk-logger.ts";
import { SocketLink } from "./socket-link.ts";
import type { SlackWayOut, Way } from "./way.ts";

/** Machine time. */
const CONNECT_TIMEOUT_MS = 10_000;
const START_WITHIN_MS = 3_000;
/** As long as Slack waits for an acknowledgement: what came by the old socket is answered there. */
const OLD_STAYS_MS = 3_000;

export interface SocketWayOptions {
  readonly appToken: Secret;
  /** Absent: the real one. */
  readonly apiUrl?: string | undefined;
  readonly wayOut?: SlackWayOut | undefined;
  readonly logger: Logger;
}

/** A socket that TwoKey opens. With another app token a second one is opened while the first serves. */
export class SocketWay implements Way, Receiver {
  readonly #options: SocketWayOptions;
  /** All that are not closed. */
  readonly #links = new Set<SocketLink>();
  #app: App | undefined;
  #current: SocketLink | undefined;
  #next: SocketLink | undefined;
  readonly listener = undefined;

  constructor(options: SocketWayOptions) {
    this.#options = options;
  }

  get receiver(): Receiver {
    return this;
  }

  readonly isConnected = (): boolean => this.#current?.isConnected === true;

  init(app: App): void {
    this.#app = app;
  }

  start(): Promise<void> {
    return this.open();
  }

  stop(): Promise<void> {
    return this.close();
  }

  async open(): Promise<void> {
    this.#current = this.#linkWith(() => undefined);
    await atMost(this.#current.open(), START_WITHIN_MS);
  }

  async close(): Promise<void> {
    const links = [...this.#links];
    this.#links.clear();
    await Promise.all(links.map((link) => link.close()));
  }

  renew(): void {
    const current = this.#current;
    if (!current || !this.#links.has(current)) return;
    // What does not serve yet is only hurried.
    const waiting = current.isConnected ? this.#next : current;
    if (waiting) waiting.now();
    else this.#openBeside();
  }

  #openBeside(): void {
    const next = this.#linkWith(() => this.#change(next));
    this.#next = next;
    void next.open();
  }

  #change(next: SocketLink): void {
    const old = this.#current;
    // Also called when it connects again later.
    if (next !== this.#next || !old) return;
    this.#current = next;
    this.#next = undefined;
    this.#options.logger.info({}, "A socket with the new app token serves now");
    setTimeout(() => {
      this.#links.delete(old);
      void old.close();
    }, OLD_STAYS_MS).unref();
  }

  #linkWith(connected: () => void): SocketLink {
    const { appToken, apiUrl, wayOut, logger } = this.#options;
    const receiver = new SocketModeReceiver({
      appToken: NO_TOKEN,
      ...(wayOut?.dispatcher && { dispatcher: wayOut.dispatcher }),
      autoReconnectEnabled: false,
      logger: sdkLogger(logger),
      // An object of its own and without headers: Bolt 5.1.0 writes into it, and headers would take the place of its own.
      installerOptions: {
        clientOptions: {
          ...(apiUrl === undefined ? {} : { slackApiUrl: apiUrl }),
          fetch: fetchWith(appToken, wayOut?.fetch),
          retryConfig: { retries: 0 },
          timeout: CONNECT_TIMEOUT_MS,
          rejectRateLimitedCalls: true,
        },
      },
    });
    if (this.#app) receiver.init(this.#app);
    const link = new SocketLink(receiver.client, { logger, connected });
    this.#links.add(link);
    return link;
  }
}
