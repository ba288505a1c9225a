import { Redis } from "ioredis";
import { FAIL_FAST } from "../../src/store/connection.ts";
import { leave } from "../../src/store/leave.ts";
import { type ScriptedRedis, withScripts } from "../../src/store/scripts.ts";
import { freshRedisUrl } from "./redis.ts";

/** A busy machine is no silent Redis: what is about that one has a Redis of its own to break. */
const COMMAND_WITHIN_MS = 20_000;

/** Connections to one empty database; all end with `close`. */
export class StoreBench {
  readonly url: string;
  readonly #open: ScriptedRedis[] = [];

  private constructor(url: string) {
    this.url = url;
  }

  static async start(): Promise<StoreBench> {
    return new StoreBench(await freshRedisUrl());
  }

  static at(url: string): StoreBench {
    return new StoreBench(url);
  }

  /** Another connection, as another process has one. */
  async connect(): Promise<ScriptedRedis> {
    const redis = withScripts(
      new Redis(this.url, { ...FAIL_FAST, commandTimeout: COMMAND_WITHIN_MS, lazyConnect: true }),
    );
    this.#open.push(redis);
    // What a connection cannot do is said by each command.
    redis.on("error", () => undefined);
    await redis.connect();
    return redis;
  }

  get connections(): readonly ScriptedRedis[] {
    return this.#open;
  }

  close(): void {
    for (const redis of this.#open.splice(0)) leave(redis);
  }
}
