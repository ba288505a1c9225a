import { z } from "zod";
import type { LogEntry } from "../../simulators/world/log.ts";

/** What happened more often than it should have, from the world's log alone. Empty: nothing did. */
export function duplicateEffects(entries: readonly LogEntry[]): string[] {
  return [
    ...repeated(
      entries,
      "aws.mutation",
      ({ facts }) =>
        `${String(facts["operation"])} in ${String(facts["region"])} with ${JSON.stringify(facts["input"])}`,
    ),
    ...repeated(entries, "slack.message-posted", ({ facts }) =>
      typeof facts["key"] === "string"
        ? `Slack message ${String(facts["channel"])} ${String(facts["key"])}`
        : undefined,
    ),
    ...repeated(
      entries,
      "pagerduty.incident-created",
      ({ facts }) => `PagerDuty incident ${String(facts["incidentKey"])}`,
    ),
    ...repeated(
      entries,
      "pagerduty.responders-requested",
      ({ facts }) => `responder request ${String(facts["message"])}`,
    ),
    ...repeated(entries, "slack.channel-created", ({ facts }) => `channel ${String(facts["name"])}`),
  ];
}

function repeated(entries: readonly LogEntry[], kind: string, name: (entry: LogEntry) => string | undefined): string[] {
  const seen = new Set<string>();
  const again: string[] = [];
  for (const entry of entries.filter((each) => each.kind === kind)) {
    const what = name(entry);
    if (what === undefined) continue;
    if (seen.has(what)) again.push(what);
    seen.add(what);
  }
  return again;
}

const Lost = z.object({ lostWrites: z.number(), oldestLostMs: z.number().nullable() });

/**
 * Seconds of acknowledged writes that are gone: from the oldest lost one to the moment the region went dark. Zero when
 * none is lost.
 */
export function rpoSeconds(verdict: unknown, darkAtMs: number): number {
  const { lostWrites, oldestLostMs } = Lost.parse(verdict);
  return lostWrites === 0 || oldestLostMs === null ? 0 : Math.max(0, (darkAtMs - oldestLostMs) / 1_000);
}

/** World time of the first write that a user got through after the outage began, as the users' log has it. */
export function firstGoodWriteMs(entries: readonly LogEntry[], region: string, darkAtMs: number): number | undefined {
  return entries.find(
    ({ kind, worldMs, facts }) => kind === "app.write-acknowledged" && worldMs > darkAtMs && facts["region"] === region,
  )?.worldMs;
}

/** Machine milliseconds from one entry to the first of another kind that fits and is not earlier; undefined: there is none. */
export function machineMsUntil(
  entries: readonly LogEntry[],
  from: LogEntry,
  { kind, fits = () => true }: { readonly kind: string; readonly fits?: (entry: LogEntry) => boolean },
): number | undefined {
  const found = entries.find((entry) => entry.kind === kind && entry.seq >= from.seq && fits(entry));
  return found && found.machineMs - from.machineMs;
}
