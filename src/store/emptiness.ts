import type { Redis } from "ioredis";
import { KEYS, PREFIX } from "./keys.ts";

/** True where TwoKey has written before. */
export async function isUsed(redis: Redis): Promise<boolean> {
  return (await redis.exists(KEYS.position, KEYS.openRuns)) > 0;
}

/** Removes what a rehearsal wrote, and nothing else: every key of ours carries the same prefix. */
export async function forgetEverything(redis: Redis): Promise<void> {
  for (let cursor = "0"; ; ) {
    const [next, keys] = await redis.scan(cursor, "MATCH", `${PREFIX}*`, "COUNT", 1_000);
    if (keys.length > 0) await redis.unlink(...keys);
    if (next === "0") return;
    cursor = next;
  }
}
