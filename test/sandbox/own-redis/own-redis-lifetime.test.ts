import { once } from "node:events";
import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { Redis } from "ioredis";
import { messageOf } from "../../../src/domain/errors.ts";
import { claimDirectory } from "../../../src/sandbox/own-redis/directory.ts";
import { ensureRedis, type OwnRedis } from "../../../src/sandbox/own-redis/own-redis.ts";
import { thisProcess } from "../../../src/sandbox/own-redis/processes.ts";
import { memoryLogger } from "../../harness/fakes/index.ts";
import { familyOf, isAlive, type Owner, startOwner, translateInto, until } from "./own-redis-elsewhere.ts";

const PATH = process.env["PATH"] ?? "";
const LEAST_ROUNDS = 5;
const MOST_ROUNDS = 200;
/** Only what hangs takes that long. */
const END_LIMIT_MS = 60_000;

let program = "";
let dataDir = "";
let owners: Owner[] = [];
let running: OwnRedis[] = [];
const { logger: log, lines } = memoryLogger();

beforeAll(async () => {
  program = await mkdtemp(join(tmpdir(), "twokey-test-"));
  await translateInto(program);
});
afterAll(() => rm(program, { recursive: true, force: true }));

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), "twokey-test-"));
  owners = [];
  running = [];
});
afterEach(async () => {
  for (const { process: owner } of owners) owner.kill("SIGKILL");
  await Promise.all(running.map((redis) => redis.stop()));
  await rm(dataDir, { recursive: true, force: true });
});

async function start(): Promise<OwnRedis> {
  const redis = await ensureRedis({ dataDir, path: PATH, log });
  running.push(redis);
  return redis;
}

async function startElsewhere(options: { dataDir?: string }): Promise<Owner> {
  const owner = await startOwner(program, { path: PATH, ...options });
  owners.push(owner);
  return owner;
}

async function killed({ process: owner }: Owner): Promise<void> {
  owner.kill("SIGKILL");
  if (owner.exitCode === null && owner.signalCode === null) await once(owner, "exit");
}

async function on<T>(url: string, ask: (redis: Redis) => Promise<T>): Promise<T> {
  const redis = new Redis(url, { retryStrategy: () => null });
  redis.on("error", () => undefined);
  try {
    return await ask(redis);
  } finally {
    redis.disconnect();
  }
}

const pidOf = (url: string) =>
  on(url, async (redis) => Number(/process_id:(\d+)/.exec(await redis.info("server"))?.[1]));
const ownersIn = async () => (await readdir(dataDir)).filter((name) => name.startsWith("owner-"));
const failureOf = (promise: Promise<unknown>) =>
  promise.then(
    () => "it did not fail",
    (error: unknown) => messageOf(error),
  );

describe("a private server never outlives its process", () => {
  test("kill -9 of the process ends it, and its temporary directory goes", async () => {
    const owner = await startElsewhere({});
    const server = await pidOf(owner.url);
    const dir = await on(owner.url, async (redis) => String(((await redis.config("GET", "dir")) as string[])[1]));
    expect(await readdir(dir)).toContain("redis.conf");
    await killed(owner);
    await until(async () => !(await isAlive(server)), END_LIMIT_MS);
    await until(
      () =>
        readdir(dir).then(
          () => false,
          () => true,
        ),
      END_LIMIT_MS,
    );
  });

  test("a server that hangs is ended as well", async () => {
    const owner = await startElsewhere({ dataDir });
    const server = await pidOf(owner.url);
    process.kill(server, "SIGSTOP");
    await killed(owner);
    await until(async () => !(await isAlive(server)), END_LIMIT_MS);
  });

  test("kill -9 of process and supervisor together ends it", async () => {
    const owner = await startElsewhere({ dataDir });
    const { server, supervisor } = await familyOf(await pidOf(owner.url));
    process.kill(supervisor, "SIGKILL");
    await killed(owner);
    await until(async () => !(await isAlive(server)), END_LIMIT_MS);
  });

  test("stop ends it when its supervisor was killed", async () => {
    const redis = await start();
    const { server, supervisor } = await familyOf(await pidOf(redis.url));
    process.kill(supervisor, "SIGKILL");
    await redis.stop();
    expect(await isAlive(server)).toBe(false);
  });
});

