import { z } from "zod";
import type { PagerAnswer, PagerIncident } from "../../../ports/pager.ts";
import type { PagerDutyClient } from "./client.ts";

const Time = z.iso.datetime({ offset: true }).transform((text) => Date.parse(text));
const Reference = z.object({ id: z.string(), type: z.string(), summary: z.string().nullish() });

const Incident = z.object({
  id: z.string(),
  status: z.enum(["triggered", "acknowledged", "resolved"]),
  html_url: z.string().nullish(),
  created_at: Time,
  urgency: z.string().nullish(),
  escalation_policy: z.object({ id: z.string() }).nullish(),
  assignments: z.array(z.object({ assignee: z.object({ id: z.string() }) })).default([]),
  responder_requests: z.array(z.object({ message: z.string().nullish() })).default([]),
});
export type FoundIncident = z.infer<typeof Incident>;

const LogEntry = z.object({
  type: z.string(),
  created_at: Time,
  agent: Reference.nullish(),
  user: Reference.nullish(),
  channel: z.object({ notification: z.object({ type: z.string() }).optional() }).nullish(),
});
type LogEntry = z.infer<typeof LogEntry>;

/** The vendor's documents write these in two ways. */
const ACKNOWLEDGED: ReadonlySet<string> = new Set(["acknowledge_log_entry", "acknowledgement_log_entry"]);
const LAPSED: ReadonlySet<string> = new Set(["unacknowledge_log_entry", "unacknowledgement_log_entry"]);

/** The newest incident with this key, open or not. */
export async function findIncident(
  client: PagerDutyClient,
  dedupKey: string,
  isUrgent = false,
): Promise<PagerAnswer<FoundIncident | undefined>> {
  const query = { incident_key: dedupKey, sort_by: "created_at:desc", limit: "1", offset: "0" };
  const answer = await client.read(
    { endpoint: "/incidents", query },
    z.object({ incidents: z.array(Incident) }),
    isUrgent,
  );
  return answer.kind === "accepted" ? { kind: "accepted", value: answer.value.incidents[0] } : answer;
}

/**
 * Whom the service's own policy has rung: its present level, and the policy as a whole. Nobody where it has nobody on
 * call, or where the service pages with low urgency, which may be an e-mail.
 */
export function rungByTrigger({ urgency, assignments, escalation_policy: policy }: FoundIncident): readonly string[] {
  if (urgency !== "high" || assignments.length === 0) return [];
  return [...assignments.map(({ assignee }) => assignee.id), ...(policy ? [policy.id] : [])];
}

/** The incident with its evidence: who was notified how, and which people acknowledged (our own events are no person). */
export async function readIncident(
  client: PagerDutyClient,
  dedupKey: string,
): Promise<PagerAnswer<PagerIncident | undefined>> {
  const found = await findIncident(client, dedupKey);
  if (found.kind !== "accepted") return found;
  if (found.value === undefined) return { kind: "accepted", value: undefined };
  const { id, status, html_url: url, created_at: createdAtMs } = found.value;
  const entries = await client.readAll({ endpoint: `/incidents/${id}/log_entries`, name: "log_entries" }, LogEntry);
  if (entries.kind !== "accepted") return entries;
  // PagerDuty tells the newest first and in whole seconds: turn it round before the stable sort, for those of one second.
  const oldestFirst = entries.value.toReversed().toSorted((a, b) => a.created_at - b.created_at);
  return {
    kind: "accepted",
    value: {
      id,
      status,
      url: url ?? undefined,
      createdAtMs,
      acknowledgedBy: oldestFirst.flatMap(acknowledgementOf),
      notifications: oldestFirst.flatMap(notificationOf),
      lapsedAtMs: oldestFirst.findLast(({ type }) => LAPSED.has(type))?.created_at,
    },
  };
}

function acknowledgementOf(entry: LogEntry): PagerIncident["acknowledgedBy"] {
  const { agent } = entry;
  if (!ACKNOWLEDGED.has(entry.type) || !agent?.type.startsWith("user")) return [];
  return [{ pagerUserId: agent.id, name: agent.summary ?? agent.id, atMs: entry.created_at }];
}

function notificationOf(entry: LogEntry): PagerIncident["notifications"] {
  const channel = entry.channel?.notification?.type;
  if (entry.type !== "notify_log_entry" || !entry.user || channel === undefined) return [];
  return [{ user: entry.user.id, channel, atMs: entry.created_at }];
}
