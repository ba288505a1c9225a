import { randomUUID } from "node:crypto";
import { Redis } from "ioredis";
import { chainOf } from "../domain/errors.ts";
import type { Proven } from "../domain/proof.ts";
import type { Reception, Secret } from "../domain/secret.ts";
import { whyNoAnswer } from "../domain/untrusted.ts";
import { OK, type Proof } from "../ports/proof.ts";
import { FAIL_FAST } from "./connection.ts";
import { whyUnwritable } from "./disk-probe.ts";
import { KEYS, PREFIX } from "./keys.ts";
import { leave } from "./leave.ts";
import { whyNotNow } from "./not-now.ts";
import { codeOf, LOGIN, NOT_LET_IN, REFUSALS } from "./refusals.ts";
import { lookAtServer, refusalOf, type StoreTerms } from "./server-check.ts";

/** What the store was found to lack is told at once, and not only every hour. */
const OFTEN_MS = 30_000;
/** World time after which keys of a proof that was cut off are gone. */
const GONE_AFTER_MS = "60000";

/** `redis`: throws while there is no connection. `url`: what the next connection is opened with; absent: that is not proven. */
export function storeProofs(redis: () => Promise<Redis>, terms: () => StoreTerms, url?: Secret): readonly Proof[] {
  return [
    {
      ...{ id: "redis-rights", proves: "Redis takes every command that TwoKey needs", neededBy: "every move" },
      critical: "alerts cannot be stored",
      prove: () => proveRights(redis),
    },
    ...(url === undefined ? [] : [signInProof(url)]),
    {
      ...{ id: "redis-settings", proves: "Redis keeps what it was told", neededBy: "every move" },
      prove: async () => {
        const refused = await redis()
          .then(lookAtServer)
          .then((facts) => refusalOf(facts, terms()))
          .catch(() => "silent" as const);
        if (refused === "silent") return SILENT;
        if (refused === undefined) return OK;
        const [code, what, instead] = refused;
        // A server that is busy for a moment says nothing about its doors.
        if (code === "redis-entry-unknown") return { kind: "unknown", why: what.replace(/\.$/, "") };
        return { kind: "wrong", what, instead };
      },
    },
    scanProof(redis),
  ];
}

/** Only the repair of lists asks for it, and no move waits for that. */
const scanProof = (redis: () => Promise<Redis>): Proof => ({
  ...{ id: "redis-scan", proves: "TwoKey can look through its keys in Redis", neededBy: "no move" },
  prove: () => proveRights(redis, ["SCAN 0"]),
});

/** Whether an alert that comes in now could be kept: in words why not; undefined: it could. Asked often, so it is one write. */
export async function whyNothingIsStored(redis: Redis, process: string): Promise<string | undefined> {
  lastBreakOf(redis);
  try {
    await redis.set(KEYS.proof(process), "1", "PX", Number(GONE_AFTER_MS));
    return undefined;
  } catch (error) {
    const code = codeFor(error, redis);
    return code === "NOPERM"
      ? "Redis does not let TwoKey write"
      : (REFUSALS[code]?.what.slice(0, -1) ?? whyNotNow(error, lastBreakOf(redis)) ?? "Redis does not answer");
  }
}

/** Why a connection broke last, until it stands again: a command that finds none says only that. */
const breaks = new WeakMap<Redis, { error: Error | undefined }>();

function lastBreakOf(redis: Redis): Error | undefined {
  const known = breaks.get(redis);
  if (known) return known.error;
  const last: { error: Error | undefined } = { error: undefined };
  breaks.set(redis, last);
  redis.on("error", (error: Error) => {
    last.error = error;
  });
  redis.on("ready", () => {
    last.error = undefined;
  });
  return undefined;
}

/** The word with which Redis refused this, or the connection that it needs; none: it did not refuse. */
function codeFor(error: unknown, redis: Redis): string {
  const code = error instanceof Error ? codeOf(error) : "";
  return Object.hasOwn(REFUSALS, code) || code === "NOPERM"
    ? code
    : (LOGIN.exec(chainOf(lastBreakOf(redis)))?.[0] ?? "");
}

const NO_ANSWER = "Redis gives no answer";
const SILENT: Proven = { kind: "unknown", why: NO_ANSWER };
const silentBy = (error: unknown): Proven => ({
  kind: "unknown",
  why: whyNoAnswer(chainOf(error), whyNotNow(error) ?? NO_ANSWER),
});

/**
 * What scripts, documents and queues are made of, each on keys that nothing else reads: a word behind a colon is one. The last ones
 * remove them.
 */
