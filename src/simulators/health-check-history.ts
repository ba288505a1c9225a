import { z } from "zod";
import type { World } from "./world/world.ts";

type Status = 0 | 1;
type StatusNow = (id: string) => Status | undefined;

const Flip = z.looseObject({ id: z.string(), healthy: z.boolean() });

/**
 * `HealthCheckStatus` at any world time, from the changes that the world's log tells. Undefined for an unknown check.
 * Disabling and inverting a check change it without a log entry, and so show from the last change on only.
 */
export function healthCheckHistory(
  world: World,
  statusNow: StatusNow,
): (id: string, atMs: number) => Status | undefined {
  const flips = new Map<string, { atMs: number; status: Status }[]>();
  world.log.follow(({ kind, worldMs, facts }) => {
    if (kind !== "route53.health-check") return;
    const { id, healthy } = Flip.parse(facts);
    flips.set(id, [...(flips.get(id) ?? []), { atMs: worldMs, status: healthy ? 1 : 0 }]);
  });
  return (id, atMs) => {
    const known = flips.get(id) ?? [];
    const next = known.find((flip) => flip.atMs > atMs);
    if (next) return next.status === 1 ? 0 : 1;
    return statusNow(id);
  };
}
