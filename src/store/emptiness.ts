import type { Redis } from "ioredis";
import { KEYS, PREFIX } from "./keys.ts";

/** True where there is what a process would go by: events, open runs, or a clock. Queues and drivers fill an empty store by themselves. */
export const isBelieved = async (redis: Redis): Promise<boolean> =>
  (await redis.exists(KEYS.position, KEYS.openRuns, KEYS.clock)) > 0;

/** True where TwoKey has written before. What a proof writes says nothing: it goes by itself. */
export async function isUsed(redis: Redis): Promise<boolean> {
  for await (const keys of ourKeys(redis)) if (keys.some((key) => !key.startsWith(KEYS.proof("")))) return true;
  return false;
}

/** Removes what a rehearsal wrote, and nothing else: every key of ours carries the same prefix. */
export async function forgetEverything(redis: Redis): Promise<void> {
  for await (const keys of ourKeys(redis)) if (keys.length > 0) await redis.unlink(...keys);
}

async function* ourKeys(redis: Redis): AsyncGenerator<readonly string[]> {
  for (let cursor = "0"; ; ) {
    const [next, keys] = await redis.scan(cursor, "MATCH", `${PREFIX}*`, "COUNT", 1_000);
    yield keys;
    if (next === "0") return;
    cursor = next;
  }
}
