import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Fault } from "../world/faults.ts";
import type { Directory, Mode } from "./directory.ts";
import { type EventAnswer, enqueue, enqueueChange } from "./events-api.ts";
import { type Budget, RateLimit, rateHeaders } from "./rate-limit.ts";
import { RestError, type RestRoute } from "./rest-call.ts";
import { DIRECTORY_ROUTES } from "./rest-directory.ts";
import { INCIDENT_ROUTES } from "./rest-incidents.ts";

/** The Events API takes no larger body. */
const LARGEST_BODY_BYTES = 512 * 1_024;

interface Answer {
  readonly status: number;
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
}

interface Request {
  readonly method: string;
  readonly url: URL;
  readonly headers: IncomingMessage["headers"];
  readonly text: string;
}

const json = (status: number, body: unknown, headers: Record<string, string> = {}): Answer => ({
  status,
  body: JSON.stringify(body),
  headers: { "content-type": "application/json", ...headers },
});

const EVENT_ROUTES: Readonly<Record<string, { operation: string; accept: typeof enqueue }>> = {
  "POST /v2/enqueue": { operation: "enqueue", accept: enqueue },
  "POST /v2/change/enqueue": { operation: "change-enqueue", accept: enqueueChange },
};
const REST_ROUTES = [...INCIDENT_ROUTES, ...DIRECTORY_ROUTES];

/** What a gateway in trouble answers instead of the API. */
const BROKEN: Readonly<Partial<Record<Mode, (isEvent: boolean) => Answer>>> = {
  reject: (isEvent) => failure(isEvent, { status: 500, code: "2000", message: "An internal error has occurred" }),
  "429-without-headers": () => ({ status: 429, body: "", headers: {} }),
  "html-502": () => ({
    status: 502,
    body: "<html><head><title>502 Bad Gateway</title></head><body>502 Bad Gateway</body></html>",
    headers: { "content-type": "text/html" },
  }),
};

/** Events API and REST API on one port, as a client sees them that was diverted from both hosts. */
export class PagerDutyServer {
  readonly #directory: Directory;
  readonly #eventLimit: RateLimit;
  readonly #restLimit: RateLimit;
  readonly #server: Server;
  readonly #timers = new Set<NodeJS.Timeout>();
  /** Events that were accepted while the vendor stayed silent, oldest first. */
  #held: (() => void)[] = [];

