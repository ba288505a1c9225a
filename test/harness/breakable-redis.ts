import { cp, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { connect, createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Redis } from "ioredis";
import { findCached, findOnPath, type Program } from "../../src/sandbox/own-redis/programs.ts";
import { type SupervisedServer, superviseServer } from "../../src/sandbox/own-redis/supervisor.ts";
import { leave } from "../../src/store/leave.ts";
import { eventually } from "./eventually.ts";

const SOCKET = "redis.sock";
const PATH = process.env["PATH"] ?? "";

/**
 * What the way to the server loses: a command before it arrives, or its answer after it was done; `and all after it`: nobody gets
 * through from then on, until `reachable`.
 */
export type Loses = "the command" | "the answer" | "the answer and all after it";

interface Place {
  readonly directory: string;
  readonly program: Program;
  readonly more: readonly string[];
}

interface Way {
  losing: { readonly words: string; readonly what: Loses } | undefined;
  isClosed: boolean;
}

/** What a server that comes back finds on its disk. */
export type ComesBack = "same" | "older" | "empty";

/** The server that this run's tests use: the installed one, or the one that the run has unpacked for itself. */
export async function serverProgram(): Promise<Program> {
  const cache = process.env["XDG_CACHE_HOME"] ?? join(process.env["HOME"] ?? "", ".cache");
  const installed = await findOnPath(PATH);
  const program = typeof installed === "string" ? await findCached(join(cache, "twokey", "redis")) : installed;
  if (typeof program === "string") throw new Error(`There is no Redis here: ${program}`);
  return program;
}

/**
 * A Redis server of one test, at one address for all its lives: it can be killed, and comes back with what it is given.
 * The address is a port that this process holds all the time; the server itself is behind it, at a socket in its directory.
 */
export class BreakableRedis {
  readonly url: string;
  readonly #front: Server;
  readonly #directory: string;
  readonly #program: Program;
  readonly #way: Way;
  readonly #more: readonly string[];
  #server: SupervisedServer | undefined;

  private constructor(front: Server, way: Way, { directory, program, more }: Place) {
    const address = front.address();
    if (address === null || typeof address === "string") throw new Error("the front does not listen");
    this.url = `redis://127.0.0.1:${address.port}/0`;
    this.#front = front;
    this.#way = way;
    this.#directory = directory;
    this.#program = program;
    this.#more = more;
  }

  /** `more`: settings that count before its usual ones. */
  static async start(more: readonly string[] = []): Promise<BreakableRedis> {
    const program = await serverProgram();
    const directory = await mkdtemp(join(tmpdir(), "twokey-breakable-"));
    const way: Way = { losing: undefined, isClosed: false };
    const redis = new BreakableRedis(await frontOf(join(directory, SOCKET), way), way, { directory, program, more });
    await mkdir(redis.#data);
    await redis.#run();
    return redis;
  }

  /** As the power does it. Resolves when nothing answers any more. */
  async kill(): Promise<void> {
    const pid = Number(/process_id:(\d+)/.exec(await this.#ask((client) => client.info("server")))?.[1]);
    process.kill(pid, "SIGKILL");
    await this.#server?.ended;
    this.#server = undefined;
  }

  /** The next command with these words in it meets that, once; its connection breaks. */
  loses(what: Loses, words: string): void {
    this.#way.losing = { words, what };
  }

  reachable(): void {
    this.#way.isClosed = false;
  }

  /** Full: every command that needs memory is refused (OOM). */
  async fill(): Promise<void> {
    await this.#ask((client) => client.config("SET", "maxmemory", "1"));
  }

  async makeRoom(): Promise<void> {
    await this.#ask((client) => client.config("SET", "maxmemory", "1gb"));
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
    await new Promise((resolve) => this.#front.close(resolve));
    await rm(this.#directory, { recursive: true, force: true });
  }

  get #data(): string {
    return join(this.#directory, "data");
  }

  get #older(): string {
    return join(this.#directory, "older");
  }

  async #run(): Promise<void> {
    const settings = [
      "port 0",
      `unixsocket ${join(this.#directory, SOCKET)}`,
      `dir ${this.#data}`,
      'save ""',
      "daemonize no",
    ];
    settings.push(
      "appendonly yes",
      "appendfsync always",
      "maxmemory-policy noeviction",
      "maxmemory 1gb",
      "loglevel warning",
      ...this.#more,
    );
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
    await eventually("Redis that answers", () => this.#ask((client) => client.ping()).catch(() => undefined));
  }

  async #ask<T>(question: (client: Redis) => Promise<T>): Promise<T> {
    const client = new Redis(this.url, { lazyConnect: true, retryStrategy: null, maxRetriesPerRequest: 0 });
    client.on("error", () => undefined);
    try {
      await client.connect();
      return await question(client);
    } finally {
      leave(client);
    }
  }
}

/** Hands every connection on to the socket; one that nobody answers there breaks at once, as at a host without a server. */
async function frontOf(socket: string, way: Way): Promise<Server> {
  const front = createServer((client) => {
    if (way.isClosed) {
      client.destroy();
      return;
    }
    const behind = connect(socket);
    client.on("data", (bytes) => handOn(bytes, { client, behind, way }));
    client.on("end", () => behind.end());
    behind.pipe(client);
    for (const [from, to] of [[client, behind] as const, [behind, client] as const])
      from.on("error", () => to.destroy()).on("close", () => to.destroy());
  });
  await new Promise<void>((resolve, reject) => {
    front.once("error", reject);
    front.listen(0, "127.0.0.1", resolve);
  });
  return front;
}

function handOn(
  bytes: Buffer,
  { client, behind, way }: { readonly client: Socket; readonly behind: Socket; readonly way: Way },
): void {
  const { losing } = way;
  if (!losing || !bytes.includes(losing.words)) {
    behind.write(bytes);
    return;
  }
  way.losing = undefined;
  way.isClosed = losing.what === "the answer and all after it";
  if (losing.what === "the command") {
    client.destroy();
    return;
  }
  behind.unpipe(client);
  behind.once("data", () => client.destroy()).resume();
  behind.write(bytes);
}
