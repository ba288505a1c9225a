import type { Redis } from "ioredis";
import { KEYS } from "./keys.ts";

/** True for the first caller with this key within `forMs` of machine time, in whichever process. */
export async function firstTime(redis: Redis, key: string, forMs: number): Promise<boolean> {
  return (await redis.set(KEYS.once(key), "1", "PX", forMs, "NX")) === "OK";
}

/** It was not done after all: the next caller is the first again. */
export async function forget(redis: Redis, key: string): Promise<void> {
  await redis.del(KEYS.once(key));
}