  constructor(directory: Directory) {
    const { limits } = directory.account;
    this.#directory = directory;
    this.#eventLimit = new RateLimit(limits.eventsPerMinute);
    this.#restLimit = new RateLimit(limits.restPerMinute);
    this.#server = createServer((request, response) => {
      this.#serve(request, response).catch(() => response.destroy());
    });
  }

  async listen(port: number): Promise<number> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once("error", reject);
      this.#server.listen(port, "127.0.0.1", resolve);
    });
    // A TCP server's address is never a pipe name.
    return (this.#server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  /** Lets the held events out, late as they are, or throws them away; returns how many there were. */
  releaseHeld(fate: "deliver" | "drop"): number {
    const held = this.#held;
    this.#held = [];
    if (fate === "deliver") for (const process of held) process();
    return held.length;
  }

  async #serve(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(incoming.url ?? "/", "http://api.pagerduty.com");
    const method = incoming.method ?? "GET";
    const chunks: Buffer[] = [];
    // Without an encoding set, the stream gives buffers.
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString("utf8");
    const operation = this.#operationOf(method, url.pathname);
    await this.#pause(this.#directory.account.latencyMs);

    const fault = this.#directory.world.faults.take("pagerduty", operation, { input: parseJson(text) });
    if (fault?.kind === "delay") await this.#pause(fault.machineMs);
    if (fault?.kind === "drop-before") return void incoming.socket.destroy();
    if (fault?.kind === "hang") return;
    const answer =
      fault?.kind === "error"
        ? faultAnswer(isEventPath(url), fault)
        : this.#answer({ method, url, headers: incoming.headers, text });
    this.#directory.world.log.append("pagerduty.call", { operation, status: answer.status, fault: fault?.kind });
    if (fault?.kind === "drop-after") return void incoming.socket.destroy();
    if (fault?.kind === "hang-after") return;
    response.writeHead(answer.status, answer.headers).end(answer.body);
  }

  #operationOf(method: string, path: string): string {
    return EVENT_ROUTES[`${method} ${path}`]?.operation ?? findRoute(method, path)?.route.operation ?? "unknown";
  }

  #answer(request: Request): Answer {
    const broken = BROKEN[this.#directory.mode];
    if (broken) return broken(isEventPath(request.url));
    return isEventPath(request.url) ? this.#answerEvent(request) : this.#answerRest(request);
  }

  #answerEvent({ method, url, text }: Request): Answer {
    const route = EVENT_ROUTES[`${method} ${url.pathname}`];
    if (!route) return failure(true, { status: 404, code: "", message: "Not Found" });
    if (text.length > LARGEST_BODY_BYTES) return failure(true, { status: 413, code: "", message: "Payload too large" });
    const body = parseJson(text);
    const routingKey = routingKeyOf(body);
    if (this.#directory.serviceOfKey(routingKey)) {
      const budget = this.#eventLimit.take(routingKey);
      if (budget.isExceeded) return this.#throttled(budget, true);
    }
    const answer: EventAnswer = route.accept(this.#directory, body);
    if (answer.process) this.#process(answer.process);
    return json(answer.status, answer.body);
  }

  /** A 202 only promises: the effect comes at once, later, or (in silence) when the vendor has recovered. */
  #process(effect: () => void): void {
    const { mode, account } = this.#directory;
    if (mode === "accept-and-silence") this.#held.push(effect);
    else if (account.processingMs === 0) effect();
    else void this.#pause(account.processingMs).then(effect);
  }

  #answerRest({ method, url, headers, text }: Request): Answer {
    const { apiToken } = this.#directory.account;
    const authorization = headers.authorization ?? "";
    const isKnown = authorization === `Token token=${apiToken}` || authorization === `Bearer ${apiToken}`;
    if (!isKnown || !this.#directory.takesToken) {
      return json(401, new RestError({ status: 401, code: 2006, message: "Authentication failed" }).toJson());
    }
    const budget = this.#restLimit.take(apiToken);
    if (budget.isExceeded) return this.#throttled(budget, false);
    const found = findRoute(method, url.pathname);
    if (!found)
      return json(404, new RestError({ status: 404, code: 2100, message: "Not Found" }).toJson(), rateHeaders(budget));
    const from = headers["from"];
    try {
      const body = text === "" ? undefined : parseJson(text);
      const answer = found.route.handle(this.#directory, { id: found.id, query: url.searchParams, body, from });
      return json(answer.status, answer.body, rateHeaders(budget));
    } catch (error) {
      if (error instanceof RestError) return json(error.status, error.toJson(), rateHeaders(budget));
      throw error;
    }
  }

  #throttled(budget: Budget, isEvent: boolean): Answer {
    this.#directory.world.log.append("pagerduty.throttled", {
      api: isEvent ? "events" : "rest",
      limit: budget.limit,
      resetSeconds: budget.resetSeconds,
    });
    const answer = failure(isEvent, { status: 429, code: "2020", message: "Too Many Requests" });
    return { ...answer, headers: { ...answer.headers, ...rateHeaders(budget) } };
  }

  #pause(machineMs: number): Promise<void> {
    if (machineMs === 0) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        this.#timers.delete(timer);
        resolve();
      }, machineMs);
      this.#timers.add(timer);
    });
  }
}

const isEventPath = (url: URL): boolean => url.pathname.startsWith("/v2/");

function findRoute(method: string, path: string): { route: RestRoute; id: string } | undefined {
  const segments = path.split("/");
  for (const route of REST_ROUTES) {
    const pattern = route.pattern.split("/");
    if (route.method !== method || pattern.length !== segments.length) continue;
    if (!pattern.every((part, index) => part === ":id" || part === segments[index])) continue;
    return { route, id: segments[pattern.indexOf(":id")] ?? "" };
  }
  return undefined;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // No schema accepts undefined, so the API's own validation answers.
    return undefined;
  }
}

function routingKeyOf(body: unknown): string {
  const key = typeof body === "object" && body !== null && "routing_key" in body ? body.routing_key : "";
  return typeof key === "string" ? key : "";
}

function failure(
  isEvent: boolean,
  { status, code, message }: { readonly status: number; readonly code: string; readonly message: string },
): Answer {
  if (isEvent) return json(status, { status: status === 429 ? "throttle exceeded" : "error", message });
  return json(status, new RestError({ status, code: Number(code) || 2000, message }).toJson());
}

/** A planned error; a 429 without `retryAfterSeconds` comes without its headers, as some of the vendor's do. */
function faultAnswer(isEvent: boolean, fault: Extract<Fault["effect"], { kind: "error" }>): Answer {
  const answer = failure(isEvent, { status: fault.status, code: fault.code, message: fault.message });
  if (fault.retryAfterSeconds === undefined) return answer;
  const headers = { "ratelimit-remaining": "0", "ratelimit-reset": String(fault.retryAfterSeconds) };
  return { ...answer, headers: { ...answer.headers, ...headers } };
}
