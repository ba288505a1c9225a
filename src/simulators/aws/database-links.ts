import type { World } from "../world/world.ts";
import type { Instance } from "./database-instance.ts";
import { type Link, MYSQL_SILENCE, POSTGRES_SILENCE, Replication } from "./replication.ts";

/** Brings every replica's connection in line with the regions of both ends. */
export function connectOrNot(instances: Iterable<Instance>, world: World): void {
  const nowMs = world.clock.now();
  for (const { source, region, replication, linkSetTo } of instances) {
    const ends = [linkSetTo, linkThrough(region, world), linkThrough(source?.region, world)];
    const link = ends.includes("broken") ? "broken" : ends.includes("silent") ? "silent" : "up";
    replication?.change(nowMs, { link });
  }
}

/** A dark region swallows what is sent to it; a refusing one says no. */
function linkThrough(region: string | undefined, { regions }: World): Link {
  if (region === undefined || !regions.isUnreachable(region)) return "up";
  return regions.mode(region) === "dark" ? "silent" : "broken";
}

interface Beginning {
  readonly atMs: number;
  readonly lagMs: number;
}

/** `netTimeoutMs`: of MySQL and MariaDB, as its parameters have it in the moment that is asked about. */
export const newReplication = (
  { engine }: Instance,
  { atMs, lagMs }: Beginning,
  netTimeoutMs: () => number,
): Replication =>
  new Replication(
    atMs,
    lagMs,
    engine === "postgres"
      ? POSTGRES_SILENCE
      : {
          ...MYSQL_SILENCE,
          get noticedAfterMs() {
            return netTimeoutMs();
          },
        },
  );
