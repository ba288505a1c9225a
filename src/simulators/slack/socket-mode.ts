import { randomUUID } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { type RawData, WebSocket, WebSocketServer } from "ws";
import type { Random } from "../world/random.ts";
import type { World } from "../world/world.ts";
import { ACK_LIMIT_MS, type Ack, type Envelope } from "./envelope.ts";
import { isJson, parseJson } from "./json.ts";
import type { App } from "./spec.ts";
import type { MachineTimers } from "./timers.ts";

const MOST_SOCKETS = 10;
const PING_EVERY_MS = 5_000;
const CLOSING_PATIENCE_MS = 500;
/** Documented: the warning comes about ten seconds ahead of the refresh. */
const WARNING_AHEAD_MS = 10_000;
/** Documented for `&debug_reconnects=true`. */
const DEBUG_LIFETIME_MS = 360_000;

export type DisconnectReason = "warning" | "refresh_requested" | "link_disabled" | "too_many_websockets";

interface Link {
  readonly app: App;
  readonly socket: WebSocket;
  readonly number: number;
  readonly cancelTimers: (() => void)[];
}

interface Waiting {
  readonly sentMs: number;
  readonly acceptsResponse: boolean;
  readonly settle: (ack: Ack) => void;
}

/** Socket Mode: up to ten sockets an app, each payload to any one of them, three seconds to acknowledge. */
export class SocketMode {
  readonly #world: World;
  readonly #random: Random;
  readonly #timers: MachineTimers;
  readonly #lifetimeMs: number;
  readonly #server = new WebSocketServer({ noServer: true });
  readonly #tickets = new Map<string, App>();
  readonly #links = new Set<Link>();
  readonly #waiting = new Map<string, Waiting>();
  #opened = 0;

  constructor(world: World, timers: MachineTimers, lifetimeMs: number) {
    this.#world = world;
    this.#random = world.random.fork("slack.socket-mode");
    this.#timers = timers;
    this.#lifetimeMs = lifetimeMs;
  }

  /** A ticket lets one socket in, once. */
  ticket(app: App): string {
    const ticket = randomUUID();
    this.#tickets.set(ticket, app);
    return ticket;
  }

