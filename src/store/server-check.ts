import { Redis, type RedisOptions } from "ioredis";
import { messageOf, UserError } from "../domain/errors.ts";
import type { StoreRisk } from "../domain/service/store-risk.ts";
import type { Logger } from "../ports/logger.ts";
import { leave } from "./leave.ts";

/** What is known of the server that holds the state. Managed Redis hides `CONFIG`: `INFO` is read as well. */
export interface ServerFacts {
  readonly version: string;
  /** Undefined: it does not say. */
  readonly eviction: string | undefined;
  readonly appendOnly: boolean;
  /** `always`, `everysec` or `no`; undefined: it cannot be read. */
  readonly fsync: string | undefined;
  readonly isReplica: boolean;
  readonly isCluster: boolean;
  /** What becomes of somebody who gives no password. */
  readonly strangers: Strangers;
}

/** `unknown`: neither let in nor refused, so nobody can tell. */
export type Strangers = "let-in" | "refused" | "unknown";

export interface StoreTerms {
  /** What the file accepts by name. */
  readonly accepted: readonly StoreRisk[];
  /** A rehearsal's store holds nothing that anybody could forge a key for. */
  readonly isRehearsal: boolean;
}

const OLDEST_VERSION = [6, 2] as const;
/** Machine time for the visit without a password. */
const KNOCK_WITHIN_MS = 2_000;
/** One that a busy server did not answer is no news. */
const MOST_KNOCKS = 2;
/** How Redis begins what it says to somebody whom it does not let in. */
const REFUSALS = /^(NOAUTH|WRONGPASS|NOPERM)\b/;

export async function lookAtServer(redis: Redis): Promise<ServerFacts> {
  const [info, config, strangers] = await Promise.all([
    Promise.all(["server", "memory", "persistence", "replication", "cluster"].map((part) => redis.info(part))),
    redis.config("GET", "append*").catch(() => []),
    strangersAt(redis.options),
  ]);
  const said = info.join("\n");
  const of = (name: string) => new RegExp(`^${name}:(\\S*)`, "m").exec(said)?.[1];
  const settings = settingsIn(config);
  return {
    version: of("redis_version") ?? "0",
    eviction: of("maxmemory_policy"),
    appendOnly: of("aof_enabled") === "1",
    fsync: settings.get("appendfsync"),
    isReplica: of("role") === "slave",
    isCluster: of("cluster_enabled") === "1",
    strangers,
  };
}

function settingsIn(answer: unknown): ReadonlyMap<string, string> {
  if (!Array.isArray(answer))
    return new Map(Object.entries(answer ?? {}).map(([name, value]) => [name, String(value)]));
  const pairs = answer.flatMap((name: unknown, at) =>
    at % 2 === 0 ? [[String(name), String(answer[at + 1])] as const] : [],
  );
  return new Map(pairs);
}

async function strangersAt(options: RedisOptions): Promise<Strangers> {
  let seen: Strangers = "unknown";
  for (let knocks = 0; seen === "unknown" && knocks < MOST_KNOCKS; knocks++) seen = await knock(options);
  return seen;
}

/** As somebody who knows no password. */
async function knock({ host, port, path, tls, family }: RedisOptions): Promise<Strangers> {
  const stranger = new Redis({
    ...(path ? { path } : { host: host ?? "localhost", port: port ?? 6379, family: family ?? 4 }),
    ...(tls ? { tls } : {}),
    // Where only the greeting of the newer protocol is refused, strangers come in by the older one.
    ...{ protocol: 2, disableClientInfo: true, enableReadyCheck: false },
    ...{ lazyConnect: true, retryStrategy: null, maxRetriesPerRequest: 0 },
    ...{ connectTimeout: KNOCK_WITHIN_MS, commandTimeout: KNOCK_WITHIN_MS },
  } satisfies RedisOptions);
  const said: string[] = [];
  stranger.on("error", (error) => void said.push(error.message));
  try {
    await stranger.connect();
    // What writes a key needs more than a PING, which some servers answer to everybody.
    await stranger.exists("{twokey}:position");
    return "let-in";
  } catch (error) {
    // What refuses a connection is told as an event, and who opened it hears only that it has ended.
    return [...said, messageOf(error)].some((each) => REFUSALS.test(each)) ? "refused" : "unknown";
  } finally {
    leave(stranger);
  }
}

type Rule = (facts: ServerFacts, terms: StoreTerms) => Refusal | undefined;
type Refusal = readonly [code: string, what: string, instead: string];

