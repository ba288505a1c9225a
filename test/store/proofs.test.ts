import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";

import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { Redis } from "ioredis";
import { degradedIn, type Proven, refusing, type Standing } from "../../src/domain/proof.ts";
import { connectPlainly, FAIL_FAST } from "../../src/store/connection.ts";
import { leave } from "../../src/store/leave.ts";
import { whyNotNow } from "../../src/store/not-now.ts";
import { ledgerProof, storeProofs, whyNothingIsStored } from "../../src/store/proofs.ts";
import { BreakableRedis } from "../harness/breakable-redis.ts";
import { eventually } from "../harness/eventually.ts";
import { silent } from "../harness/fakes/index.ts";
import { quoted } from "../harness/quoted.ts";

let server: BreakableRedis;
let admin: Redis;
beforeEach(async () => {
  server = await BreakableRedis.start();
  admin = new Redis(server.url);
});
afterEach(async () => {
  leave(admin);
  await server.stop();
});

/** As somebody with this user and password sees it. */
async function proven(id: string, login = ""): Promise<Proven | undefined> {
  const connecting = connectPlainly(server.url.replace("redis://", `redis://${login}`), silent);
  connecting.catch(() => undefined);
  try {
    const proofs = storeProofs(
      () => connecting,
      () => ({ accepted: [], isRehearsal: true }),
    );
    return await proofs.find((proof) => proof.id === id)?.prove(new AbortController().signal);
  } finally {
    connecting.then(leave, () => undefined);
  }
}

const proveOf = (running: Redis) =>
  storeProofs(
    () => Promise.resolve(running),
    () => ({ accepted: [], isRehearsal: true }),
  )[0]?.prove(new AbortController().signal);

