import { Redis, type RedisOptions } from "ioredis";
import { Bug, UserError } from "../domain/errors.ts";
import type { Secret } from "../domain/secret.ts";
import type { Logger } from "../ports/logger.ts";
import { reconnecting } from "./credentials.ts";
import { leave } from "./leave.ts";
import { refusedStart } from "./refusals.ts";
import { type ScriptedRedis, withScripts } from "./scripts.ts";
import { judgeServer, lookAtServer, type ServerFacts, type StoreTerms } from "./server-check.ts";

const backoffMs = (attempt: number) => Math.min(50 * 2 ** Math.min(attempt, 6), 2_000);
const isReadOnly = (error: Error) => error.message.startsWith("READONLY");

/**
 * Producers and the store fail fast: with Redis away a click, a webhook or a step hears so at once and nothing is
 * half done. Workers wait instead, without a command time-out, because their calls block.
 */
export const FAIL_FAST = {
  maxRetriesPerRequest: 1,
  enableOfflineQueue: false,
  commandTimeout: 2_000,
  connectTimeout: 2_000,
  retryStrategy: backoffMs,
  // Not sent again: it would find no connection, and only that would be said.
  reconnectOnError: (error) => (isReadOnly(error) ? 1 : false),
} satisfies RedisOptions;
export const WAITING = {
  maxRetriesPerRequest: null,
  retryStrategy: backoffMs,
  reconnectOnError: (error) => (isReadOnly(error) ? 2 : false),
} satisfies RedisOptions;

/** Beside either of these: each connection that is opened again signs in with what the URL says then. */
export const signingInBy = (url: Secret) => reconnecting(url, backoffMs);

/** A ready, checked connection, and what its server was found to be. Throws UserError when it cannot carry failovers on these terms. */
export async function connectRedis(
  url: string | Secret,
  terms: StoreTerms & { /** By which others see that this process is there. */ readonly name?: string },
  logger: Logger,
): Promise<Checked> {
  const look = async (redis: Redis) => {
    const facts = await lookAtServer(redis);
    judgeServer(facts, terms, logger);
    return facts;
  };
  const { redis, found: facts } = await connected(
    new Redis(typeof url === "string" ? url : url.reveal(), {
      ...FAIL_FAST,
      ...(typeof url === "string" ? {} : signingInBy(url)),
      lazyConnect: true,
      ...(terms.name !== undefined && { connectionName: terms.name }),
    }),
    look,
    logger,
  );
  return { redis, facts };
}

export interface Checked {
  readonly redis: ScriptedRedis;
  readonly facts: ServerFacts;
}

/** A ready connection whose server was not judged. Throws UserError when there is none. */
export async function connectPlainly(url: string, logger: Logger): Promise<ScriptedRedis> {
  const made = new Redis(url, { ...FAIL_FAST, lazyConnect: true, retryStrategy: null });
  return (await connected(made, async () => undefined, logger)).redis;
}

/** The same for somebody who only looks: whatever could write is refused before it is sent. */
export async function connectReader(url: string, logger: Logger): Promise<ScriptedRedis> {
  const made = new ReadingRedis(url, { ...FAIL_FAST, lazyConnect: true });
  return (await connected(made, async () => undefined, logger)).redis;
}

/** The code of what a reader's connection throws for a write. */
export const READ_ONLY = "store-read-only";
const HANDSHAKE = ["auth", "client", "hello", "info", "select"];
/** Commands that change nothing. */
export const READS = new Set([
  ...[...HANDSHAKE, "exists", "get", "mget", "hget", "hgetall", "hvals", "lrange", "smembers", "time"],
  ...["xrange", "xrevrange", "zrange", "zrangebylex", "zrangebyscore"],
]);

class ReadingRedis extends Redis {
  override sendCommand(...[command, stream]: Parameters<Redis["sendCommand"]>): unknown {
    if (READS.has(command.name.toLowerCase())) return super.sendCommand(command, stream);
    command.reject(new Bug(READ_ONLY, `This connection only reads; it sends no ${command.name}`));
    return command.promise;
  }
}

async function connected<Found>(
  made: Redis,
  look: (redis: Redis) => Promise<Found>,
  logger: Logger,
): Promise<{ readonly redis: ScriptedRedis; readonly found: Found }> {
  const redis = withScripts(made);
  let lastError: Error | undefined;
  redis.on("error", (error: Error) => {
    lastError = error;
    logger.warn({ why: error.message }, "The Redis connection failed");
  });
  try {
    await redis.connect();
    return { redis, found: await look(redis) };
  } catch (error) {
    leave(redis);
    if (error instanceof UserError) throw error;
    // Of a connection that was refused, such as for its password, the command only says that it is closed.
    const cause = lastError ?? error;
    throw (
      refusedStart(cause) ??
      new UserError("redis-unreachable", "Redis does not answer. Check REDIS_URL and whether the server is up.", {
        cause,
      })
    );
  }
}
