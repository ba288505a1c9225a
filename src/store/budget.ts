import { randomUUID } from "node:crypto";
import type { Redis } from "ioredis";
import type { Budget } from "../ports/budget.ts";
import { KEYS } from "./keys.ts";

const WINDOW_MS = 60_000;

/**
 * A rolling window on the store's own clock, so that processes whose clocks differ count alike.
 * KEYS: calls taken. ARGV: allowed, window ms, name of this call.
 */
const TAKE = `
local time = redis.call('TIME')
local now, allowed, window = time[1] * 1000 + math.floor(time[2] / 1000), tonumber(ARGV[1]), tonumber(ARGV[2])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - window)
local taken = redis.call('ZCARD', KEYS[1])
if taken < allowed then
  redis.call('ZADD', KEYS[1], now, ARGV[3])
  redis.call('PEXPIRE', KEYS[1], window)
  return 0
end
local frees = redis.call('ZRANGE', KEYS[1], taken - allowed, taken - allowed, 'WITHSCORES')[2]
return math.max(1, frees + window - now)
`;

export function sharedBudget(redis: Redis): Budget {
  return {
    take: async (name, allowed) =>
      Number(await redis.eval(TAKE, 1, KEYS.budget(name), allowed, WINDOW_MS, randomUUID())),
  };
}
