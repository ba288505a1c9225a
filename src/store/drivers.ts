import type { Drivers } from "../ports/drivers.ts";
import { KEYS } from "./keys.ts";
import type { ScriptedRedis } from "./scripts.ts";

/** Machine time after which every process has found its way back to a store that was away: each waits 2 s at most between two tries. */
const ALL_BACK_MS = 5_000;

/**
 * The connection of a process has its name, `self`, which no other process ever has; Redis drops the connection of one that is killed at
 * once.
 */
export function createDrivers(redis: ScriptedRedis, self: string): Drivers {
  let backAtMs: number | undefined;
  redis.on("close", () => {
    backAtMs = Number.POSITIVE_INFINITY;
  });
  redis.on("ready", () => {
    backAtMs = performance.now();
  });
  const take = (run: string, from: string, to: string) => redis.twokeyTakeDriver(1, KEYS.drivers, run, from, to);
  return {
    begins: async (run) => void (await redis.hset(KEYS.drivers, run, self)),
    ends: async (run) => void (await take(run, self, "")),
    async orphans() {
      const all = Object.entries(await redis.hgetall(KEYS.drivers)).map(([run, driver]) => ({ run, driver }));
      const others = all.filter(({ driver }) => driver !== self);
      if (others.length === 0 || (backAtMs !== undefined && performance.now() < backAtMs + ALL_BACK_MS)) return [];
      const connected = namesIn(String(await redis.client("LIST")));
      // Where a proxy keeps the names to itself everybody would look dead.
      if (!connected.has(self)) return [];
      return others.filter(({ driver }) => !connected.has(driver));
    },
    succeed: async ({ run, driver }) => (await take(run, driver, self)) === 1,
  };
}

const namesIn = (list: string): ReadonlySet<string> =>
  new Set([...list.matchAll(/ name=(\S+)/g)].map(([, name = ""]) => name));
