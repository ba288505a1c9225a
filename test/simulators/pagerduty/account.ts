import { createHmac } from "node:crypto";
import { createServer } from "node:http";
import { Agent } from "node:https";
import { type AddressInfo, connect } from "node:net";
import { startPagerDuty } from "../../../src/simulators/pagerduty/pagerduty.ts";
import type { PagerDutySpec } from "../../../src/simulators/pagerduty/spec.ts";
import { createWorld, type Simulator, type World } from "../../../src/simulators/world/world.ts";

export const ROUTING_KEY = "0123456789abcdef0123456789abcdef";
export const OTHER_KEY = "fedcba9876543210fedcba9876543210";
export const TOKEN = "pd-token-of-the-tests";
export const BOT = "bot@example.com";
export const MINUTE_MS = 60_000;

/** Ana is first on call, Ben second; the bot has an account of its own and is never on call. */
export const ACCOUNT: PagerDutySpec = {
  apiToken: TOKEN,
  users: [
    { id: "PUANA", name: "Ana", email: "ana@example.com" },
    { id: "PUBEN", name: "Ben", email: "ben@example.com" },
    { id: "PUCEO", name: "Cleo", email: "cleo@example.com" },
    { id: "PUBOT", name: "TwoKey", email: BOT },
  ],
  schedules: [{ id: "PSCHED1", name: "First line", shifts: [{ user: "PUANA" }] }],
  escalationPolicies: [
    {
      id: "PEPOPS01",
      name: "Operations",
      rules: [
        { delayMinutes: 5, targets: [{ schedule: "PSCHED1" }] },
        { delayMinutes: 10, targets: [{ user: "PUBEN" }] },
      ],
      numLoops: 1,
    },
    { id: "PEPDR001", name: "Disaster recovery", rules: [{ delayMinutes: 5, targets: [{ user: "PUCEO" }] }] },
  ],
  services: [
    { id: "PSVC1", name: "Inventory", escalationPolicy: "PEPOPS01", integrationKeys: [ROUTING_KEY, OTHER_KEY] },
    {
      id: "PSVC2",
      name: "Reports",
      urgency: "by-severity",
      escalationPolicy: "PEPOPS01",
      integrationKeys: ["0".repeat(32)],
    },
  ],
};

export interface RequestParts {
  readonly body?: unknown;
  readonly headers?: Record<string, string> | undefined;
}

export interface Bench {
  readonly world: World;
  readonly simulator: Simulator;
  /** The world's control API. */
  control(method: "GET" | "POST", path: string, body?: unknown): Promise<unknown>;
  /** A raw call, as any HTTP client makes it; REST calls carry the token and `From`. */
  call(method: string, path: string, parts?: RequestParts): Promise<Answer>;
  kinds(prefix: string): string[];
  stop(): Promise<void>;
}

export interface Answer {
  readonly status: number;
  readonly body: unknown;
  readonly headers: Headers;
}

export async function openBench(change: Partial<PagerDutySpec> = {}): Promise<Bench> {
  const world = createWorld({ startMs: Date.parse("2026-11-21T03:00:00Z"), speed: 1, seed: 7, regions: [] });
  const simulator = await startPagerDuty(world, { ...ACCOUNT, ...change });
  const controlPort = await world.control.listen();
  return {
    world,
    simulator,
    control: async (method, path, body) => {
      const init = body === undefined ? { method } : { method, body: JSON.stringify(body) };
      const response = await fetch(`http://127.0.0.1:${controlPort}${path}`, init);
      if (!response.ok) throw new Error(`${method} ${path}: ${await response.text()}`);
      return response.json();
    },
    call: async (method, path, { body, headers = {} }: RequestParts = {}) => {
      const response = await fetch(`http://127.0.0.1:${simulator.port}${path}`, {
        method,
        headers: { authorization: `Token token=${TOKEN}`, from: BOT, "content-type": "application/json", ...headers },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      const text = await response.text();
      const isJson = response.headers.get("content-type") === "application/json";
      return { status: response.status, body: isJson ? JSON.parse(text) : text, headers: response.headers };
    },
    kinds: (prefix) => world.log.read(0, prefix).map((entry) => entry.kind),
    stop: async () => {
      world.clock.stop();
      await simulator.stop();
      await world.control.close();
    },
  };
}

/** An https agent that opens plain TCP to the simulator; the URL keeps the vendor's host name. */
export function divertedAgent(port: number): Agent {
  const agent = new Agent();
  return Object.assign(agent, {
    createConnection: () => {
      const socket = connect(port, "127.0.0.1");
      socket.once("connect", () => socket.emit("secureConnect"));
      return socket;
    },
  });
}

export function triggerEvent(dedupKey: string, severity = "critical"): Record<string, unknown> {
  return {
    routing_key: ROUTING_KEY,
    event_action: "trigger",
    dedup_key: dedupKey,
    payload: { summary: "Inventory is down", source: "twokey", severity },
  };
}

export const followUp = (action: "acknowledge" | "resolve", dedupKey: string, routingKey = ROUTING_KEY) => ({
  routing_key: routingKey,
  event_action: action,
  dedup_key: dedupKey,
});

export interface Received {
  readonly webhookId: string;
  readonly type: string;
  readonly body: string;
  readonly signatures: readonly string[];
}

export interface Receiver {
  readonly url: string;
  readonly received: Received[];
  /** Statuses for the next requests, then 202; 0 cuts the connection. */
  readonly answers: number[];
  stop(): Promise<void>;
}

/** A webhook receiver that answers what it is told to. */
export async function openReceiver(): Promise<Receiver> {
  const received: Received[] = [];
  const answers: number[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const body = Buffer.concat(chunks).toString("utf8");
      received.push({
        body,
        webhookId: String(request.headers["x-webhook-id"]),
        type: JSON.parse(body).event.event_type,
        signatures: String(request.headers["x-pagerduty-signature"]).split(","),
      });
      const status = answers.shift() ?? 202;
      if (status === 0) request.socket.destroy();
      else response.writeHead(status).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  // A TCP server's address is never a pipe name.
  const { port } = server.address() as AddressInfo;
  return {
    received,
    answers,
    url: `http://127.0.0.1:${port}/webhooks/pagerduty`,
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

export const signed = (secret: string, body: string) => `v1=${createHmac("sha256", secret).update(body).digest("hex")}`;
