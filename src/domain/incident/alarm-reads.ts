import { z } from "zod";

/** Why a region's alarms could not be read. */
export const Unread = z.enum(["unreachable", "denied", "absent", "failed", "not-asked"]);

/** When the states of all alarms were last read, by region. One document for the installation. */
export const AlarmReads = z.strictObject({
  /** World time at which this installation began: what is in ALARM since before opens nothing. */
  sinceMs: z.number(),
  regions: z.record(
    z.string(),
    z.strictObject({
      /** When somebody last asked, and when there last was an answer to the whole question. World times. */
      askedAtMs: z.number(),
      readAtMs: z.number().optional(),
      /** Absent: the last question was answered. */
      unread: Unread.optional(),
    }),
  ),
});
export type AlarmReads = z.infer<typeof AlarmReads>;
export const ALARM_READS_ID = "all";

/** World times between two reads of a region: usually, and while it gives no answer. */
export const READ_EVERY_MS = 300_000;
const TRY_AGAIN_MS = 30_000;
/** Two processes that come back together read once. */
const TOGETHER_MS = 2_000;

export type RegionRead = AlarmReads["regions"][string];

export function isReadDue(
  read: RegionRead | undefined,
  { nowMs, wasAway }: { nowMs: number; wasAway: boolean },
): boolean {
  if (read === undefined) return true;
  const everyMs = wasAway ? TOGETHER_MS : read.unread === undefined ? READ_EVERY_MS : TRY_AGAIN_MS;
  return nowMs - read.askedAtMs >= everyMs;
}

/** Whether the alarms of the region are unknown now. */
export const isUnread = (read: RegionRead, nowMs: number): boolean =>
  read.unread !== undefined || (read.readAtMs !== undefined && nowMs - read.readAtMs >= 2 * READ_EVERY_MS);

/** Whether nobody has had an answer for so long that people are told. */
export const isLongUnread = ({ sinceMs }: AlarmReads, read: RegionRead, nowMs: number): boolean =>
  isUnread(read, nowMs) && nowMs - (read.readAtMs ?? sinceMs) >= 2 * READ_EVERY_MS;
