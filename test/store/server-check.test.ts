import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { Redis } from "ioredis";
import { STORE_RISKS } from "../../src/domain/service/store-risk.ts";
import { connectRedis } from "../../src/store/connection.ts";
import { leave } from "../../src/store/leave.ts";
import {
  judgeServer,
  lookAtServer,
  type ServerFacts,
  type StoreTerms,
  sayServer,
} from "../../src/store/server-check.ts";
import { BreakableRedis } from "../harness/breakable-redis.ts";
import { eventually } from "../harness/eventually.ts";
import { silent } from "../harness/fakes/index.ts";
import { quotationsOf } from "../harness/quoted.ts";

const GOOD: ServerFacts = {
  ...{ version: "7.0.15", eviction: "noeviction", appendOnly: true, fsync: "always" },
  ...{ isReplica: false, isCluster: false, strangers: "refused" },
};
const STRICT: StoreTerms = { accepted: [], isRehearsal: false };
const judged = (facts: Partial<ServerFacts>, terms: Partial<StoreTerms> = {}) => {
  try {
    judgeServer({ ...GOOD, ...facts }, { ...STRICT, ...terms }, silent);
    return "started";
  } catch (error) {
    return error instanceof Error && "code" in error ? error.code : String(error);
  }
};

describe("which Redis may hold what moves production", () => {
  test.each<[string, Partial<ServerFacts>]>([
    ["redis-too-old", { version: "6.0.16" }],
    ["redis-cluster", { isCluster: true }],
    ["redis-read-only", { isReplica: true }],
    ["redis-evicts", { eviction: "allkeys-lru" }],
    ["redis-eviction-unknown", { eviction: undefined }],
    ["redis-open", { strangers: "let-in" }],
    ["redis-entry-unknown", { strangers: "unknown" }],
    ["redis-no-fsync", { fsync: "no" }],
    ["redis-no-append-only-file", { appendOnly: false }],
    ["redis-fsync-unknown", { fsync: undefined }],
  ])("%s: %j does not start", (code, facts) => {
    expect(judged(facts)).toBe(code);
    for (const sentence of quotationsOf(code))
      expect(() => judgeServer({ ...GOOD, ...facts }, STRICT, silent)).toThrow(sentence);
  });

  test.each<[RegExp, Partial<ServerFacts>, StoreTerms["accepted"]]>([
    [/^TwoKey's own state: Redis 7\.0\.15 writes each command to disk before it answers\.$/, {}, []],
    [/every second, so a power cut there may lose the last one/, { fsync: "everysec" }, []],
    [/does not say how often .* Accepted in twokey\.yaml: fsync-unknown\.$/, { fsync: undefined }, ["fsync-unknown"]],
    [
      /keeps nothing on disk .* Accepted in twokey\.yaml: append-only-off\.$/,
      { appendOnly: false },
      ["append-only-off"],
    ],
  ])("people read what was found and accepted: %s", (says, facts, accepted) => {
    expect(sayServer({ ...GOOD, ...facts }, { ...STRICT, accepted })).toMatch(says);
  });

  test("what nobody can take for good stays refused, whatever is accepted; what was accepted by name starts", () => {
    const all: Partial<StoreTerms> = { accepted: STORE_RISKS };

    expect([judged({ appendOnly: false }, all), judged({ fsync: undefined }, all)]).toEqual(["started", "started"]);
    expect([judged({ eviction: undefined }, all), judged({ strangers: "unknown" }, all)]).toEqual([
      "started",
      "started",
    ]);
    expect([judged({ fsync: "no" }, all), judged({ strangers: "let-in" }, all)]).toEqual([
      "redis-no-fsync",
      "redis-open",
    ]);
    expect(judged({ eviction: "allkeys-lru" }, all)).toBe("redis-evicts");
    expect(judged({})).toBe("started");
  });

  test("a rehearsal may use an open store, and never one that evicts", () => {
    const rehearsal = { isRehearsal: true };

    expect(judged({ strangers: "let-in" }, rehearsal)).toBe("started");
    expect(judged({ eviction: "volatile-lru" }, rehearsal)).toBe("redis-evicts");
  });
});

test("a connection that has ended by itself is left alone, so that it holds the process no longer", async () => {
  const timers = () => process.getActiveResourcesInfo().filter((kind) => kind === "Timeout").length;
  const closed = createServer().listen(0, "127.0.0.1");
  await once(closed, "listening");
  const { port } = closed.address() as AddressInfo;
  await new Promise((resolve) => closed.close(resolve));
  const redis = new Redis({ host: "127.0.0.1", port, lazyConnect: true, retryStrategy: null });
  redis.on("error", () => undefined);
  await expect(redis.connect()).rejects.toThrow("closed");
  const before = timers();

  leave(redis);

  expect(timers()).toBe(before);
});

describe("what a real server says of itself", () => {
  let server: BreakableRedis;
  let redis: Redis;
  beforeEach(async () => {
    server = await BreakableRedis.start();
    redis = new Redis(server.url);
  });
  afterEach(async () => {
    redis.disconnect();
    await server.stop();
  });

  test("one without a password is found open, and production does not start on it", async () => {
    expect(await lookAtServer(redis)).toMatchObject({
      strangers: "let-in",
      appendOnly: true,
      fsync: "always",
      isReplica: false,
    });

    await expect(connectRedis(server.url, STRICT, silent)).rejects.toMatchObject({ code: "redis-open" });
  });

  test("the visit without a password leaves no connection behind", async () => {
    await lookAtServer(redis);

    const connections = async () =>
      String(await redis.client("LIST"))
        .trim()
        .split("\n").length;
    expect(await eventually("end of the visit", async () => (await connections()) === 1)).toBe(true);
  });

  test("one that refuses strangers only the newer protocol's greeting is open", async () => {
    await redis.call("ACL", "SETUSER", "bot", "on", ">pw-of-the-bot", "~*", "&*", "+@all");
    await redis.call("ACL", "SETUSER", "default", "-hello");
    const url = server.url.replace("redis://", "redis://bot:pw-of-the-bot@");

    await expect(connectRedis(url, STRICT, silent)).rejects.toMatchObject({ code: "redis-open" });
  });

  test("with a password a stranger is not let in, and production starts", async () => {
    await redis.config("SET", "requirepass", "secret-of-this-test");
    const url = server.url.replace("redis://", "redis://:secret-of-this-test@");
    const known = await connectRedis(url, STRICT, silent);

    expect(known.facts).toMatchObject({ strangers: "refused" });
    known.redis.disconnect();
  });

  test("is looked at once for a start: what it was judged by is what people are told", async () => {
    const { redis: known, facts } = await connectRedis(server.url, { accepted: [], isRehearsal: true }, silent);
    known.disconnect();

    expect(facts).toMatchObject({ strangers: "let-in", appendOnly: true, fsync: "always" });
    expect(await redis.info("commandstats")).toMatch(/^cmdstat_config\|get:calls=1,/m);
  });

  test("an account that may not read CONFIG leaves it unknown, and has to be accepted by name", async () => {
    await redis.call("ACL", "SETUSER", "bot", "on", ">pw-of-the-bot", "~*", "&*", "+@all", "-config");
    await redis.config("SET", "requirepass", "secret-of-this-test");
    const url = server.url.replace("redis://", "redis://bot:pw-of-the-bot@");

    await expect(connectRedis(url, STRICT, silent)).rejects.toMatchObject({ code: "redis-fsync-unknown" });
    (await connectRedis(url, { ...STRICT, accepted: ["fsync-unknown"] }, silent)).redis.disconnect();
  });

  test("the account of docker-compose.yml may be looked at with, and production starts on it", async () => {
    const compose = await readFile(new URL("../../docker-compose.yml", import.meta.url), "utf8");
    // Without a limit nobody would be warned before it is full.
    expect(compose).toMatch(/redis-server .*--maxmemory \d+mb /);
    const rules = /user twokey on #%s (.+?)\\n'/.exec(compose)?.[1]?.split(" ") ?? [];
    expect(rules.length).toBeGreaterThan(4);
    await redis.call("ACL", "SETUSER", "twokey", "on", ">pw-of-twokey", ...rules);
    await redis.call("ACL", "SETUSER", "default", "off");
    const url = server.url.replace("redis://", "redis://twokey:pw-of-twokey@");

    const known = await connectRedis(url, STRICT, silent);
    expect(known.facts).toMatchObject({ strangers: "refused", appendOnly: true, fsync: "always" });
    known.redis.disconnect();
  });

  test("a knock that is left without an answer is no refusal", async () => {
    await redis.config("SET", "requirepass", "secret-of-this-test");
    const between = await behindADoor(Number(new URL(server.url).port), () => undefined);
    const url = `redis://:secret-of-this-test@127.0.0.1:${between.port}`;

    await expect(connectRedis(url, STRICT, silent)).rejects.toMatchObject({ code: "redis-entry-unknown" });
    await between.close();
  });

  test.each<[string, (knock: Socket) => void]>([
    ["cut", (knock) => knock.destroy()],
    ["answered with something else", (knock) => void knock.on("data", () => knock.write("-LOADING it is\r\n"))],
  ])("guard unknown entry: a knock that is %s is no refusal, and has to be accepted by name", async (_how, answer) => {
    await redis.config("SET", "requirepass", "secret-of-this-test");
    const between = await behindADoor(Number(new URL(server.url).port), answer);
    const url = `redis://:secret-of-this-test@127.0.0.1:${between.port}`;

    await expect(connectRedis(url, STRICT, silent)).rejects.toMatchObject({ code: "redis-entry-unknown" });
    const known = await connectRedis(url, { ...STRICT, accepted: ["entry-unknown"] }, silent);
    known.redis.disconnect();
    await between.close();
  });

  test("one that evicts is refused", async () => {
    await redis.config("SET", "maxmemory-policy", "allkeys-lru");
    const terms = { ...STRICT, isRehearsal: true };

    await expect(connectRedis(server.url, terms, silent)).rejects.toMatchObject({ code: "redis-evicts" });
  });
});

/** Whoever says the password first goes through to the server; everybody else gets this answer. */
async function behindADoor(port: number, answer: (knock: Socket) => void) {
  const open = new Set<Socket>();
  const door = createServer((knock) => {
    open.add(knock.on("error", () => undefined));
    knock.once("data", (first) => {
      if (!first.toString().includes("secret-of-this-test")) {
        answer(knock);
        knock.emit("data", first);
        return;
      }
      const inside = connect(port, "127.0.0.1").on("error", () => undefined);
      open.add(inside);
      inside.write(first);
      knock.pipe(inside).pipe(knock);
    });
  }).listen(0, "127.0.0.1");
  await once(door, "listening");
  return {
    port: (door.address() as AddressInfo).port,
    close: async () => {
      for (const socket of open) socket.destroy();
      await new Promise((resolve) => door.close(resolve));
    },
  };
}