describe("two servers never share a data directory", () => {
  test("a second start in the same process is refused", async () => {
    await start();
    const said = await failureOf(start());
    expect(said).toBe(
      `The data directory ${dataDir} is in use: process ${process.pid} runs a Redis on it; end that one, or give this one another directory.`,
    );
  });

  test("a second start beside another process is refused, and free when that one is killed", async () => {
    const owner = await startElsewhere({ dataDir });
    await on(owner.url, (redis) => redis.set("kept", "yes"));
    expect(await failureOf(start())).toContain(`process ${owner.process.pid} runs a Redis on it`);
    expect(await on(owner.url, (redis) => redis.ping())).toBe("PONG");
    await killed(owner);
    // At once: the killed one's server may still be ending.
    const { url } = await start();
    expect(await on(url, (redis) => redis.get("kept"))).toBe("yes");
    expect(await ownersIn()).toHaveLength(1);
  });

  test("of many that come at once never more than one is let in", async () => {
    let winners = 0;
    // Those that come at one moment may all give way to each other; somebody gets in some time.
    for (let round = 0; round < LEAST_ROUNDS || (winners === 0 && round < MOST_ROUNDS); round += 1) {
      const claims = await Promise.allSettled(Array.from({ length: 4 }, () => claimDirectory(dataDir)));
      const won = claims.flatMap((claim) => (claim.status === "fulfilled" ? [claim.value] : []));
      expect(won.length).toBeLessThanOrEqual(1);
      winners += won.length;
      for (const claim of won) await claim.release();
    }
    expect(winners).toBeGreaterThan(0);
    expect(await readdir(dataDir)).toEqual([]);
  });

  test("a server whose process, supervisor and guard were all killed is recognised and ended first", async () => {
    const owner = await startElsewhere({ dataDir });
    await on(owner.url, (redis) => redis.set("kept", "yes"));
    const { server, supervisor, guard } = await familyOf(await pidOf(owner.url));
    for (const pid of [guard, supervisor]) process.kill(pid, "SIGKILL");
    await killed(owner);
    expect(await on(owner.url, (redis) => redis.ping())).toBe("PONG");
    const { url } = await start();
    expect(lines.filter(({ level }) => level === "warn").at(-1)?.sentence).toBe(
      "A Redis without its owner was found on the data directory and is ended",
    );
    await until(async () => !(await isAlive(server)), END_LIMIT_MS);
    expect(await on(url, (redis) => redis.get("kept"))).toBe("yes");
  });

  test("an orphan that does not answer is not risked", async () => {
    const owner = await startElsewhere({ dataDir });
    const { server, supervisor, guard } = await familyOf(await pidOf(owner.url));
    for (const pid of [guard, supervisor]) process.kill(pid, "SIGKILL");
    process.kill(server, "SIGSTOP");
    await killed(owner);
    try {
      const [first, second] = [await failureOf(start()), await failureOf(start())];
      expect(first).toMatch(
        /^What listens on port \d+ may be the last Redis of .* and cannot be ended; end it, or delete .*redis\.conf/,
      );
      expect(second).toBe(first);
    } finally {
      process.kill(server, "SIGKILL");
    }
    await until(async () => !(await isAlive(server)), END_LIMIT_MS);
    expect(await on((await start()).url, (redis) => redis.ping())).toBe("PONG");
  });
});

describe("the file of an owner that is gone", () => {
  const leave = async (owner: object | string) =>
    writeFile(
      join(dataDir, "owner-0123456789abcdef.json"),
      typeof owner === "string" ? owner : JSON.stringify({ ...(await thisProcess()), ...owner }),
    );

  test.each([
    ["its process number belongs to a later process", { started: "1" }],
    ["no process has its number", { pid: 2 ** 22 + 1 }],
    ["the machine was started anew", { boot: "another boot" }],
  ])("is cleared away: %s", async (_why, owner) => {
    await leave(owner);
    await (await claimDirectory(dataDir)).release();
    expect(await readdir(dataDir)).toEqual([]);
  });

  test.each([
    ["it was written in another container", { pidNamespace: "pid:[1]" }, "another container or machine"],
    ["it cannot be read", "{", "cannot be read; delete it"],
  ])("is respected where nobody can know: %s", async (_why, owner, reason) => {
    await leave(owner);
    expect(await failureOf(claimDirectory(dataDir))).toContain(reason);
    expect(await ownersIn()).toEqual(["owner-0123456789abcdef.json"]);
  });

  test("a port that something else listens on now does not stop a start", async () => {
    const other = await ensureRedis({ path: PATH, log });
    running.push(other);
    await mkdir(dataDir, { recursive: true });
    await writeFile(join(dataDir, "redis.conf"), `port ${new URL(other.url).port}\nrequirepass not-that-one\n`);
    const { url } = await start();
    expect(await on(url, (redis) => redis.ping())).toBe("PONG");
    expect(await on(other.url, (redis) => redis.ping())).toBe("PONG");
  });
});
