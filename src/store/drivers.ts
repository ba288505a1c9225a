import type { Drivers } from "../ports/drivers.ts";
import { KEYS } from "./keys.ts";
import type { ScriptedRedis } from "./scripts.ts";

/** The connection of a process has its name; Redis drops the connection of one that is killed at once. */
export function createDrivers(redis: ScriptedRedis, worker: string): Drivers {
  return {
    begins: async (run) => void (await redis.hset(KEYS.drivers, run, worker)),
    async ends(run) {
      // Whoever has taken it over stands there by now.
      if ((await redis.hget(KEYS.drivers, run)) === worker) await redis.hdel(KEYS.drivers, run);
    },
    async orphans() {
      const others = Object.entries(await redis.hgetall(KEYS.drivers)).filter(([, driver]) => driver !== worker);
      if (others.length === 0) return [];
      const connected = namesIn(String(await redis.client("LIST")));
      // Where a proxy keeps the names to itself everybody would look dead.
      if (!connected.has(worker)) return [];
      return others.filter(([, driver]) => !connected.has(driver)).map(([run]) => run);
    },
  };
}

const namesIn = (list: string): ReadonlySet<string> =>
  new Set([...list.matchAll(/ name=(\S+)/g)].map(([, name = ""]) => name));
