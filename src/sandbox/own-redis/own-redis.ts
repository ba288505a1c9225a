import { homedir } from "node:os";
import { join } from "node:path";
import { UserError } from "../../domain/errors.ts";
import type { Logger } from "../../ports/logger.ts";
import { versionOf } from "./probe.ts";
import { checkProgram, findCached, findOnPath, type Program } from "./programs.ts";
import { type OwnServer, startServer } from "./server.ts";
import { unpackDebianPackages } from "./unpack.ts";

/** The ways to a Redis, in the order in which they are tried. */
export type RedisSource = "url" | "path" | "cache" | "deb";

export interface OwnRedisOptions {
  /** A server that somebody else runs; nothing is started then. */
  readonly url?: string;
  /** Keeps the append-only file from one start to the next. Without it a temporary directory is made, and removed at the end. */
  readonly dataDir?: string;
  /** Where unpacked programs are kept; `~/.cache/twokey/redis` unless given. */
  readonly cacheDir?: string;
  /** Ways that are not to be tried. */
  readonly skip?: ReadonlySet<RedisSource>;
  /** Value of PATH: folders that programs are looked for in. */
  readonly path: string;
  /** Numbered databases of the private server; 16 unless given. */
  readonly databases?: number;
  readonly log: Logger;
}

export interface OwnRedis {
  /** With the password, where the server has one. */
  readonly url: string;
  readonly source: RedisSource;
  /** As the server says itself: `7.0.15`. */
  readonly version: string;
  /** Ends a private server; resolves when it is gone. Does nothing to a server that was given by its URL. */
  stop(): Promise<void>;
}

const HOW_TO_HELP =
  "Install one (Debian, Ubuntu: sudo apt-get install -y redis-server; macOS: brew install redis) or set REDIS_URL to a running one.";

/**
 * A Redis to work with: the one given by its URL, or a private one on 127.0.0.1 that lives no longer than this process.
 * Throws UserError: `redis-unreachable` (the URL does not answer), `redis-missing` (no way led to a server),
 * `redis-directory-in-use`, `redis-not-started`.
 */
export async function ensureRedis(options: OwnRedisOptions): Promise<OwnRedis> {
  const tried: string[] = [];
  if (options.url !== undefined && !options.skip?.has("url")) return useGiven(options.url);
  tried.push(options.skip?.has("url") ? "REDIS_URL was left out" : "REDIS_URL is not set");
  for (const way of programWays(options)) {
    if (options.skip?.has(way.source)) {
      tried.push(`${way.name} was left out`);
      continue;
    }
    const found = await way.find();
    const program = typeof found === "string" ? found : await checkProgram(found);
    if (typeof program === "string") tried.push(program);
    else return startOwn(way.source, program, options);
  }
  throw new UserError("redis-missing", `No Redis could be started: ${tried.join("; ")}. ${HOW_TO_HELP}`);
}

interface ProgramWay {
  readonly source: Exclude<RedisSource, "url">;
  readonly name: string;
  /** The program, or one sentence part that says why there is none. */
  readonly find: () => Promise<Program | string>;
}

function programWays({ path, cacheDir, log }: OwnRedisOptions): readonly ProgramWay[] {
  const cache = cacheDir ?? join(homedir(), ".cache", "twokey", "redis");
  return [
    { source: "path", name: "PATH", find: () => findOnPath(path) },
    { source: "cache", name: `the cache ${cache}`, find: () => findCached(cache) },
    { source: "deb", name: "unpacking Debian packages", find: () => unpackDebianPackages(cache, path, log) },
  ];
}

async function useGiven(url: string): Promise<OwnRedis> {
  try {
    return { url, source: "url", version: await versionOf(url), stop: async () => undefined };
  } catch (error) {
    // Never a private one instead: two bots that look at different stores would both believe that they are alone.
    throw new UserError("redis-unreachable", "The Redis that REDIS_URL names does not answer.", { cause: error });
  }
}

async function startOwn(source: RedisSource, program: Program, options: OwnRedisOptions): Promise<OwnRedis> {
  const { dataDir, databases, path, log } = options;
  const server: OwnServer = await startServer({ program, dataDir, databases, path, log });
  log.info({ source, program: program.file, version: server.version }, "A private Redis runs");
  return { url: server.url, source, version: server.version, stop: () => server.stop() };
}
