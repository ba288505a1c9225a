import { Redis, type RedisOptions } from "ioredis";
import { Bug, UserError } from "../domain/errors.ts";
import type { Logger } from "../ports/logger.ts";
import { type ScriptedRedis, withScripts } from "./scripts.ts";

const backoffMs = (attempt: number) => Math.min(50 * 2 ** Math.min(attempt, 6), 2_000);
const reconnectOnError = (error: Error) => (error.message.startsWith("READONLY") ? 2 : false);

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
  reconnectOnError,
} satisfies RedisOptions;
export const WAITING = {
  maxRetriesPerRequest: null,
  retryStrategy: backoffMs,
  reconnectOnError,
} satisfies RedisOptions;

const OLDEST_VERSION = [6, 2] as const;

/** A ready, checked connection. Throws UserError when the server cannot carry failovers. */
export function connectRedis(url: string, logger: Logger): Promise<ScriptedRedis> {
  return connected(new Redis(url, { ...FAIL_FAST, lazyConnect: true }), logger);
}

/** The same for somebody who only looks: whatever could write is refused before it is sent. */
export function connectReader(url: string, logger: Logger): Promise<ScriptedRedis> {
  return connected(new ReadingRedis(url, { ...FAIL_FAST, lazyConnect: true }), logger);
}

/** The code of what a reader's connection throws for a write. */
export const READ_ONLY = "store-read-only";
const HANDSHAKE = ["auth", "client", "hello", "info", "select"];
const READS = new Set([
  ...[...HANDSHAKE, "get", "mget", "hget", "hgetall", "hvals", "lrange", "smembers", "time"],
  ...["xrange", "xrevrange", "zrange", "zrangebylex", "zrangebyscore"],
]);

class ReadingRedis extends Redis {
  override sendCommand(...[command, stream]: Parameters<Redis["sendCommand"]>): unknown {
    if (READS.has(command.name.toLowerCase())) return super.sendCommand(command, stream);
    command.reject(new Bug(READ_ONLY, `This connection only reads; it sends no ${command.name}`));
    return command.promise;
  }
}

async function connected(made: Redis, logger: Logger): Promise<ScriptedRedis> {
  const redis = withScripts(made);
  let lastError: Error | undefined;
  redis.on("error", (error: Error) => {
    lastError = error;
    logger.warn({ why: error.message }, "The Redis connection failed");
  });
  try {
    await redis.connect();
    await checkServer(redis, logger);
  } catch (error) {
    redis.disconnect();
    if (error instanceof UserError) throw error;
    throw new UserError("redis-unreachable", "Redis does not answer. Check REDIS_URL and whether the server is up.", {
      // Of a connection that was refused, such as for its password, the command only says that it is closed.
      cause: lastError ?? error,
    });
  }
  return redis;
}

async function checkServer(redis: Redis, logger: Logger): Promise<void> {
  const version = /redis_version:(\d+)\.(\d+)/.exec(await redis.info("server"));
  const [major, minor] = [Number(version?.[1] ?? 0), Number(version?.[2] ?? 0)];
  if (major < OLDEST_VERSION[0] || (major === OLDEST_VERSION[0] && minor < OLDEST_VERSION[1])) {
    throw new UserError("redis-too-old", `Redis ${major}.${minor} is too old; TwoKey needs 6.2 or newer.`);
  }
  const memory = /maxmemory_policy:(\S+)/.exec(await redis.info("memory"))?.[1];
  if (memory !== "noeviction") {
    throw new UserError(
      "redis-evicts",
      `Redis may evict keys (maxmemory-policy ${memory}); a failover's journal must not be. Set noeviction.`,
    );
  }
  const persistence = await redis.info("persistence");
  if (!persistence.includes("aof_enabled:1"))
    logger.warn({}, "Redis keeps no append-only file: a crash of Redis would stop every run");
}
