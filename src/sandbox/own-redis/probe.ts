import { Redis, type RedisOptions } from "ioredis";
import { z } from "zod";
import { leave } from "../../store/leave.ts";

const GIVEN_LIMIT_MS = 5_000;
const ORPHAN_LIMIT_MS = 1_000;
/** A server that hangs does not say goodbye either. */
const GOODBYE_LIMIT_MS = 50;
const KNOCK_EVERY_MS = 20;

export const LOOPBACK = "127.0.0.1";

/** Where a private server listens, and what only its own data directory knows. */
export interface PrivateAddress {
  readonly port: number;
  readonly password: string;
}

export interface ServerInfo {
  readonly version: string;
  /** The file that the server was started with; empty without one. */
  readonly configFile: string;
}

/** One attempt: the first refusal is the answer. */
const ONCE = {
  lazyConnect: true,
  disconnectTimeout: GOODBYE_LIMIT_MS,
  retryStrategy: () => null,
  maxRetriesPerRequest: 0,
} satisfies RedisOptions;
/** Until somebody says stop. */
const PATIENT = {
  lazyConnect: true,
  retryStrategy: () => KNOCK_EVERY_MS,
  maxRetriesPerRequest: null,
} satisfies RedisOptions;

/** Version of a server that somebody else runs. Rejects with the reason when it does not answer. */
export async function versionOf(url: string): Promise<string> {
  return (await askOnce(new Redis(url, ONCE), AbortSignal.timeout(GIVEN_LIMIT_MS))).version;
}

/** Knocks until the server has read its append-only file and answers, or until the signal. */
export function untilReady({ port, password }: PrivateAddress, signal: AbortSignal): Promise<ServerInfo> {
  return askOnce(new Redis({ ...PATIENT, host: LOOPBACK, port, password }), signal);
}

/**
 * What listens where a directory's last server listened. Only that server knows the directory's password and was started
 * with its file, so `ours` is certain. A port that something else has taken since is `other`; without proof it is `unclear`.
 */
export async function whoListens(
  { port, password }: PrivateAddress,
  configFile: string,
): Promise<"nobody" | "ours" | "other" | "unclear"> {
  const signal = AbortSignal.timeout(ORPHAN_LIMIT_MS);
  try {
    const info = await askOnce(new Redis({ ...ONCE, host: LOOPBACK, port, password }), signal);
    return info.configFile === configFile ? "ours" : "other";
  } catch (error) {
    const { data } = Failure.safeParse(error);
    if (data?.code === "ECONNREFUSED") return "nobody";
    return data?.message.startsWith("WRONGPASS") || data?.name === "ParserError" ? "other" : "unclear";
  }
}

const Failure = z.object({ name: z.string(), message: z.string(), code: z.string().optional() });

/** Asks the server to end; the answer is a closed connection, so nothing tells whether it will. */
export async function askToEnd({ port, password }: PrivateAddress): Promise<void> {
  const redis = new Redis({ ...ONCE, host: LOOPBACK, port, password, commandTimeout: ORPHAN_LIMIT_MS });
  redis.on("error", () => undefined);
  await redis.call("SHUTDOWN").catch(() => undefined);
  leave(redis);
}

async function askOnce(redis: Redis, signal: AbortSignal): Promise<ServerInfo> {
  let heard: Error | undefined;
  // The command's own failure says only that the connection is closed; the event before it says why.
  redis.on("error", (error: Error) => {
    heard = error;
  });
  const abort = () => leave(redis);
  signal.addEventListener("abort", abort, { once: true });
  try {
    signal.throwIfAborted();
    const info = await redis.info("server");
    return { version: field(info, "redis_version"), configFile: field(info, "config_file") };
  } catch (error) {
    throw heard ?? error;
  } finally {
    signal.removeEventListener("abort", abort);
    leave(redis);
  }
}

const field = (info: string, name: string): string =>
  info
    .split("\r\n")
    .find((line) => line.startsWith(`${name}:`))
    ?.slice(name.length + 1) ?? "";
