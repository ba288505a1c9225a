import type { Stage } from "../stage.ts";

const KEY = "twokey-bench:durable-write";
/** Of one signed notification, about. */
const BYTES = 2_500;
const TICK_MS = 2;

/**
 * What the disk alone takes: machine milliseconds of each write to this Redis, sent at an even rate, from the moment at which it was
 * planned until it is durable. No webhook can be answered sooner.
 */
export async function durableWrites(
  redis: Stage["redis"],
  count: number,
  perSecond: number,
): Promise<readonly number[]> {
  const body = "x".repeat(BYTES);
  const beganMs = performance.now();
  const writes: Promise<number>[] = [];
  while (writes.length < count) {
    const dueCount = Math.floor(((performance.now() - beganMs) / 1_000) * perSecond) + 1;
    while (writes.length < Math.min(count, dueCount)) {
      const plannedMs = beganMs + (writes.length * 1_000) / perSecond;
      writes.push(redis.set(KEY, body).then(() => performance.now() - plannedMs));
    }
    await new Promise((resolve) => setTimeout(resolve, TICK_MS));
  }
  const afterMs = await Promise.all(writes);
  await redis.del(KEY);
  return afterMs;
}
