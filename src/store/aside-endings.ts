import type { Redis } from "ioredis";
import type { Ending, PutAside } from "../ports/keeping.ts";
import { TIMELINE } from "./events.ts";
import { KEYS, keysOfIncident, keysOfRun } from "./keys.ts";
import { allAside, asideOf } from "./put-aside.ts";

/** What stands under an id of each kind that stays where it was; what people were told of a timeline is nothing more than that. */
const STANDS: Readonly<Record<string, (id: string) => readonly string[]>> = {
  incident: keysOfIncident,
  run: keysOfRun,
  [TIMELINE]: () => [],
};

/** KEYS: put aside, its place, what stands there…. ARGV: name. 0: a version that reads it has taken it back meanwhile. */
const REMOVE = `
if redis.call('HDEL', KEYS[1], ARGV[1]) == 0 then return 0 end
for index = 2, #KEYS do redis.call('UNLINK', KEYS[index]) end
return 1
`;

/**
 * How what was put aside ends: a while after people were told, and as it stands. What was open when it was put aside stays:
 * it may hold a service, and only people can say what it was.
 */
export function endingOfAsides(redis: Redis): Ending {
  return {
    async settledBefore(atMs, limit) {
      const old = (await allAside(redis)).filter(({ reportedAtMs = atMs }) => reportedAtMs < atMs);
      const over: string[] = [];
      for (const aside of old) {
        if (over.length < limit && (await isOver(redis, aside))) over.push(aside.name);
      }
      return over;
    },
    async last(name) {
      const told = await asideOf(redis, name);
      if (!told) return undefined;
      const { kind, id, replaced } = told;
      const keys = replaced ? [KEYS.replaced(kind, id)] : (STANDS[kind]?.(id) ?? []);
      return {
        content: { told, stored: await asTheyStand(redis, keys) },
        remove: async () => {
          const all = [KEYS.putAside, KEYS.placeOf(kind, id), ...keys];
          return (await redis.eval(REMOVE, all.length, ...all, name)) === 1;
        },
      };
    },
  };
}

async function isOver(redis: Redis, { kind, id, replaced }: PutAside): Promise<boolean> {
  if (replaced) return true;
  if (kind === TIMELINE) return (await redis.exists(ownerOf(id))) === 0;
  const [open, settled] = await redis.hmget(KEYS.placeOf(kind, id), "open", "settled");
  return STANDS[kind] !== undefined && open === null && typeof settled === "string";
}

/** A timeline is told of as `incident <id>` or `run <id>`. */
function ownerOf(timeline: string): string {
  const [about, id = ""] = timeline.split(" ");
  return about === "run" ? KEYS.run(id) : KEYS.document("incident", id);
}

async function asTheyStand(redis: Redis, keys: readonly string[]): Promise<Readonly<Record<string, unknown>>> {
  const found = await Promise.all(keys.map(async (key) => [key, await asItStands(redis, key)] as const));
  return Object.fromEntries(found.filter(([, stored]) => stored !== undefined));
}

/** For people, where it is of a type that is ours; and byte for byte as DUMP has it, for RESTORE: it may be bytes that are damaged. */
async function asItStands(redis: Redis, key: string): Promise<unknown> {
  const dump = await redis.dumpBuffer(key);
  return dump === null ? undefined : { ...(await inWords(redis, key)), dump: dump.toString("base64") };
}

async function inWords(redis: Redis, key: string): Promise<{ readonly text?: unknown }> {
  const type = await redis.type(key);
  if (type === "hash") return { text: await redis.hgetall(key) };
  if (type === "list") return { text: await redis.lrange(key, 0, -1) };
  return type === "set" ? { text: await redis.smembers(key) } : {};
}
