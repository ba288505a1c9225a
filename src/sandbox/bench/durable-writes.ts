import type { Stage } from "../stage.ts";
import { inOpenLoop } from "./load.ts";

const KEY = "twokey-bench:durable-write";
/** Of one signed notification, about. */
const BYTES = 2_500;

/**
 * What the disk alone takes: machine milliseconds of each write to this Redis, sent at an even rate, from the moment at which it was
 * planned until it is durable. No webhook can be answered sooner.
 */
export async function durableWrites(
  redis: Stage["redis"],
  count: number,
  perSecond: number,
): Promise<readonly number[]> {
  const bodies = Array.from({ length: count }, () => "x".repeat(BYTES));
  const afterMs = await inOpenLoop(bodies, perSecond, async (body, sinceMs) => {
    await redis.set(KEY, body);
    return sinceMs();
  });
  await redis.del(KEY);
  return afterMs;
}
