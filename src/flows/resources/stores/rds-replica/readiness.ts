import { sayDuration } from "../../../../domain/duration.ts";
import type { Region } from "../../../../domain/service/service.ts";
import { behind, type RdsAt } from "./look.ts";

/** Why its copy there could not take over; undefined: it follows, and is no further behind than the objective. */
export function readiness(at: RdsAt, region: Region): string | undefined {
  const facts = at.seen.in[region]?.database;
  if (!facts) return undefined;
  const behindNow = behind(at, region);
  if (!facts.known) return `the database in ${region} does not answer`;
  if (facts.value.role !== "replica" || !behindNow) return `the database in ${region} is no replica`;
  const { lag, rpoMs } = behindNow;
  if (!lag.known) return `the lag of ${region} is unknown`;
  const lagMs = lag.value.seconds * 1_000;
  return lagMs > rpoMs ? `lag ${sayDuration(lagMs)}, objective ${sayDuration(rpoMs)}` : undefined;
}
