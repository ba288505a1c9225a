import type { Redis } from "ioredis";
import { z } from "zod";
import { Act, type Recovery, Testimony } from "../domain/plan-run/recovery.ts";
import { KEYS } from "./keys.ts";
import { recoveryFrom } from "./recoveries.ts";
import type { Seals } from "./seal.ts";

/** An act that a process has written into its ledger, with the seal of its line and how many lines the segment then has. */
const Head = z.strictObject({
  ...{ process: z.string(), mark: z.string(), act: Act },
  ...{ lines: z.number().int(), seal: z.string() },
});
export type Head = z.infer<typeof Head>;

/** As it lies in the store: without this seal another process would write down whatever somebody puts there. */
const StoredHead = Head.extend({ sealed: z.string() });

/** What the store knows of the ledgers beside it, read in one step. */
export interface StoredMarks {
  /** This process's newest mark and the one before it; undefined: it knows nothing of this ledger. */
  readonly own: readonly string[] | undefined;
  /** The newest act of all processes. */
  readonly head: Head | undefined;
  readonly testimonies: readonly Testimony[];
  /** The newest one, accepted or not. One that cannot be read accepts nothing. */
  readonly recovery: Recovery | undefined;
}

export async function readMarks(redis: Redis, process: string, seals: Seals): Promise<StoredMarks> {
  const answers = await redis
    .multi()
    .get(KEYS.ledgerMark(process))
    .lindex(KEYS.ledgerHeads, 0)
    .hvals(KEYS.testimonies)
    .hmget(KEYS.recovery, "schema", "value", "seal")
    .exec();
  const [mark, head, testimonies, recovery] = (answers ?? []).map(([error, value]) => {
    if (error) throw error;
    return value;
  });
  const own = z.string().nullable().parse(mark);
  return {
    own: own === null ? undefined : own.split(" "),
    head: head === null || head === undefined ? undefined : headFrom(z.string().parse(head), seals),
    testimonies: z
      .array(z.string())
      .parse(testimonies)
      .map((text) => Testimony.parse(JSON.parse(text))),
    recovery: readableRecovery(z.array(z.string().nullable()).parse(recovery), seals),
  };
}

/** Undefined: no process of ours has told that. */
function headFrom(text: string, seals: Seals): Head | undefined {
  const { sealed, ...head } = StoredHead.parse(JSON.parse(text));
  return seals.fits(sealed, { head }) ? head : undefined;
}

/** The newest acts of all processes, the newest first. */
export async function readHeads(redis: Redis, seals: Seals): Promise<readonly Head[]> {
  return (await redis.lrange(KEYS.ledgerHeads, 0, -1)).flatMap((text) => headFrom(text, seals) ?? []);
}

function readableRecovery([schema, value, seal]: readonly (string | null)[], seals: Seals): Recovery | undefined {
  try {
    return recoveryFrom({ schema: schema ?? undefined, value: value ?? undefined, seal: seal ?? undefined }, seals);
  } catch {
    return undefined;
  }
}

interface WrittenMark {
  readonly process: string;
  /** What the store had of this process, newest mark first, when it was last read or written here. */
  readonly over: readonly string[];
  /** The newest one, and the one before it. */
  readonly marks: readonly string[];
  readonly head?: Head | undefined;
}

/** Acts that wait for the others to write them down: each process looks twice a second. */
export const HEADS_KEPT = 100;

/** KEYS: mark of the process, heads. ARGV: its mark until now or '', its mark from now on, head or '', how many heads are kept. */
const WRITE = `
if (redis.call('GET', KEYS[1]) or '') ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2])
if ARGV[3] ~= '' then
  redis.call('LPUSH', KEYS[2], ARGV[3])
  redis.call('LTRIM', KEYS[2], 0, ARGV[4] - 1)
end
return 1`;

/**
 * The store has the new mark before the file has its line: after a crash in between it holds both. False: the store is not the
 * one that was read any more. It went back in time, and a mark written there would hide that for good.
 */
export async function writeMark(
  redis: Redis,
  { process, over, marks, head }: WrittenMark,
  seals: Seals,
): Promise<boolean> {
  const keys = [KEYS.ledgerMark(process), KEYS.ledgerHeads];
  const told = head ? JSON.stringify({ ...head, sealed: seals.of({ head }) }) : "";
  return (await redis.eval(WRITE, keys.length, ...keys, over.join(" "), marks.join(" "), told, HEADS_KEPT)) === 1;
}

/**
 * What is known of a ledger that ends, by the mark that its file ends with: a process of the same name that writes elsewhere
 * keeps its own, and the answer is 0. So does one of which the store has no mark, but which has testified: the store may be
 * another one. KEYS: mark of the process, testimonies. ARGV: newest mark of the file, process.
 */
const FORGET = `
local known = redis.call('GET', KEYS[1])
if known and not string.find(' ' .. known .. ' ', ' ' .. ARGV[1] .. ' ', 1, true) then return 0 end
if not known and redis.call('HEXISTS', KEYS[2], ARGV[2]) == 1 then return 0 end
redis.call('DEL', KEYS[1])
redis.call('HDEL', KEYS[2], ARGV[2])
return 1`;

/** False: a process of that name goes on somewhere else. */
export async function forgetMark(redis: Redis, process: string, newest: string): Promise<boolean> {
  return (await redis.eval(FORGET, 2, KEYS.ledgerMark(process), KEYS.testimonies, newest, process)) === 1;
}

export async function testify(redis: Redis, testimony: Testimony): Promise<void> {
  await redis.hset(KEYS.testimonies, testimony.process, JSON.stringify(testimony));
}

export async function takeBack(redis: Redis, process: string): Promise<void> {
  await redis.hdel(KEYS.testimonies, process);
}
