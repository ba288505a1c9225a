import type { Directory } from "./directory.ts";
import { type Agent, AUTOMATION, type Incident, type LogEntryType, type Notification } from "./incident.ts";
import { incidentWebhookJson, webhookAgentJson } from "./webhook-payloads.ts";

/*
 * The escalation path runs in world time:
 *
 *   level 1 ──delay──> level 2 ──delay──> … last level ──delay──> level 1 again, numLoops times ──> exhausted
 *
 * Every due time is counted from the one before it, so a jump of the clock over several delays fires each in its turn.
 * 1. Nobody is notified of an incident that is acknowledged or resolved (asked responders: not resolved).
 * 2. Levels with nobody on call are passed over at once.
 * 3. Low-urgency incidents notify level 1 by the low-urgency rules and do not escalate.
 */

const MINUTE_MS = 60_000;

export interface NewEntry {
  readonly type: LogEntryType;
  readonly agent: Agent;
  readonly summary: string;
  readonly channel?: Record<string, unknown>;
  readonly userId?: string;
}

export function addEntry(
  directory: Directory,
  incident: Incident,
  { channel = { type: "auto" }, ...entry }: NewEntry,
): void {
  incident.entries.push({
    ...entry,
    id: directory.newId("R"),
    atMs: directory.nowMs,
    channel,
  });
}

export function emit(
  directory: Directory,
  incident: Incident,
  {
    eventType,
    agent,
    data = incidentWebhookJson(directory, incident),
  }: { readonly eventType: string; readonly agent: Agent; readonly data?: Record<string, unknown> },
): void {
  const about = { incidentId: incident.id, serviceId: incident.service.id };
  directory.webhooks.emit({ eventType, about, agent: webhookAgentJson(directory, agent), data });
}

/** Cancels everything that would still notify along the path. */
export function haltEscalation(incident: Incident): void {
  for (const timer of incident.timers) timer.cancel();
  incident.timers = [];
}

/** Assigns and notifies level `level` (from 1) or the first one after it with somebody on call. */
export function enterLevel(directory: Directory, incident: Incident, level: number): void {
  haltEscalation(incident);
  const onCall = directory.onCall(incident.policy);
  const wanted = incident.policy.rules.findIndex(
    (_rule, index) => index + 1 >= level && onCall.some((row) => row.level === index + 1),
  );
  incident.level = wanted === -1 ? incident.policy.rules.length : wanted + 1;
  const users = new Set(onCall.filter((row) => row.level === incident.level).map((row) => row.userId));
  assign(directory, incident, { users: [...users], agent: AUTOMATION, reason: "escalation" });
  if (incident.urgency === "high") scheduleNext(directory, incident);
}

export interface Assignment {
  readonly users: readonly string[];
  readonly agent: Agent;
  readonly reason: Notification["reason"];
}

export function assign(directory: Directory, incident: Incident, { users, agent, reason }: Assignment): void {
  const atMs = directory.nowMs;
  incident.assignees = users.map((userId) => ({ userId, atMs }));
  for (const userId of users) {
    addEntry(directory, incident, {
      type: "assign_log_entry",
      agent,
      summary: `Assigned to ${directory.userName(userId)}`,
      userId,
    });
  }
  // A second pass, so that the scripted answer of the first person cannot hide who else was assigned.
  for (const userId of users) notifyByRules(directory, incident, { userId, reason });
}

function scheduleNext(directory: Directory, incident: Incident): void {
  const delayMs = (incident.policy.rules[incident.level - 1]?.delayMinutes ?? 0) * MINUTE_MS;
  incident.timers.push(directory.at(directory.nowMs + delayMs, () => pathStep(directory, incident)));
}

function pathStep(directory: Directory, incident: Incident): void {
  const isLast = incident.level >= incident.policy.rules.length;
  if (isLast && incident.loop >= incident.policy.numLoops) {
    addEntry(directory, incident, {
      type: "exhaust_escalation_path_log_entry",
      agent: AUTOMATION,
      summary: "The escalation path is exhausted",
    });
    directory.world.log.append("pagerduty.path-exhausted", {
      incident: incident.id,
      incidentKey: incident.incidentKey,
    });
    return;
  }
  if (isLast) incident.loop += 1;
  const next = isLast ? 1 : incident.level + 1;
  addEntry(directory, incident, {
    type: isLast ? "repeat_escalation_path_log_entry" : "escalate_log_entry",
    agent: AUTOMATION,
    summary: isLast ? `Escalation path repeated (${incident.loop})` : `Escalated to level ${next}`,
    channel: { type: "timeout" },
  });
  enterLevel(directory, incident, next);
  directory.world.log.append("pagerduty.escalated", {
    incident: incident.id,
    incidentKey: incident.incidentKey,
    level: incident.level,
    loop: incident.loop,
    by: "timeout",
  });
  emit(directory, incident, { eventType: "incident.escalated", agent: AUTOMATION });
}

/** Tells one person by their own rules; later rules wait in the timers of that reason and die with them. */
export function notifyByRules(
  directory: Directory,
  incident: Incident,
  { userId, reason }: Pick<Notification, "userId" | "reason">,
): void {
  const timers = reason === "responder-request" ? incident.responderTimers : incident.timers;
  // Asked responders are always told by their high-urgency rules.
  const urgency = reason === "responder-request" ? "high" : incident.urgency;
  const rules = directory.user(userId)?.rules.filter((rule) => rule.urgency === urgency) ?? [];
  let isFirst = true;
  for (const rule of rules) {
    const tell = () => {
      if (directory.mode === "accept-and-silence" || !wantsTelling(incident, userId, reason)) return;
      notify(directory, incident, { userId, channel: rule.channel, reason });
      if (isFirst) directory.onFirstRing(incident, userId, reason);
      isFirst = false;
    };
    if (rule.afterMinutes === 0) tell();
    else timers.push(directory.at(directory.nowMs + rule.afterMinutes * MINUTE_MS, tell));
  }
}

function wantsTelling(incident: Incident, userId: string, reason: Notification["reason"]): boolean {
  if (reason !== "responder-request") return incident.status === "triggered";
  const isPending = incident.responders.some((asked) => asked.userId === userId && asked.state === "pending");
  return incident.status !== "resolved" && isPending;
}

function notify(
  directory: Directory,
  incident: Incident,
  what: Pick<Notification, "userId" | "channel" | "reason">,
): void {
  const { userId, channel, reason } = what;
  directory.notifications.push({
    ...what,
    id: directory.newId("N"),
    incidentId: incident.id,
    incidentKey: incident.incidentKey,
    atMs: directory.nowMs,
  });
  addEntry(directory, incident, {
    type: "notify_log_entry",
    agent: AUTOMATION,
    summary: `Notified ${directory.userName(userId)} by ${channel}`,
    channel: {
      type: "auto",
      notification: { type: channel, address: directory.user(userId)?.email ?? "", status: "success" },
    },
    userId,
  });
  directory.world.log.append("pagerduty.notified", {
    incident: incident.id,
    incidentKey: incident.incidentKey,
    user: userId,
    channel,
    reason,
    level: incident.level,
  });
}