const REHEARSAL: readonly string[] = [
  ...[`SET :text 1 PX ${GONE_AFTER_MS}`, "GET :text", "EXISTS :text", "INCR :number"],
  ...[
    "HSET :hash a 1",
    "HSETNX :hash b 1",
    "HGET :hash a",
    "HMGET :hash a",
    "HGETALL :hash",
    "HVALS :hash",
    "HDEL :hash b",
  ],
  ...["RPUSH :list a", "LLEN :list", "LRANGE :list 0 0"],
  ...["SADD :set a b", "SISMEMBER :set a", "SMEMBERS :set", "SCARD :set", "SREM :set b"],
  ...["ZADD :sorted 1 a", "ZSCORE :sorted a", "ZCARD :sorted", "ZRANGE :sorted 0 0", "ZRANGEBYSCORE :sorted 0 1"],
  ...["ZRANGEBYLEX :sorted - +", "ZREM :sorted b", "ZREMRANGEBYSCORE :sorted 5 6"],
  ...["XADD :stream * a 1", "XRANGE :stream - +", "XREVRANGE :stream + -", "XTRIM :stream MAXLEN 1"],
  ...["TIME", "INFO memory", "EVAL return(redis.call('GET',KEYS[1])) 1 :text"],
  ...["number", "hash", "list", "set", "sorted", "stream"].map((key) => `PEXPIRE :${key} ${GONE_AFTER_MS}`),
  ...["RENAME :text :number", "DEL :number", "UNLINK :hash :list :set :sorted :stream"],
];

const rehearsal = (lines: readonly string[], key: (name: string) => string): readonly (readonly string[])[] =>
  lines.map((line) => line.split(" ").map((word) => (word.startsWith(":") ? key(word.slice(1)) : word)));

async function proveRights(connected: () => Promise<Redis>, lines = REHEARSAL): Promise<Proven> {
  const id = randomUUID();
  const commands = rehearsal(lines, (name) => KEYS.proof(`${id}:${name}`));
  let answers: readonly [error: Error | null, result: unknown][] | null;
  let redis: Redis | undefined;
  try {
    redis = await connected();
    lastBreakOf(redis);
    answers = await redis.pipeline(commands.map(([name = "", ...words]) => [name.toLowerCase(), ...words])).exec();
  } catch (error) {
    const isRefused = LOGIN.test(chainOf(error)) || (redis && LOGIN.test(chainOf(lastBreakOf(redis))));
    return isRefused ? NOT_LET_IN : silentBy(error);
  }
  const refused = (answers ?? []).flatMap(([error], at) =>
    error ? [{ command: commands[at]?.[0] ?? "", code: codeFor(error, redis) }] : [],
  );
  const [first] = refused;
  if (first === undefined) return answers === null ? SILENT : OK;
  const denied = refused.filter(({ code }) => code === "NOPERM").map(({ command }) => command);
  if (denied.length > 0) return notAllowed([...new Set(denied)]);
  return REFUSALS[first.code] ?? SILENT;
}

/** A connection that is open goes on whatever its user and password have become, and keeps alerts: the present ones are proven by another one. */
const signInProof = (url: Secret): Proof => ({
  ...{ id: "redis-sign-in", proves: "Redis lets TwoKey in with REDIS_URL as it is now", neededBy: "every move" },
  prove: () => proveSignIn(url),
});

async function proveSignIn(url: Secret): Promise<Proven> {
  const value = url.reveal();
  const redis = new Redis(value, {
    ...FAIL_FAST,
    ...{ lazyConnect: true, retryStrategy: null, connectionName: "twokey-proof" },
  });
  let why: Error | undefined;
  redis.on("error", (error: Error) => {
    why = error;
  });
  try {
    const proven = await proveRights(async () => {
      // Of a connection that was refused the command only says that it is closed.
      await redis.connect().catch((error: unknown) => {
        throw why ?? error;
      });
      return redis;
    });
    url.heard(value, receptionOf(proven));
    return proven;
  } finally {
    leave(redis);
  }
}

function receptionOf(proven: Proven): Reception {
  if (proven.kind === "ok") return "taken";
  return proven === NOT_LET_IN ? "refused" : "unknown";
}

const notAllowed = (commands: readonly string[]): Proven => ({
  kind: "wrong",
  what: `Redis does not let TwoKey use ${commands.slice(0, 5).join(", ")}${commands.length > 5 ? " and others" : ""}.`,
  instead: `Give its user the rights +@all on the keys ${PREFIX}*, or another user to REDIS_URL.`,
});

export interface LedgerPlace {
  readonly directory: string;
  /** Names the file of the proof: two processes never share one. */
  readonly process: string;
}

export const ledgerProof = ({ directory, process }: LedgerPlace): Proof => ({
  ...{ id: "ledger-disk", proves: "the ledger can be written", neededBy: "every move" },
  ...{ everyMs: OFTEN_MS, isToldElsewhere: true },
  prove: async () => {
    const why = await whyUnwritable(directory, process);
    if (why === undefined) return OK;
    return {
      kind: "wrong",
      what: `The ledger cannot be written to ${directory}: ${why}.`,
      instead: "Mend that, or name another place in TWOKEY_LEDGER_DIR. See “the ledger” in the operations manual.",
    };
  },
});

/** `disagreement`: in words, as `LostStore` has it. */
export const agreementProof = (disagreement: () => Promise<string | undefined>): Proof => ({
  ...{ id: "store-agrees", proves: "the store knows all that the ledgers know", neededBy: "every move" },
  ...{ everyMs: 5_000, isToldElsewhere: true },
  prove: async () => {
    const wrong = await disagreement();
    return wrong === undefined ? OK : { kind: "wrong", what: `${wrong}.`, instead: "The way on: /dr accept-store." };
  },
});
