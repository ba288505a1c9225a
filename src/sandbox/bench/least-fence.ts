import { z } from "zod";
import { Bug } from "../../domain/errors.ts";
import type { LogEntry } from "../../simulators/world/log.ts";

const Task = z.looseObject({ region: z.string(), cluster: z.string(), service: z.string() });
const Enforced = z.looseObject({ region: z.string() });
const Restarted = z.looseObject({ region: z.string(), acceptedMs: z.number(), restartedMs: z.number() });

/** CloudWatch has one sample of a replica's lag a minute, and so many in a row are no accident. */
const SAMPLE_EVERY_MS = 60_000;
const SAMPLES_IN_A_ROW = 3;

/**
 * The least world time in which everything but `newSide` could have been fenced: its tasks end by their own stop time-out, then the
 * rules of the database are taken away, and beside that it restarts where a restart ends its sessions.
 */
export function leastFenceMs(entries: readonly LogEntry[], newSide: string): number {
  const old = entries.filter(({ facts }) => typeof facts["region"] === "string" && facts["region"] !== newSide);
  const tasksMs = longestStopMs(old);
  return tasksMs + Math.max(longestClosingMs(old), longestRestartMs(old));
}

/** From the moment at which nothing more was written: until the last of the samples that say so was there. */
export function leastPositionMs(closedMs: number): number {
  const first = Math.ceil(closedMs / SAMPLE_EVERY_MS) * SAMPLE_EVERY_MS;
  return first + (SAMPLES_IN_A_ROW - 1) * SAMPLE_EVERY_MS - closedMs;
}

/** The services are stopped beside each other. Throws Bug where one was stopped and no task of it ended. */
function longestStopMs(entries: readonly LogEntry[]): number {
  const stopped = entries.filter(({ kind, facts }) => kind === "ecs.scale-accepted" && facts["desired"] === 0);
  const times = stopped
    .filter(({ facts }) => Number(facts["from"]) > 0)
    .map((asked) => {
      const ended = entries.filter((entry) => entry.kind === "ecs.task-stopped" && isOf(asked, entry));
      const last = ended.at(-1);
      if (!last) throw new Bug("no-task-stopped", "The world's log shows no task of the old side that ended");
      return last.worldMs - asked.worldMs;
    });
  return Math.max(0, ...times);
}

function isOf(asked: LogEntry, entry: LogEntry): boolean {
  const [one, other] = [Task.parse(asked.facts), Task.parse(entry.facts)];
  return one.region === other.region && one.cluster === other.cluster && one.service === other.service;
}

function longestClosingMs(entries: readonly LogEntry[]): number {
  const times = entries.flatMap(({ kind, facts, worldMs }) => {
    if (kind !== "aws.mutation" || facts["operation"] !== "RevokeSecurityGroupIngress") return [];
    const enforced = entries.find(
      (entry) =>
        entry.kind === "ec2.rules-enforced" &&
        entry.worldMs >= worldMs &&
        Enforced.parse(entry.facts).region === facts["region"],
    );
    return enforced ? [enforced.worldMs - worldMs] : [];
  });
  return Math.max(0, ...times);
}

function longestRestartMs(entries: readonly LogEntry[]): number {
  const times = entries.flatMap(({ kind, facts }) => {
    if (kind !== "rds.restarted") return [];
    const { acceptedMs, restartedMs } = Restarted.parse(facts);
    return [restartedMs - acceptedMs];
  });
  return Math.max(0, ...times);
}
