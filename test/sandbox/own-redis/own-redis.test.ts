import { once } from "node:events";
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { Redis } from "ioredis";
import { messageOf } from "../../../src/domain/errors.ts";
import {
  ensureRedis,
  type OwnRedis,
  type OwnRedisOptions,
  type RedisSource,
} from "../../../src/sandbox/own-redis/own-redis.ts";
import { whichOf } from "../../../src/sandbox/own-redis/programs.ts";
import { serverProgram } from "../../harness/breakable-redis.ts";
import { memoryLogger } from "../../harness/fakes/index.ts";
import { allPids, familyOf, isAlive, until } from "./own-redis-elsewhere.ts";

const PATH = process.env["PATH"] ?? "";
/** The package source is on the network; without one there is a sentence instead of a server. */
const NO_NETWORK = /fetch|resolv|connect|timed out|Unable to locate/i;

let folder = "";
let running: OwnRedis[] = [];
let kept = memoryLogger();

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "twokey-test-"));
  running = [];
  kept = memoryLogger();
});

afterEach(async () => {
  await Promise.all(running.map((redis) => redis.stop()));
  await rm(folder, { recursive: true, force: true });
});

async function start(options: Partial<OwnRedisOptions> = {}): Promise<OwnRedis> {
  const redis = await ensureRedis({ path: PATH, log: kept.logger, ...options });
  running.push(redis);
  return redis;
}

async function on<T>(url: string, ask: (redis: Redis) => Promise<T>): Promise<T> {
  const redis = new Redis(url, { retryStrategy: () => null, maxRetriesPerRequest: 0 });
  redis.on("error", () => undefined);
  try {
    return await ask(redis);
  } finally {
    redis.disconnect();
  }
}

const pidOf = (url: string) =>
  on(url, async (redis) => Number(/process_id:(\d+)/.exec(await redis.info("server"))?.[1]));
const failureOf = (promise: Promise<unknown>) =>
  promise.then(
    () => "it did not fail",
    (error: unknown) => messageOf(error),
  );
const leftOut = (...ways: RedisSource[]) => new Set(ways);

/** A program called redis-server that does what the script says. */
async function fakeServer(script: string): Promise<string> {
  const bin = join(folder, "bin");
  await mkdir(bin);
  await writeFile(join(bin, "redis-server"), `#!/bin/sh\n${script}\n`);
  await chmod(join(bin, "redis-server"), 0o755);
  return bin;
}

describe("a private server", () => {
  test("answers whoever knows its password and nobody else", async () => {
    const { url, version } = await start();
    const withoutPassword = url.replace(/:[^:@]+@/, "");
    expect(withoutPassword).not.toBe(url);
    expect(await on(url, (redis) => redis.ping())).toBe("PONG");
    expect(await failureOf(on(withoutPassword, (redis) => redis.ping()))).toMatch(/NOAUTH/);
    expect(await on(url, (redis) => redis.info("server"))).toContain(`redis_version:${version}\r\n`);
  });

  test("has every acknowledged write on disk, a limit, evicts nothing and is reached from this machine only", async () => {
    const { url } = await start({ databases: 40 });
    const settings = await on(url, async (redis) => {
      const names = ["appendonly", "appendfsync", "save", "maxmemory-policy", "maxmemory", "bind", "databases"];
      const answers = await Promise.all(names.map((name) => redis.config("GET", name)));
      return Object.fromEntries(answers.map((answer) => (Array.isArray(answer) ? answer : [])));
    });
    expect(settings).toEqual({
      appendonly: "yes",
      appendfsync: "always",
      save: "",
      "maxmemory-policy": "noeviction",
      maxmemory: String(1024 ** 3),
      bind: "127.0.0.1",
      databases: "40",
    });
  });

  test("keeps its password out of every command line and in a file of its owner's", async () => {
    const dataDir = join(folder, "data");
    const { url } = await start({ dataDir });
    const password = new URL(url).password;
    expect(password).toHaveLength(32);
    const lines = await Promise.all(
      (await allPids()).map((pid) => readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "")),
    );
    expect(lines.filter((line) => line.includes("redis")).length).toBeGreaterThan(0);
    expect(lines.filter((line) => line.includes(password))).toEqual([]);
    expect((await stat(join(dataDir, "redis.conf"))).mode & 0o777).toBe(0o600);
    expect((await stat(dataDir)).mode & 0o777).toBe(0o700);
  });

  test("sees nothing of the environment that it was started from", async () => {
    const { url } = await start();
    // The server's own copy is overwritten by its process title.
    const { supervisor } = await familyOf(await pidOf(url));
    const environment = await readFile(`/proc/${supervisor}/environ`, "utf8");
    const names = environment.split("\0").map((entry) => entry.slice(0, entry.indexOf("=")));
    const needed = ["", "PATH", "LD_LIBRARY_PATH"];
    expect(Object.keys(process.env).filter((name) => !needed.includes(name)).length).toBeGreaterThan(0);
    expect(names.filter((name) => !needed.includes(name))).toEqual([]);
  });

  test("finds on its directory what the last one wrote", async () => {
    const dataDir = join(folder, "a name with 'quotes\" and $(spaces)");
    const first = await start({ dataDir });
    await on(first.url, (redis) => redis.set("kept", "yes"));
    await first.stop();
    const second = await start({ dataDir });
    expect(second.url).not.toBe(first.url);
    expect(await on(second.url, (redis) => redis.get("kept"))).toBe("yes");
  });

  test("is gone when stop resolves, and its temporary directory with it", async () => {
    const redis = await start();
    const pid = await pidOf(redis.url);
    const answer = await on(redis.url, (client) => client.config("GET", "dir"));
    const dir = String(Array.isArray(answer) ? answer[1] : "");
    expect(await readdir(dir)).toContain("redis.conf");
    await Promise.all([redis.stop(), redis.stop()]);
    expect(await isAlive(pid)).toBe(false);
    await expect(readdir(dir)).rejects.toThrow("ENOENT");
  });

  test("is missed loudly when it ends by itself", async () => {
    const redis = await start({ dataDir: join(folder, "data") });
    process.kill(await pidOf(redis.url), "SIGKILL");
    await until(async () => kept.lines.some(({ level }) => level === "error"), 5_000);
    expect(kept.lines.at(-1)?.sentence).toBe("The private Redis ended without being asked to");
    await redis.stop();
  });

  test("is tried on another port when the first was taken in between", async () => {
    const { file, libraries } = await serverProgram();
    const marker = join(folder, "tried");
    const path = await fakeServer(
      `[ "$1" = --version ] && { echo "Redis server v=7.0.15 "; exit; }
       [ -e "${marker}" ] && exec env LD_LIBRARY_PATH="${libraries.join(":")}" "${file}" "$@"
       : > "${marker}"; echo "Warning: Could not create server TCP listening socket: bind: Address already in use"; exit 1`,
    );
    const { url } = await start({ path: `${path}:${PATH}` });
    expect(await readFile(marker, "utf8")).toBe("");
    expect(await on(url, (redis) => redis.ping())).toBe("PONG");
  });

  test("that does not start is quoted", async () => {
    const path = await fakeServer(
      `[ "$1" = --version ] && { echo "Redis server v=7.0.15 "; exit; }; echo "Bad file format reading the append only file" >&2; exit 1`,
    );
    const dataDir = join(folder, "data");
    const said = await failureOf(start({ path: `${path}:${PATH}`, dataDir }));
    expect(said).toBe("The private Redis did not start: Bad file format reading the append only file");
    expect((await readdir(dataDir)).filter((name) => name.startsWith("owner-"))).toEqual([]);
  });
});

