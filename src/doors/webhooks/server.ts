import type { RequestListener } from "node:http";
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from "fastify";
import { chainOf, UserError } from "../../domain/errors.ts";
import type { Logger } from "../../ports/logger.ts";
import type { HintDoor } from "./hints.ts";
import type { SnsDoor, WebhookRequest } from "./sns.ts";

const BODY_LIMIT = 256 * 1_024;
/** Machine time. SNS waits 15 s for an answer, a pager 5 s, Slack 3 s. */
const REQUEST_TIMEOUT_MS = 10_000;
const CONNECTION_TIMEOUT_MS = 20_000;
/** Longer than a load balancer's usual 60 s, so that it is never us who close under a request. */
const KEEP_ALIVE_TIMEOUT_MS = 65_000;
const READINESS_WITHIN_MS = 2_000;
const FINISH_WITHIN_MS = 5_000;

/** One thing that the process stands on and that is wrong, gives no answer, or was not looked at yet. */
export interface Degraded {
  readonly proof: string;
  readonly since: string;
  readonly what: string;
  readonly instead: string;
}

export interface Readiness {
  /** Empty: ready. Each entry is one sentence about what is missing. */
  readonly missing: readonly string[];
  /** What is not as it should be, and takes the process away from nobody. */
  readonly degraded: readonly Degraded[];
}

export interface WebOptions {
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  readonly logger: Logger;
  readonly isReady: () => Promise<Readiness>;
  readonly sns: SnsDoor;
  /** Of each pager that sends hints, by its name. */
  readonly hints: Readonly<Record<string, HintDoor>>;
  /** Slack's signed HTTP, where it is used in place of a socket. */
  readonly slack?: RequestListener | undefined;
  /** Further routes, such as the console; each in a scope of its own. */
  readonly routes?: readonly ((server: FastifyInstance) => void)[];
}

export interface Web {
  readonly port: number;
  /** Takes no new connection and lets what is under way finish, 5 s at most. */
  close(): Promise<void>;
}

/** The web door. Bodies arrive as they were sent: signatures are made over bytes. */
export async function startWeb(options: WebOptions): Promise<Web> {
  const server = fastify({
    bodyLimit: BODY_LIMIT,
    requestTimeout: REQUEST_TIMEOUT_MS,
    connectionTimeout: CONNECTION_TIMEOUT_MS,
    keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MS,
    forceCloseConnections: "idle",
    // Our own answers are all there is to see: nothing names the software behind them.
    logger: false,
  });
  server.removeAllContentTypeParsers();
  server.addContentTypeParser("*", { parseAs: "buffer" }, (_request, body, done) => done(null, body));
  answerErrors(server, options.logger);
  addHealth(server, options);
  addWebhook(server, "/webhooks/sns", options.sns);
  for (const [pager, door] of Object.entries(options.hints)) addWebhook(server, `/webhooks/${pager}`, door);
  if (options.slack) mountSlack(server, options.slack);
  for (const route of options.routes ?? []) scoped(server, route);
  await listen(server, options);
  const address = server.server.address();
  return {
    port: typeof address === "object" && address ? address.port : options.port,
    close: () => close(server),
  };
}

async function listen(server: FastifyInstance, { host, port }: WebOptions): Promise<void> {
  try {
    await server.listen({ host, port });
  } catch (error) {
    await server.close();
    const isTaken = error instanceof Error && "code" in error && error.code === "EADDRINUSE";
    throw isTaken
      ? new UserError(
          "port-taken",
          `Port ${port} on ${host} is taken by another program. Stop that one, or choose another TWOKEY_HTTP_PORT.`,
        )
      : new UserError(
          "port-refused",
          `TwoKey cannot listen on ${host}, port ${port}. Check TWOKEY_HTTP_HOST and TWOKEY_HTTP_PORT.`,
          { cause: error },
        );
  }
}

/** What `add` changes about parsing or errors holds for its own routes only. */
function scoped(server: FastifyInstance, add: (scope: FastifyInstance) => void): void {
  server.register((scope, _options, done) => {
    add(scope);
    done();
  });
}

function answerErrors(server: FastifyInstance, logger: Logger): void {
  server.setNotFoundHandler((_request, reply) => reply.code(404).send({ error: "not found" }));
  server.setErrorHandler((error, request, reply) => {
    const status = statusOf(error);
    const facts = { path: request.routeOptions.url, status, error: chainOf(error) };
    if (status < 500) {
      logger.warn(facts, "Refused a request to the web door");
      return reply.code(status).send({ error: status === 413 ? "too large" : "bad request" });
    }
    logger.error(facts, "The web door failed");
    return reply.code(status).send({ error: "failed" });
  });
}

function statusOf(error: unknown): number {
  const status = error instanceof Error && "statusCode" in error ? error.statusCode : undefined;
  return typeof status === "number" && status >= 400 && status < 600 ? status : 500;
}

function addHealth(server: FastifyInstance, { isReady, logger }: WebOptions): void {
  server.get("/healthz", async (_request, reply) => uncached(reply).send({ alive: true }));
  server.get("/readyz", async (_request, reply) => {
    const { missing, degraded } = await readiness(isReady, logger);
    return uncached(reply)
      .code(missing.length === 0 ? 200 : 503)
      .send({ ready: missing.length === 0, missing, degraded });
  });
}

const uncached = (reply: FastifyReply) => reply.header("cache-control", "no-store");

/** A check that fails or hangs is an answer too. */
async function readiness(isReady: () => Promise<Readiness>, logger: Logger): Promise<Readiness> {
  let timer: NodeJS.Timeout | undefined;
  const tooLong = new Promise<Readiness>((resolve) => {
    timer = setTimeout(() => resolve(missing("The check did not end in time.")), READINESS_WITHIN_MS);
  });
  try {
    return await Promise.race([isReady(), tooLong]);
  } catch (error) {
    logger.warn({ error: chainOf(error) }, "The readiness check failed");
    return missing("The check failed.");
  } finally {
    clearTimeout(timer);
  }
}

const missing = (why: string): Readiness => ({ missing: [why], degraded: [] });

function addWebhook(
  server: FastifyInstance,
  path: string,
  handle: (request: WebhookRequest) => Promise<{ readonly status: number }>,
): void {
  server.post(path, async (request: FastifyRequest, reply) => {
    const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
    const { status } = await handle({ headers: request.headers, body });
    return reply.code(status).send();
  });
}

/** Bolt reads the request by itself, so nothing of it may be read before. */
function mountSlack(server: FastifyInstance, listener: RequestListener): void {
  scoped(server, (scope) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser("*", (_request, _payload, done) => done(null));
    scope.post("/slack/events", (request, reply) => {
      reply.hijack();
      listener(request.raw, reply.raw);
    });
  });
}

async function close(server: FastifyInstance): Promise<void> {
  const enough = setTimeout(() => server.server.closeAllConnections(), FINISH_WITHIN_MS);
  await server.close();
  clearTimeout(enough);
}