describe("the rights in Redis", () => {
  test("are all there for a user who may do everything, and the look leaves no key behind", async () => {
    expect(await proven("redis-rights")).toEqual({ kind: "ok" });
    expect(await admin.keys("*")).toEqual([]);
  });

  test("are all there for the account of docker-compose.yml", async () => {
    const compose = await readFile(new URL("../../docker-compose.yml", import.meta.url), "utf8");
    const rules = /user twokey on #%s (.+?)\\n'/.exec(compose)?.[1]?.split(" ") ?? [];
    await admin.call("ACL", "SETUSER", "twokey", "on", ">pw-of-twokey", ...rules);

    expect(await proven("redis-rights", "twokey:pw-of-twokey@")).toEqual({ kind: "ok" });
  });

  test("guard a right that is missing: are named where a user lacks them", async () => {
    await admin.call("ACL", "SETUSER", "weak", "on", ">pw-of-weak", "~*", "&*", "+@all", "-zadd", "-eval");

    expect(await proven("redis-rights", "weak:pw-of-weak@")).toMatchObject({
      kind: "wrong",
      what: "Redis does not let TwoKey use ZADD, EVAL.",
      instead: expect.stringMatching(
        quoted("Give its user the rights +@all on the keys …, or another user to REDIS_URL."),
      ),
    });
  });

  test("guard scan alone: a user who may not SCAN lacks that alone, and it refuses no move", async () => {
    await admin.call("ACL", "SETUSER", "weak", "on", ">pw-of-weak", "~*", "&*", "+@all", "-scan");

    expect(await proven("redis-rights", "weak:pw-of-weak@")).toEqual({ kind: "ok" });
    const scan = await proven("redis-scan", "weak:pw-of-weak@");
    expect(scan).toMatchObject({ kind: "wrong", what: "Redis does not let TwoKey use SCAN." });
    const proofs = storeProofs(
      () => Promise.resolve(admin),
      () => ({ accepted: [], isRehearsal: true }),
    );
    const standings = proofs.flatMap((about): Standing[] =>
      about.id === "redis-scan" && scan
        ? [{ ...about, proven: scan, sinceMs: 0, answeredAtMs: 0, isSilent: false }]
        : [],
    );
    expect([degradedIn(standings).length, refusing(standings, "orders")]).toEqual([1, []]);
  });

  test("are not there with a wrong password, nor where Redis is full", async () => {
    await admin.config("SET", "requirepass", "secret-of-this-test");
    const refused = await proven("redis-rights", ":wrong@");
    expect(refused).toMatchObject({ kind: "wrong", what: "Redis refuses the user or the password." });
    await admin.config("SET", "maxmemory", "1");
    const full = await proven("redis-rights", ":secret-of-this-test@");
    expect(full).toMatchObject({ kind: "wrong", what: "Redis is full and takes no writes." });
    expect(JSON.stringify([refused, full])).not.toContain("secret-of-this-test");
    expect(await whyNothingIsStored(admin, "bot-1")).toBe("Redis is full and takes no writes");
  });

  test("a Redis that is busy with a script is said as that, and not as one that does not answer", async () => {
    const running = new Redis(server.url, FAIL_FAST);
    const other = new Redis(server.url, FAIL_FAST);
    for (const each of [running, other]) each.on("error", () => undefined);
    const sees = (why: string) =>
      eventually(why, async () => ((await whyNothingIsStored(running, "bot-1")) === why ? true : undefined));
    try {
      await Promise.all([once(running, "ready"), once(other, "ready")]);
      await admin.config("SET", "busy-reply-threshold", "50");
      const script = other.eval("while true do end", 0).catch(() => undefined);
      await sees("Redis is busy with a script and does nothing else");
      await admin.script("KILL");
      await script;
    } finally {
      for (const each of [running, other]) leave(each);
    }
  }, 40_000);

  test.each([
    ["LOADING Redis is loading the dataset in memory", "Redis is starting and still reads its data"],
    ["ERR max number of clients reached", "Redis takes no more connections"],
    ["MASTERDOWN Link with MASTER is down", "Redis is a replica that has lost its primary"],
  ])("%s is said as that", (said, why) => {
    expect(whyNotNow(new Error(said))).toBe(why);
  });

  test.each([
    ["a password", ["CONFIG", "SET", "requirepass", "secret-of-this-test"]],
    ["another password", ["ACL", "SETUSER", "bot", "resetpass", ">another"]],
  ])(
    "guard password that changes: %s that Redis asks for from now on is a refusal, and no silence",
    async (what, change) => {
      await admin.call("ACL", "SETUSER", "bot", "on", ">pw-of-bot", "~*", "&*", "+@all");
      const login = what === "a password" ? "" : "bot:pw-of-bot@";
      const running = new Redis(server.url.replace("redis://", `redis://${login}`), FAIL_FAST);
      running.on("error", () => undefined);
      try {
        await once(running, "ready");
        const prove = () => proveOf(running);
        expect([await prove(), await whyNothingIsStored(running, "bot-1")]).toEqual([{ kind: "ok" }, undefined]);

        const [name = "", ...words] = change;
        await admin.call(name, ...words);
        await admin.call("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes");

        await eventually("it is seen why", async () =>
          (await whyNothingIsStored(running, "bot-1")) === "Redis refuses the user or the password" ? true : undefined,
        );
        expect(await prove()).toMatchObject({ kind: "wrong", what: "Redis refuses the user or the password." });
      } finally {
        leave(running);
      }
    },
    20_000,
  );

  test.each([
    ["a replica", ["REPLICAOF", "127.0.0.1", "1"], "REDIS_URL leads to a replica, which takes no writes"],
    [
      "without its copies",
      ["CONFIG", "SET", "min-replicas-to-write", "1"],
      "Redis has lost its copy and takes no writes",
    ],
  ])(
    "are not there where Redis is %s",
    async (_what, [name = "", ...words], why) => {
      const running = new Redis(server.url, FAIL_FAST);
      running.on("error", () => undefined);
      try {
        await once(running, "ready");
        await admin.call(name, ...words);
        await eventually("it is seen why", async () =>
          (await whyNothingIsStored(running, "bot-1")) === why ? true : undefined,
        );
        await eventually("it is proven", async () => {
          const proven = await proveOf(running);
          return proven?.kind === "wrong" && proven.what === `${why}.` ? true : undefined;
        });
      } finally {
        leave(running);
      }
    },
    20_000,
  );

  test("are not known while Redis is away", async () => {
    await server.kill();

    expect(await proven("redis-rights")).toMatchObject({ kind: "unknown", why: "Redis gives no answer" });
    expect(await proven("redis-settings")).toMatchObject({ kind: "unknown" });
    expect(await proven("redis-scan")).toMatchObject({ kind: "unknown", why: "Redis gives no answer" });
  });
});

test("a setting of Redis that somebody changes at run time is wrong from then on", async () => {
  expect(await proven("redis-settings")).toEqual({ kind: "ok" });
  await admin.config("SET", "maxmemory-policy", "allkeys-lru");

  expect(await proven("redis-settings")).toMatchObject({ kind: "wrong", instead: "Set noeviction." });
});

test("a ledger's directory that is gone is wrong, in words of our own", async () => {
  const directory = await mkdtemp(join(tmpdir(), "twokey-proof-"));
  const prove = () => ledgerProof({ directory, process: "bot-1" }).prove(new AbortController().signal);
  expect(await prove()).toEqual({ kind: "ok" });
  await rm(directory, { recursive: true });

  expect(await prove()).toMatchObject({
    kind: "wrong",
    what: `The ledger cannot be written to ${directory}: its directory does not exist (ENOENT).`,
    instead: expect.stringContaining("Mend that, or name another place in TWOKEY_LEDGER_DIR."),
  });
});