  count(appId?: string): number {
    return this.#of(appId).length;
  }

  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const query = new URL(request.url ?? "/", "http://slack").searchParams;
    const ticket = query.get("ticket") ?? "";
    const app = this.#tickets.get(ticket);
    if (!app) {
      socket.end("HTTP/1.1 403 Forbidden\r\nConnection: close\r\n\r\n");
      return;
    }
    this.#tickets.delete(ticket);
    const lifetimeMs = query.get("debug_reconnects") === "true" ? DEBUG_LIFETIME_MS : this.#lifetimeMs;
    this.#server.handleUpgrade(request, socket, head, (opened) => this.#welcome(app, opened, lifetimeMs));
  }

  /** Sends to one socket of the app, chosen by chance, and waits for its acknowledgement. */
  send(app: App, envelope: Envelope): Promise<Ack> {
    const [first, ...others] = this.#of(app.appId).filter((link) => link.socket.readyState === WebSocket.OPEN);
    if (!first) return Promise.resolve({ ok: false, ackMs: 0, error: "dispatch_failed" });
    this.#random.pick([first, ...others]).socket.send(
      JSON.stringify({
        envelope_id: envelope.envelopeId,
        type: envelope.type,
        payload: envelope.payload,
        accepts_response_payload: envelope.acceptsResponse,
        ...(envelope.retry ? { retry_attempt: envelope.retry.attempt, retry_reason: envelope.retry.reason } : {}),
      }),
    );
    // A copy of an envelope under way waits for nothing: the first acknowledgement counts.
    if (this.#waiting.has(envelope.envelopeId)) return Promise.resolve({ ok: true, ackMs: 0, payload: {} });
    return this.#awaitAck(envelope);
  }

  /** Cuts connections without a closing handshake, as a network does. Returns how many. */
  kill(appId?: string): number {
    const links = this.#of(appId);
    for (const link of links) link.socket.terminate();
    return links.length;
  }

  /** Sends a disconnect frame; after all but a warning the server closes as well. Returns to how many sockets. */
  disconnect(reason: DisconnectReason, appId?: string): number {
    const links = this.#of(appId);
    for (const link of links) sayGoodbye(link.socket, reason, link.number);
    return links.length;
  }

  /** Closes politely first: a client that is cut in the middle of its own closing keeps a 30 s timer (socket-mode 3.1.0). */
  async stop(): Promise<void> {
    const closings = [...this.#links].map(async ({ socket, cancelTimers }) => {
      for (const cancel of cancelTimers) cancel();
      const closed = new Promise((resolve) => socket.once("close", resolve));
      socket.close(1001);
      const patience = setTimeout(() => socket.terminate(), CLOSING_PATIENCE_MS);
      await closed;
      clearTimeout(patience);
    });
    await Promise.all(closings);
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #of(appId: string | undefined): Link[] {
    return [...this.#links].filter((link) => appId === undefined || link.app.appId === appId);
  }

  #awaitAck(envelope: Envelope): Promise<Ack> {
    const sentMs = Date.now();
    return new Promise((resolve) => {
      const giveUp = this.#timers.after(ACK_LIMIT_MS, () => {
        this.#waiting.delete(envelope.envelopeId);
        resolve({ ok: false, ackMs: Date.now() - sentMs, error: "operation_timeout" });
      });
      const settle = (ack: Ack) => {
        giveUp();
        this.#waiting.delete(envelope.envelopeId);
        resolve(ack);
      };
      this.#waiting.set(envelope.envelopeId, { sentMs, acceptsResponse: envelope.acceptsResponse, settle });
    });
  }

  #welcome(app: App, socket: WebSocket, lifetimeMs: number): void {
    const number = ++this.#opened;
    if (this.count(app.appId) >= MOST_SOCKETS) {
      sayGoodbye(socket, "too_many_websockets", number);
      return;
    }
    const link: Link = { app, socket, number, cancelTimers: this.#lifeOf(socket, lifetimeMs, number) };
    this.#links.add(link);
    this.#world.log.append("slack.socket-opened", { app: app.appId, socket: number, open: this.count(app.appId) });
    socket.on("message", (data) => this.#receive(data));
    socket.on("error", () => socket.terminate());
    socket.on("close", () => {
      for (const cancel of link.cancelTimers) cancel();
      this.#links.delete(link);
      this.#world.log.append("slack.socket-closed", { app: app.appId, socket: number, open: this.count(app.appId) });
    });
    socket.send(
      JSON.stringify({
        type: "hello",
        num_connections: this.count(app.appId),
        connection_info: { app_id: app.appId },
        debug_info: { ...debugInfo(number), approximate_connection_time: Math.floor(lifetimeMs / 1000) },
      }),
    );
  }

  #lifeOf(socket: WebSocket, lifetimeMs: number, number: number): (() => void)[] {
    const pinger = setInterval(() => socket.ping(`Ping from ${debugInfo(number).host}`), PING_EVERY_MS);
    return [
      () => clearInterval(pinger),
      this.#timers.after(Math.max(0, lifetimeMs - WARNING_AHEAD_MS), () => sayGoodbye(socket, "warning", number)),
      this.#timers.after(lifetimeMs, () => sayGoodbye(socket, "refresh_requested", number)),
    ];
  }

  #receive(data: RawData): void {
    const text = Array.isArray(data) ? Buffer.concat(data) : Buffer.isBuffer(data) ? data : Buffer.from(data);
    const message = parseJson(text.toString("utf8"));
    if (!isJson(message) || typeof message["envelope_id"] !== "string") return;
    const waiting = this.#waiting.get(message["envelope_id"]);
    if (!waiting) return;
    const payload = waiting.acceptsResponse && isJson(message["payload"]) ? message["payload"] : {};
    waiting.settle({ ok: true, ackMs: Date.now() - waiting.sentMs, payload });
  }
}

const debugInfo = (number: number) => ({ host: `applink-sim-${number}` });

function sayGoodbye(socket: WebSocket, reason: DisconnectReason, number: number): void {
  if (socket.readyState !== WebSocket.OPEN) return;
  socket.send(JSON.stringify({ type: "disconnect", reason, debug_info: debugInfo(number) }));
  if (reason !== "warning") socket.close(1000);
}
