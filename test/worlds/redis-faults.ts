import type { Redis } from "ioredis";
import { z } from "zod";
import { KEYS } from "../../src/store/keys.ts";
import type { FailoverWorld } from "../harness/failover-world.ts";
import type { Begin } from "./faults.ts";

/** Machine time between two cuts of a Redis that nobody can reach: shorter than it takes to connect again and ask something. */
const CUT_EVERY_MS = 25;
/** Name of the faults' own connections in Redis. */
const OWN = "fault";

export const redisCut: Begin = async ({ at, workers }) => {
  const before = workers.storeErrors;
  return { ...(await cutConnections(at)), isHit: () => workers.storeErrors > before };
};

/** Of a world whose store is older than its ledger: the newest mark that the ledger has. */
const AHEAD = new WeakMap<FailoverWorld, { readonly mark: string | undefined; readonly accepted: number }>();

/**
 * A copy of its beginning is there again at its end. It is not older where two such copies overlap, and the later one has all that the
 * ledger knows: on an older store nothing more was written.
 */
export const redisWentBack: Begin = async ({ at, wentBack }) => {
  const { putBack } = await copyStore(at);
  let isOlder = false;
  const end = async () => {
    const put = await putBack();
    const accepted = at.whole.world.log.read(0, "people.accepted-store").length;
    const ahead = AHEAD.get(at);
    // What people have accepted is what counts from then on.
    const mark = ahead?.accepted === accepted ? ahead.mark : put.before;
    isOlder = put.kept !== mark;
    if (isOlder) AHEAD.set(at, { mark, accepted });
    else AHEAD.delete(at);
    at.whole.world.log.append("redis.went-back", { lines: put.lost.length, isOlder });
    wentBack(put);
  };
  return { isHit: () => isOlder, end };
};

/** Cuts every connection of this world's database, again and again until it ends, as a restarting server or a broken network does. */
export async function cutConnections(at: FailoverWorld): Promise<{ readonly end: () => Promise<void> }> {
  const admin = await connected(at);
  let isOver = false;
  const cut = async () => {
    while (!isOver && !at.ended.aborted) {
      await Promise.all((await theirsOf(admin)).map((id) => admin.client("KILL", "ID", id)));
      await new Promise((resolve) => setTimeout(resolve, CUT_EVERY_MS));
    }
  };
  const cutting = cut();
  return {
    end: async () => {
      isOver = true;
      await cutting;
      admin.disconnect();
    },
  };
}

/** A connection of a fault's own: no other fault of the same world cuts it, once it has its name. What is asked before that waits. */
async function connected(at: FailoverWorld): Promise<Redis> {
  const redis = (await at.bench.connect()).duplicate({ connectionName: OWN, enableOfflineQueue: true });
  // A cut while it still had no name is nothing to tell: it connects again.
  redis.on("error", () => undefined);
  return redis;
}

async function theirsOf(admin: Redis): Promise<string[]> {
  const database = String(admin.options.db ?? 0);
  return String(await admin.client("LIST"))
    .split("\n")
    .flatMap((line) => {
      const told = new Map(line.split(" ").map((pair) => pair.split("=", 2) as [string, string]));
      const id = told.get("id");
      return id !== undefined && told.get("name") !== OWN && told.get("db") === database ? [id] : [];
    });
}

/** Everything in this world's database as it is now, to be put back in place of what is there later. */
async function copyStore(at: FailoverWorld): Promise<{ readonly putBack: () => Promise<PutBack> }> {
  const redis = await connected(at);
  const copied = await Promise.all((await redis.keys("*")).map((key) => entryOf(redis, key)));
  return {
    async putBack() {
      // Read in the same turn of Redis: what is written right after it is no loss.
      const put = redis.multi().lrange(JOURNAL, 0, -1).get(MARK).flushdb();
      for (const { key, value, livesMs } of copied) if (value) put.restore(key, livesMs, value);
      const answers = Answers.parse((await put.lrange(JOURNAL, 0, -1).get(MARK).exec())?.map(([, answer]) => answer));
      redis.disconnect();
      const [lines, mark, kept, keptMark] = [answers[0], answers[1], answers.at(-2), answers.at(-1)];
      return {
        lost: Lines.parse(lines).slice(Lines.parse(kept).length),
        ...{ before: newest(mark), kept: newest(keptMark) },
      };
    },
  };
}

export interface PutBack {
  /** Lines of the run's journal that the store does not have any more. */
  readonly lost: readonly string[];
  /** Newest mark of the driving process's ledger that the store knew, and that it knows now. */
  readonly before: string | undefined;
  readonly kept: string | undefined;
}

const JOURNAL = KEYS.journal("F-1");
const MARK = KEYS.ledgerMark("worker");
const Answers = z.array(z.unknown());
const Lines = z.array(z.string());
const newest = (mark: unknown) => z.string().nullable().parse(mark)?.split(" ")[0];

async function entryOf(redis: Redis, key: string) {
  const [value, livesMs] = await Promise.all([redis.dumpBuffer(key), redis.pttl(key)]);
  return { key, value, livesMs: Math.max(0, livesMs) };
}
