import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { Queue, Worker } from "bullmq";
import { Redis } from "ioredis";
import { connectRedis, FAIL_FAST, signingInBy, WAITING } from "../../src/store/connection.ts";
import { leave } from "../../src/store/leave.ts";
import { storeProofs } from "../../src/store/proofs.ts";
import { BreakableRedis } from "../harness/breakable-redis.ts";
import { eventually } from "../harness/eventually.ts";
import { silent } from "../harness/fakes/index.ts";
import { quoted } from "../harness/quoted.ts";
import { type KeptSecret, secretInFile } from "../harness/secret-file.ts";

const TERMS = { accepted: [], isRehearsal: true };

let server: BreakableRedis;
let admin: Redis;
let url: KeptSecret;
const urlWith = (password: string) => server.url.replace("redis://", `redis://twokey:${password}@`);
const setPassword = (password: string) =>
  admin.call("ACL", "SETUSER", "twokey", "on", "resetpass", `>${password}`, "~*", "&*", "+@all");

beforeEach(async () => {
  server = await BreakableRedis.start();
  admin = new Redis(server.url);
  await setPassword("the-first");
  url = secretInFile("REDIS_URL", urlWith("the-first"));
});
afterEach(async () => {
  leave(admin);
  await server.stop();
  url.remove();
});

/** Everybody has to sign in again. */
const cutOff = () => admin.call("CLIENT", "KILL", "USER", "twokey");

test("a connection that is open goes on after the password has changed, and the next one takes the new one", async () => {
  const { redis } = await connectRedis(url.secret, TERMS, silent);
  const isBack = () => eventually("a connection", () => redis.ping().catch(() => undefined));
  try {
    await setPassword("the-second");
    url.changeTo(urlWith("the-second"));
    expect(await redis.ping()).toBe("PONG");
    await cutOff();
    expect(await isBack()).toBe("PONG");

    // Redis first, the file later: it is looked at again at each attempt.
    await setPassword("the-third");
    await cutOff();
    await eventually("a refusal", async () => (redis.status === "ready" ? undefined : true));
    url.changeTo(urlWith("the-third"));
    expect(await isBack()).toBe("PONG");

    // The file first, Redis later: the one before still opens the connection.
    url.changeTo(urlWith("the-fourth"));
    url.secrets.look();
    await cutOff();
    expect(await isBack()).toBe("PONG");
  } finally {
    leave(redis);
  }
});

test("a connection that was given its URL as a text comes back with that after it was cut off", async () => {
  const { redis } = await connectRedis(urlWith("the-first"), TERMS, silent);
  try {
    await cutOff();
    expect(await eventually("a connection", () => redis.ping().catch(() => undefined))).toBe("PONG");
  } finally {
    leave(redis);
  }
});

test("guard next sign-in: a password that Redis refuses is wrong by its proof, though the open connection goes on", async () => {
  const { redis } = await connectRedis(url.secret, TERMS, silent);
  const proofs = storeProofs(
    async () => redis,
    () => TERMS,
    url.secret,
  );
  const proofOf = (id: string) => proofs.find((proof) => proof.id === id);
  const prove = (id = "redis-sign-in") => proofOf(id)?.prove(new AbortController().signal);
  try {
    expect(await prove()).toEqual({ kind: "ok" });
    url.changeTo(urlWith("the-second"));
    url.secrets.look();
    expect(await redis.ping()).toBe("PONG");
    expect(await prove()).toMatchObject({
      kind: "wrong",
      what: "Redis refuses the user or the password.",
      instead: expect.stringMatching(quoted("Put the right ones into REDIS_URL, …")),
    });
    // Alerts are stored by the connection that is open: no load balancer takes the process away for the next one.
    expect(await prove("redis-rights")).toEqual({ kind: "ok" });
    expect(proofOf("redis-sign-in")).toMatchObject({ neededBy: "every move" });
    expect(proofOf("redis-sign-in")).not.toHaveProperty("critical");
    expect(url.secret.toSend()[0]).toBe(urlWith("the-first"));
    await setPassword("the-second");
    expect(await prove()).toEqual({ kind: "ok" });
    expect(url.secret.toSend()[0]).toBe(urlWith("the-second"));
    const isLeft = async () => (String(await admin.call("CLIENT", "LIST")).includes("twokey-proof") ? undefined : true);
    expect(await eventually("the end of the proof's connection", isLeft)).toBe(true);
  } finally {
    leave(redis);
  }
});

test("queues and their workers sign in again with the new password, and no job is lost", async () => {
  const connection = { url: url.secret.reveal(), ...WAITING, ...signingInBy(url.secret) };
  const done: string[] = [];
  const worker = new Worker("jobs", async ({ name }) => void done.push(name), { connection });
  const queue = new Queue("jobs", {
    connection: { url: url.secret.reveal(), ...FAIL_FAST, ...signingInBy(url.secret), enableOfflineQueue: true },
  });
  worker.on("error", () => undefined);
  queue.on("error", () => undefined);
  try {
    await worker.waitUntilReady();
    await queue.add("before", {});
    await eventually("the first job", async () => done.includes("before") || undefined);
    await setPassword("the-second");
    url.changeTo(urlWith("the-second"));
    await cutOff();
    await eventually("a job that is taken", () => queue.add("after", {}).catch(() => undefined));
    await eventually("the second job", async () => done.includes("after") || undefined);
  } finally {
    await worker.close();
    await queue.close();
  }
});