describe("the ways to a Redis", () => {
  test("a given URL is used as it is, and its server outlives stop", async () => {
    const { url, version } = await start();
    const given = await ensureRedis({ url, path: "", log: kept.logger });
    expect(given).toMatchObject({ url, version, source: "url" });
    await given.stop();
    expect(await on(url, (redis) => redis.ping())).toBe("PONG");
  });

  test("a given URL that does not answer is an error, never a private server instead", async () => {
    const closed = createServer().listen(0, "127.0.0.1");
    await once(closed, "listening");
    const address = closed.address();
    closed.close();
    await once(closed, "close");
    const port = typeof address === "object" ? address?.port : undefined;
    const said = await failureOf(start({ url: `redis://127.0.0.1:${port}` }));
    expect(said).toBe("The Redis that REDIS_URL names does not answer.");
  });

  test("without an installed server the distribution's packages are unpacked once, by whoever comes first", async () => {
    const cacheDir = join(folder, "cache");
    const options = { cacheDir, skip: leftOut("path") };
    const both = await Promise.allSettled([start(options), start(options)]);
    const reasons = both.flatMap((result) => (result.status === "rejected" ? [messageOf(result.reason)] : []));
    if (reasons.length > 0) {
      const hasApt =
        (await whichOf(["apt-get"], PATH)) !== undefined && (await whichOf(["dpkg-deb"], PATH)) !== undefined;
      for (const said of reasons) {
        expect(said).toMatch(
          /^No Redis could be started: REDIS_URL is not set; PATH was left out; the cache .* holds no server; /,
        );
        expect(said).toMatch(hasApt ? NO_NETWORK : /not Debian or Ubuntu|apt-get or dpkg-deb is not on PATH/);
        expect(said).toContain("sudo apt-get install -y redis-server");
      }
      return;
    }
    const third = await start(options);
    expect([...running.map(({ source }) => source)]).toEqual(["deb", "deb", "cache"]);
    expect(await on(third.url, (redis) => redis.ping())).toBe("PONG");
    expect((await readdir(cacheDir)).filter((name) => !name.startsWith("unpacked-"))).toEqual(["current"]);
  });

  test("when every way is left out, the error names each of them and what to install", async () => {
    const said = await failureOf(start({ skip: leftOut("url", "path", "cache", "deb"), cacheDir: folder }));
    expect(said).toBe(
      `No Redis could be started: REDIS_URL was left out; PATH was left out; the cache ${folder} was left out; unpacking Debian packages was left out. ` +
        "Install one (Debian, Ubuntu: sudo apt-get install -y redis-server; macOS: brew install redis) or set REDIS_URL to a running one.",
    );
  });

  test.each([
    ["an empty PATH", "", "neither redis-server nor valkey-server is on PATH; "],
    ["an old server", 'echo "Redis server v=5.0.14 sha=0"', "redis-server is version 5.0, older than 6.2; "],
    ["a broken server", "exit 127", "redis-server does not run ("],
  ])("%s is said to be the reason", async (_what, script, reason) => {
    const path = script === "" ? "" : await fakeServer(script);
    const said = await failureOf(start({ path, cacheDir: join(folder, "none"), skip: leftOut("deb") }));
    expect(said).toContain(reason);
    expect(said).toContain("none holds no server");
  });
});
