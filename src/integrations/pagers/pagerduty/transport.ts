import type { Agent, AgentOptions } from "node:http";
import { Agent as DirectAgent } from "node:https";
import { connect } from "node:net";
import { api, event } from "@pagerduty/pdjs";
import { brokenWay } from "../../../domain/broken-way.ts";
import { UserError } from "../../../domain/errors.ts";
import type { Exchange } from "./classify.ts";

/*
 * pdjs 2.2.4 is used only here, because by itself it
 * - never times out (`requestTimeout` arms an empty timer): hence our signal, and a race for what the signal cannot reach;
 * - sleeps through a 429 for 20 s, three times: hence `retryTimeout`;
 * - resolves on 4xx and 5xx, and rejects with things that are no Error: hence Exchange;
 * - truncates silently in `.all()`: hence our own paging.
 */

/** Machine time. The signal ends the request; the race ends pdjs's own sleeps, which the signal cannot. */
const DEFAULT_ANSWER_WITHIN_MS = 8_000;
const RACE_GRACE_MS = 2_000;
const SLEEP_AFTER_429_MS = 500;
const MOST_SOCKETS = 4;
/**
 * Machine time after which an idle connection is given up: before the other side does so. A server closes it after 5 s (Node), 60 s (load
 * balancers of AWS) or 75 s (nginx), and one that is closed in the moment in which it is used again looks like an outage. Calls come
 * every 10 and every 60 s.
 */
const IDLE_MS = 4_000;

const HOSTS = {
  us: { rest: "api.pagerduty.com", events: "events.pagerduty.com" },
  eu: { rest: "api.eu.pagerduty.com", events: "events.eu.pagerduty.com" },
} as const;

export interface TransportOptions {
  readonly region: "us" | "eu";
  /** `host:port` of a plain-HTTP stand-in on this machine; absent in production. */
  readonly address?: string | undefined;
  /** Connections through a proxy; absent, or undefined: directly. */
  readonly agent?: ((options: AgentOptions) => Agent | undefined) | undefined;
  readonly answerWithinMs?: number | undefined;
  /** Machine time; absent: 4 s. */
  readonly idleMs?: number | undefined;
}

export type EventData = Parameters<typeof event>[0]["data"];

export interface RestRequest {
  readonly method: "GET" | "POST" | "PUT";
  readonly endpoint: string;
  readonly token: string;
  readonly from: string;
  readonly query?: Record<string, string | string[]>;
  readonly data?: object;
}

/** Makes single calls and tells what came back; never throws, and what it tells never holds a token or routing key. */
export class Transport {
  readonly #hosts: (typeof HOSTS)["us" | "eu"];
  readonly #answerWithinMs: number;
  /** One each, so that a hanging REST API cannot hold up an event. */
  readonly #agents: { readonly rest: Agent; readonly events: Agent };

  constructor(options: TransportOptions) {
    this.#hosts = HOSTS[options.region];
    this.#answerWithinMs = options.answerWithinMs ?? DEFAULT_ANSWER_WITHIN_MS;
    this.#agents = { rest: agentFor(options), events: agentFor(options) };
  }

  sendEvent(data: EventData): Promise<Exchange> {
    return this.#exchange(() => event({ ...this.#common("events"), server: this.#hosts.events, data }));
  }

  callRest({ method, endpoint, token, from, query, data }: RestRequest): Promise<Exchange> {
    return this.#exchange(() =>
      api({
        ...this.#common("rest"),
        server: this.#hosts.rest,
        method,
        endpoint,
        token,
        headers: { From: from },
        ...(query === undefined ? {} : { queryParameters: query }),
        ...(data === undefined ? {} : { data }),
      }),
    );
  }

  close(): void {
    this.#agents.rest.destroy();
    this.#agents.events.destroy();
  }

  #common(kind: "rest" | "events") {
    return {
      agent: this.#agents[kind],
      signal: AbortSignal.timeout(this.#answerWithinMs),
      requestTimeout: 0,
      retryTimeout: SLEEP_AFTER_429_MS,
    };
  }

  async #exchange(call: () => Promise<{ status: number; headers: Headers; data: unknown }>): Promise<Exchange> {
    let timer: NodeJS.Timeout | undefined;
    const tooLate = new Promise<Exchange>((resolve) => {
      const why = "no answer from PagerDuty in time";
      const exchange = { kind: "no-answer", why, status: undefined, neverSent: false } as const;
      timer = setTimeout(() => resolve(exchange), this.#answerWithinMs + RACE_GRACE_MS);
    });
    try {
      return await Promise.race([call().then(answerOf, noAnswerOf), tooLate]);
    } finally {
      clearTimeout(timer);
    }
  }
}

function agentFor({ address, agent: through, idleMs = IDLE_MS }: TransportOptions): Agent {
  // Of a connection that is in use Node's agent lets this time pass.
  const keeping = { keepAlive: true, maxSockets: MOST_SOCKETS, timeout: idleMs };
  const agent = new DirectAgent(keeping);
  if (address === undefined) return through?.(keeping) ?? agent;
  const port = Number(/^(?:127\.0\.0\.1|localhost):(\d+)$/.exec(address)?.[1]);
  if (!(port > 0)) {
    // Diverted calls carry the token without TLS: they must not leave the machine.
    throw new UserError("PAGERDUTY_ADDRESS", `PagerDuty can only be diverted to 127.0.0.1:<port>, not to ${address}`);
  }
  const createConnection = () => {
    const socket = connect(port, "127.0.0.1");
    // The https client waits for the end of a TLS handshake that a plain socket never announces.
    socket.once("connect", () => socket.emit("secureConnect"));
    return socket;
  };
  return Object.assign(agent, { createConnection });
}

function answerOf(answer: { status: number; headers: Headers; data: unknown }): Exchange {
  const seconds = Number(answer.headers.get("ratelimit-reset") ?? Number.NaN);
  return {
    kind: "answer",
    status: answer.status,
    resetMs: seconds >= 0 ? seconds * 1_000 : undefined,
    body: answer.data,
  };
}

/** Codes of a connection that never came about, so that nothing can have happened. */
const NEVER_SENT = new Set(["ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN", "EHOSTUNREACH", "ENETUNREACH"]);

const NO_JSON = "PagerDuty's answer was not JSON";

/** pdjs rejects with errors of node-fetch. Of a body that was not JSON: the REST API with the Response itself, the Events API with such an error. */
function noAnswerOf(reason: unknown): Exchange {
  const facts = typeof reason === "object" && reason !== null ? reason : {};
  if (!(reason instanceof Error) && "status" in facts && typeof facts.status === "number") {
    return { kind: "no-answer", why: NO_JSON, status: facts.status, neverSent: false };
  }
  if ("type" in facts && facts.type === "invalid-json") {
    return { kind: "no-answer", why: NO_JSON, status: undefined, neverSent: false };
  }
  const code = "code" in facts && typeof facts.code === "string" ? facts.code : undefined;
  const name = reason instanceof Error ? reason.name : "unknown error";
  const what = brokenWay(reason) ?? "the connection broke";
  const why = name === "AbortError" ? "no answer from PagerDuty in time" : `PagerDuty call failed: ${what}`;
  return { kind: "no-answer", why, status: undefined, neverSent: code !== undefined && NEVER_SENT.has(code) };
}