/** In the order in which a person can mend them. Each refuses the start. */
const RULES: readonly Rule[] = [
  ({ version }) => {
    const [major = 0, minor = 0] = version.split(".").map(Number);
    const isOld = major < OLDEST_VERSION[0] || (major === OLDEST_VERSION[0] && minor < OLDEST_VERSION[1]);
    return isOld
      ? ["redis-too-old", `Redis ${version} is too old.`, `TwoKey needs ${OLDEST_VERSION.join(".")} or newer.`]
      : undefined;
  },
  ({ isCluster }) =>
    isCluster
      ? [
          "redis-cluster",
          "REDIS_URL leads to a node of a Redis Cluster, which holds a part of the keys only.",
          "Use a server that is no cluster.",
        ]
      : undefined,
  ({ isReplica }) =>
    isReplica
      ? ["redis-read-only", "REDIS_URL leads to a replica, which takes no writes.", "Use the address of the primary."]
      : undefined,
  ({ eviction }) =>
    eviction === undefined || eviction === "noeviction"
      ? undefined
      : [
          "redis-evicts",
          `Redis may evict keys (maxmemory-policy ${eviction}); a failover's journal must not be.`,
          "Set noeviction.",
        ],
  ({ eviction }, { accepted }) =>
    eviction !== undefined || accepted.includes("eviction-unknown")
      ? undefined
      : [
          "redis-eviction-unknown",
          "Redis does not say whether it evicts keys (maxmemory-policy); a failover's journal must not be.",
          "Look it up, and where it is noeviction, say so in twokey.yaml: redis: { accept: [eviction-unknown] }.",
        ],
  ({ strangers }, { isRehearsal }) =>
    strangers === "let-in" && !isRehearsal
      ? [
          "redis-open",
          "Redis lets anybody in without a password, and everybody who can write there can stop and confuse runs.",
          "Set requirepass or an ACL, and put the password into REDIS_URL.",
        ]
      : undefined,
  ({ strangers }, { accepted, isRehearsal }) =>
    strangers !== "unknown" || isRehearsal || accepted.includes("entry-unknown")
      ? undefined
      : [
          "redis-entry-unknown",
          "Redis did not say whether it lets somebody in who gives no password.",
          "Start again, or look it up and, where it refuses them, say so in twokey.yaml: redis: { accept: [entry-unknown] }.",
        ],
  ({ fsync, appendOnly }) =>
    appendOnly && fsync === "no"
      ? [
          "redis-no-fsync",
          "Redis has appendfsync no: what it acknowledged may be lost.",
          "Set appendfsync always or everysec.",
        ]
      : undefined,
  ({ appendOnly }, { accepted, isRehearsal }) =>
    appendOnly || isRehearsal || accepted.includes("append-only-off")
      ? undefined
      : [
          "redis-no-append-only-file",
          "Redis keeps no append-only file: after a crash of Redis every run stops for people.",
          "Set appendonly yes, or accept it in twokey.yaml: redis: { accept: [append-only-off] }.",
        ],
  ({ fsync, appendOnly }, { accepted, isRehearsal }) =>
    !appendOnly || fsync !== undefined || isRehearsal || accepted.includes("fsync-unknown")
      ? undefined
      : [
          "redis-fsync-unknown",
          "Redis does not say how often it writes to disk (CONFIG is refused).",
          "Look it up, and where it is always or everysec, say so in twokey.yaml: redis: { accept: [fsync-unknown] }.",
        ],
];

/** Why this server cannot carry failovers on these terms; undefined: it can. */
export function refusalOf(facts: ServerFacts, terms: StoreTerms): Refusal | undefined {
  for (const rule of RULES) {
    const refused = rule(facts, terms);
    if (refused) return refused;
  }
  return undefined;
}

/** Throws UserError where the server cannot carry failovers; says in the log what was found. */
export function judgeServer(facts: ServerFacts, terms: StoreTerms, logger: Logger): void {
  const refused = refusalOf(facts, terms);
  if (refused) {
    const [code, what, instead] = refused;
    throw new UserError(code, `${what} ${instead}`);
  }
  const worth = { ...facts, accepted: [...terms.accepted] };
  if (facts.appendOnly && facts.fsync === "always") logger.info(worth, "Redis can carry failovers");
  else logger.warn(worth, "Redis can carry failovers, but a power cut there may lose what it acknowledged last");
}

/** How often what it acknowledged is on its disk, in words. */
const WRITTEN: Readonly<Record<string, string>> = {
  always: "writes each command to disk before it answers",
  everysec: "writes to disk every second, so a power cut there may lose the last one",
};

/** The same for people, in one line. */
export function sayServer({ version, appendOnly, fsync }: ServerFacts, { accepted }: StoreTerms): string {
  const written = WRITTEN[fsync ?? ""] ?? "does not say how often it writes to disk";
  const kept = appendOnly ? written : "keeps nothing on disk as it happens: when it ends every run stops for people";
  const said = accepted.length === 0 ? "" : ` Accepted in twokey.yaml: ${accepted.join(", ")}.`;
  return `TwoKey's own state: Redis ${version} ${kept}.${said}`;
}
