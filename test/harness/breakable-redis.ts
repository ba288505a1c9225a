import { cp, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Redis } from "ioredis";
import { findCached, findOnPath, type Program } from "../../src/sandbox/own-redis/programs.ts";
import { type SupervisedServer, superviseServer } from "../../src/sandbox/own-redis/supervisor.ts";
import { eventually } from "./failover-world.ts";

const READY_WITHIN_MS = 15_000;
const PATH = process.env["PATH"] ?? "";

/** What a server that comes back finds on its disk. */
export type ComesBack = "same" | "older" | "empty";

/** A Redis server of one test, at one address for all its lives: it can be killed, and comes back with what it is given. */
export class BreakableRedis {
  readonly url: string;
  readonly #port: number;
  readonly #directory: string;
  readonly #program: Program;
  #server: SupervisedServer | undefined;

  private constructor(port: number, directory: string, program: Program) {
    this.url = `redis://127.0.0.1:${port}/0`;
    this.#port = port;
    this.#directory = directory;
    this.#program = program;
  }

  static async start(): Promise<BreakableRedis> {
    const cache = process.env["XDG_CACHE_HOME"] ?? join(process.env["HOME"] ?? "", ".cache");
    const installed = await findOnPath(PATH);
    const program = typeof installed === "string" ? await findCached(join(cache, "twokey", "redis")) : installed;
    if (typeof program === "string") throw new Error(`There is no Redis to be broken: ${program}`);
    const redis = new BreakableRedis(await freePort(), await mkdtemp(join(tmpdir(), "twokey-breakable-")), program);
    await mkdir(redis.#data);
    await redis.#run();
    return redis;
  }

  /** As the power does it. Resolves when nothing listens any more. */
  async kill(): Promise<void> {
    const pid = Number(/process_id:(\d+)/.exec(await this.#ask((client) => client.info("server")))?.[1]);
    process.kill(pid, "SIGKILL");
    await this.#server?.ended;
    this.#server = undefined;
  }

  /** Keeps what is on the disk now, as a nightly copy would. */
  async copy(): Promise<void> {
    await rm(this.#older, { recursive: true, force: true });
    await cp(this.#data, this.#older, { recursive: true });
  }

  async comeBack(what: ComesBack): Promise<void> {
    if (what !== "same") {
      await rm(this.#data, { recursive: true, force: true });
      await (what === "older" ? cp(this.#older, this.#data, { recursive: true }) : mkdir(this.#data));
    }
    await this.#run();
  }

  async stop(): Promise<void> {
    await this.#server?.stop();
    await rm(this.#directory, { recursive: true, force: true });
  }

  get #data(): string {
    return join(this.#directory, "data");
  }

  get #older(): string {
    return join(this.#directory, "older");
  }

  async #run(): Promise<void> {
    const settings = ["bind 127.0.0.1", `port ${this.#port}`, `dir ${this.#data}`, 'save ""', "daemonize no"];
    settings.push("appendonly yes", "appendfsync always", "maxmemory-policy noeviction", "loglevel warning");
    await writeFile(join(this.#directory, "redis.conf"), `${settings.join("\n")}\n`);
    this.#server = superviseServer({
      ...{
        program: this.#program,
        args: ["redis.conf"],
        directory: this.#directory,
        removeDirectory: false,
        path: PATH,
      },
    });
    await eventually("Redis that answers", READY_WITHIN_MS, () =>
      this.#ask((client) => client.ping()).catch(() => undefined),
    );
  }

  async #ask<T>(question: (client: Redis) => Promise<T>): Promise<T> {
    const client = new Redis(this.url, { lazyConnect: true, retryStrategy: null, maxRetriesPerRequest: 0 });
    client.on("error", () => undefined);
    try {
      await client.connect();
      return await question(client);
    } finally {
      client.disconnect();
    }
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === "string") throw new Error("no free port was found");
  return address.port;
}
