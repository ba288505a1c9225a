import type { Instance } from "./database-instance.ts";

/** Point-in-time recovery trails the clock: logs are shipped every five minutes. */
const LOG_SHIPPING_MS = 5 * 60_000;
const DAY_MS = 86_400_000;

export function hasRecovery({ backupRetentionDays, source }: Instance): boolean {
  return backupRetentionDays > 0 && !source;
}

export function latestRestorableMs(nowMs: number): number {
  return Math.floor(nowMs / LOG_SHIPPING_MS) * LOG_SHIPPING_MS;
}

export function earliestRestorableMs({ backupsSinceMs, backupRetentionDays }: Instance, nowMs: number): number {
  return Math.max(backupsSinceMs, nowMs - backupRetentionDays * DAY_MS);
}
