import { z } from "zod";
import { Bug } from "../../domain/errors.ts";
import type { LogEntry } from "../../simulators/world/log.ts";
import { leastFenceMs, leastPositionMs } from "./least-fence.ts";

/** An alias to a load balancer is answered with the load balancer's own TTL; world time. */
const LOAD_BALANCER_TTL_MS = 60_000;

const Promotion = z.looseObject({ region: z.string(), acceptedMs: z.number(), observableMs: z.number() });
const Over = z.looseObject({ acceptedMs: z.number(), overMs: z.number() });
const Change = z.looseObject({ change: z.string() });
const Healthy = z.looseObject({ region: z.string(), healthy: z.number() });

/**
 * The least world time in which this failover could have been done, from what the world's log says about its own
 * durations: nothing here depends on when the bot asked, only on how long the world took to answer.
 *
 *   promote ─ database record in sync ─ targets healthy with it ─ users' records in sync ─ one TTL
 *
 * Scaling out runs beside the promotion, and is part of the path only where it takes longer. A dark home region cannot be
 * fenced, which takes no time. Beside all of it RDS backs the new primary up, and takes no change of it before that is over: its
 * deletion protection is waited for as well. Throws Bug where the log has no whole failover in it.
 */
export function leastTimeMs(entries: readonly LogEntry[]): number {
  const { databaseMs, runningMs, usersMs, protectableMs } = partsIn(entries);
  return Math.max(Math.max(databaseMs, runningMs) + usersMs, protectableMs);
}

/**
 * The same of a planned move with home up, begun at `fromMs`: the fence and the proof that nothing is missing come first, and nothing
 * is promoted before the tasks of the new side run.
 *
 *   tasks end ─ database closed and its sessions ended ─┬ samples say that nothing is missing ┬ promote ─ …
 *                                                       └ scale out ──────────────────────────┘
 */
export function leastPlannedMs(entries: readonly LogEntry[], fromMs: number): number {
  const { region, databaseMs, runningMs, usersMs, protectableMs } = partsIn(entries);
  const fenceMs = leastFenceMs(entries, region);
  const positionMs = leastPositionMs(fromMs + fenceMs);
  return fenceMs + Math.max(positionMs, runningMs) + Math.max(databaseMs + usersMs, protectableMs);
}

interface Parts {
  /** Of the new side. */
  readonly region: string;
  /** Promotion, and the record by which the application finds the database. */
  readonly databaseMs: number;
  readonly runningMs: number;
  /** From there until users have moved. */
  readonly usersMs: number;
  readonly protectableMs: number;
}

function partsIn(entries: readonly LogEntry[]): Parts {
  const promoted = entries.find(({ kind }) => kind === "rds.promotion-observable");
  const promotion = Promotion.safeParse(promoted?.facts).data;
  const changes = recordChanges(entries);
  const [toDatabase, toUsers] = [changes.at(-2), changes.at(-1)];
  if (!promotion || !toUsers) throw new Bug("no-failover", "The world's log has no whole failover in it");
  const { region, acceptedMs, observableMs } = promotion;
  const healthyMs = lastHealthyMs(entries, region, toUsers.acceptedMs);
  const scaledMs = entries.find(
    ({ kind, facts }) => kind === "ecs.scale-accepted" && facts["region"] === region,
  )?.worldMs;
  const settledMs = toDatabase?.inSyncMs ?? observableMs;
  const healthMs = Math.max(0, healthyMs - settledMs);
  return {
    region,
    databaseMs: observableMs - acceptedMs + (toDatabase ? toDatabase.inSyncMs - toDatabase.acceptedMs : 0),
    runningMs: scaledMs === undefined ? 0 : lastRunningMs(entries, region, healthyMs) - scaledMs,
    usersMs: healthMs + toUsers.inSyncMs - toUsers.acceptedMs + LOAD_BALANCER_TTL_MS,
    protectableMs: protectableMs(entries),
  };
}

/** From the promotion until RDS takes a change of the new primary; none where nothing was changed. */
function protectableMs(entries: readonly LogEntry[]): number {
  const isChanged = entries.some(
    ({ kind, facts }) => kind === "aws.mutation" && facts["operation"] === "ModifyDBInstance",
  );
  const over = Over.safeParse(entries.find(({ kind }) => kind === "rds.promotion-over")?.facts).data;
  return isChanged && over ? over.overMs - over.acceptedMs : 0;
}

function recordChanges(entries: readonly LogEntry[]): { acceptedMs: number; inSyncMs: number }[] {
  const changesOf = (wanted: string) =>
    entries.flatMap(({ kind, facts, worldMs }) =>
      kind === wanted ? [{ id: Change.parse(facts).change, worldMs }] : [],
    );
  const inSync = new Map(changesOf("route53.change-insync").map(({ id, worldMs }) => [id, worldMs]));
  return changesOf("route53.change-accepted").flatMap(({ id, worldMs }) => {
    const inSyncMs = inSync.get(id);
    return inSyncMs === undefined ? [] : [{ acceptedMs: worldMs, inSyncMs }];
  });
}

/** When the last target of the region became healthy before users were sent there. */
function lastHealthyMs(entries: readonly LogEntry[], region: string, beforeMs: number): number {
  const times = entries.flatMap(({ kind, facts, worldMs }) => {
    const isIt = kind === "elb.targets-healthy" && facts["state"] === "healthy" && worldMs <= beforeMs;
    return isIt && Healthy.parse(facts).region === region ? [worldMs] : [];
  });
  const last = times.at(-1);
  if (last === undefined) throw new Bug("no-target", `No target of ${region} became healthy`);
  return last;
}

function lastRunningMs(entries: readonly LogEntry[], region: string, beforeMs: number): number {
  const times = entries.flatMap(({ kind, facts, worldMs }) =>
    kind === "ecs.tasks-running" && facts["region"] === region && worldMs <= beforeMs ? [worldMs] : [],
  );
  return times.at(-1) ?? beforeMs;
}
