import { once } from "node:events";
import { type AddressInfo, createServer, type Server } from "node:net";
import { afterEach, expect, test } from "@jest/globals";
import { Redis } from "ioredis";
import { messageOf } from "../../src/domain/errors.ts";
import { FAIL_FAST } from "../../src/store/connection.ts";
import { leave } from "../../src/store/leave.ts";
import { withPlainErrors } from "../../src/store/plain-errors.ts";
import { storeProofs, whyNothingIsStored } from "../../src/store/proofs.ts";
import { withScripts } from "../../src/store/scripts.ts";
import { BreakableRedis } from "../harness/breakable-redis.ts";
import { eventually } from "../harness/eventually.ts";
import { quotationsOf, quoted } from "../harness/quoted.ts";
import { smallDisk } from "../harness/small-disk.ts";

const toClose: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of toClose.splice(0).toReversed()) await close();
});

async function started(...settings: string[]): Promise<BreakableRedis> {
  const server = await BreakableRedis.start(settings);
  toClose.push(() => server.stop());
  return server;
}

function connected(url: string): Redis {
  const redis = new Redis(url, FAIL_FAST);
  redis.on("error", () => undefined);
  toClose.push(() => leave(redis));
  return redis;
}

async function ready(url: string): Promise<Redis> {
  const redis = connected(url);
  await once(redis, "ready");
  return redis;
}

interface Seen {
  /** Somebody waits for an answer: in a write, or in a read. */
  readonly person: string;
  /** `/readyz`, and the page after a minute. */
  readonly page: string;
  readonly proof: string;
}

/** What people see of this server. Each look has a connection of its own: one that met a refusal may be opened again. */
function looksAt(url: string): () => Promise<Seen> {
  const [acting, looking, proving] = [connected(url), connected(url), connected(url)];
  const plain = withPlainErrors(withScripts(acting));
  const [rights] = storeProofs(
    async () => proving,
    () => ({ accepted: [], isRehearsal: true }),
  );
  return async () => {
    const person = await plain.set("k", "v").then(() => "done", messageOf);
    const page = (await whyNothingIsStored(looking, "bot-1")) ?? "stored";
    const proven = await rights?.prove(new AbortController().signal);
    return { person, page, proof: proven?.kind === "wrong" ? `${proven.what} ${proven.instead}` : "not wrong" };
  };
}

/** All that was seen until each of these words had been. */
async function seenUntil(at: string | (() => Promise<Seen>), ...words: readonly string[]): Promise<string> {
  const seen = new Set<string>();
  const look = typeof at === "string" ? looksAt(at) : at;
  return eventually(
    `“${words.join("”, “")}”`,
    async () => {
      for (const each of Object.values(await look())) seen.add(each);
      const all = [...seen].join("\n");
      return words.every((each) => all.includes(each)) ? all : undefined;
    },
    20_000,
  );
}

async function listening(server: Server): Promise<number> {
  await once(server.listen(0, "127.0.0.1"), "listening");
  return (server.address() as AddressInfo).port;
}

async function freePort(): Promise<number> {
  const server = createServer();
  const port = await listening(server);
  await new Promise((resolve) => server.close(resolve));
  return port;
}

function expectRow(fault: string, seen: readonly string[]): void {
  for (const sentence of quotationsOf(fault)) expect(seen.join("\n")).toMatch(sentence);
}

test("MISCONF: its disk is full: a real server whose disk takes nothing more says it, and people read it word for word", async () => {
  const disk = await smallDisk("dump.rdb");
  toClose.push(() => disk.stop());
  const server = await started("appendonly no", `dir ${disk.directory}`, 'save "3600 1"');
  const redis = await ready(server.url);
  await redis.set("large", "x".repeat(64_000));
  await redis.bgsave();
  await eventually("a first copy", async () => /rdb_bgsave_in_progress:0/.test(await redis.info("persistence")));
  const pid = Number(/process_id:(\d+)/.exec(await redis.info("server"))?.[1]);
  await disk.holds(pid);
  await redis.set("larger", "y".repeat(64_000));
  await disk.leave(0);
  await redis.bgsave();

  const seen = await seenUntil(server.url, "(Redis) cannot write", "Make room");
  expectRow("MISCONF: its disk is full", [seen]);
}, 60_000);

test("BUSY, MASTERDOWN: a real server says each, and people read it word for word", async () => {
  const server = await started("busy-reply-threshold 50");
  const admin = await ready(server.url);
  const look = looksAt(server.url);
  await eventually("a store that takes writes", async () => (await look()).page === "stored");
  const script = (await ready(server.url)).eval("while true do end", 0);
  script.catch(() => undefined);
  const busy = await seenUntil(look, "busy with a script", "starting or busy");
  await admin.script("KILL");

  await admin.config("SET", "replica-serve-stale-data", "no");
  await admin.config("SET", "replica-read-only", "no");
  await admin.replicaof("127.0.0.1", 1);
  const down = await seenUntil(server.url, "lost its primary");

  expectRow("BUSY, MASTERDOWN", [busy, down]);
}, 60_000);

test("NOREPLICAS: a real server says it, and people read it word for word", async () => {
  const server = await started();
  await (await ready(server.url)).config("SET", "min-replicas-to-write", "1");

  expectRow("NOREPLICAS", [await seenUntil(server.url, "Redis has lost its copy", "(Redis) has lost its copy")]);
}, 60_000);

test("LOADING, or max number of clients reached: nobody is let in, and people read that it does not answer", async () => {
  const port = await freePort();
  const full = await started(`port ${port}`, "maxclients 2");
  await Promise.all([ready(full.url), ready(full.url)]);
  const crowded = await looksAt(`redis://127.0.0.1:${port}`)();

  const server = await started("key-load-delay 500");
  const many = (await ready(server.url)).pipeline();
  for (let at = 0; at < 6_000; at += 1) many.rpush("list", "x");
  await many.exec();
  await server.kill();
  const back = server.comeBack("same");
  const loading = await looksAt(server.url)();
  await back;

  for (const seen of [crowded, loading])
    expectRow("LOADING, or max number of clients reached", [seen.person, seen.page]);
}, 60_000);

test("READONLY: a replica: people read it word for word", async () => {
  const { url } = await started();
  await (await ready(url)).replicaof("127.0.0.1", 1);

  const seen = await seenUntil(url, "leads to a replica", "takes no writes at this moment", "Use the address");
  expectRow("READONLY: a replica", [seen]);
}, 60_000);

test("OOM with noeviction: people read it word for word", async () => {
  const server = await started();
  await server.fill();

  const seen = await seenUntil(server.url, "(Redis) is full");
  for (const sentence of [
    "TwoKey's memory (Redis) is full and takes no writes",
    "Redis is full and takes no writes.",
    "Give it more memory: see “how much room it takes” in the operations manual.",
  ])
    expect(seen).toMatch(quoted(sentence));
}, 60_000);

test("NOAUTH, WRONGPASS, NOPERM: people read it word for word", async () => {
  const server = await started();
  const admin = await ready(server.url);
  await admin.call("ACL", "SETUSER", "weak", "on", ">pw-of-weak", "~*", "&*", "+@all", "-set");
  const weak = server.url.replace("redis://", "redis://weak:pw-of-weak@");
  const denied = await seenUntil(weak, "Redis does not let TwoKey write", "password or rights");
  const stranger = server.url.replace("redis://", "redis://weak:wrong@");
  const refused = await seenUntil(stranger, "Redis refuses the user or the password");

  expectRow("NOAUTH, WRONGPASS, NOPERM", [denied, refused]);
}, 60_000);
