import type { Redis } from "ioredis";
import { KEYS } from "./keys.ts";

/** True for the first caller with this key, in whichever process, until it is forgotten. World time. */
export async function firstTime(redis: Redis, key: string, nowMs: number): Promise<boolean> {
  return Number(await redis.zadd(KEYS.once, "NX", nowMs, key)) === 1;
}

/** It was not done after all: the next caller is the first again. */
export async function forget(redis: Redis, key: string): Promise<void> {
  await redis.zrem(KEYS.once, key);
}

export async function forgetBefore(redis: Redis, atMs: number): Promise<void> {
  await redis.zremrangebyscore(KEYS.once, "-inf", `(${atMs}`);
}
