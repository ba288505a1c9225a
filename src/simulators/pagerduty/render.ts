import type { Directory, OnCall } from "./directory.ts";
import type { Agent, CallRequest, Incident, IncidentLogEntry, Note, Notification, Responder } from "./incident.ts";
import type { Account, EscalationPolicy, Service } from "./spec.ts";

export type Json = Record<string, unknown>;

const COLLECTIONS = {
  user: "users",
  service: "services",
  schedule: "schedules",
  incident: "incidents",
  escalation_policy: "escalation_policies",
  priority: "priorities",
} as const;

/** The REST API gives whole seconds in UTC. */
export function isoSeconds(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d{3}Z$/, "Z");
}

export function reference(kind: keyof typeof COLLECTIONS, id: string, summary: string): Json {
  const path = `${COLLECTIONS[kind]}/${id}`;
  return {
    id,
    type: `${kind}_reference`,
    summary,
    self: `https://api.pagerduty.com/${path}`,
    html_url: `https://simulated.pagerduty.com/${path}`,
  };
}

export const resource = (kind: keyof typeof COLLECTIONS, id: string, summary: string): Json => ({
  ...reference(kind, id, summary),
  type: kind,
});

export const userReference = (directory: Directory, id: string): Json => reference("user", id, directory.userName(id));

function agentReference(directory: Directory, incident: Incident, agent: Agent): Json {
  switch (agent.kind) {
    case "user":
      return userReference(directory, agent.userId);
    case "integration":
      return { ...reference("service", incident.service.id, "Events API v2"), type: "integration_reference" };
    case "automation":
      return reference("service", incident.service.id, incident.service.name);
  }
}

const responderJson = (directory: Directory, incident: Incident, responder: Responder): Json => ({
  state: responder.state,
  user: userReference(directory, responder.userId),
  requester: userReference(directory, responder.requesterId),
  incident: reference("incident", incident.id, incident.title),
  message: responder.message,
  requested_at: isoSeconds(responder.atMs),
});

export const responderRequestJson = (directory: Directory, incident: Incident, request: CallRequest): Json => ({
  incident: reference("incident", incident.id, incident.title),
  requester: userReference(directory, request.requesterId),
  requested_at: isoSeconds(request.atMs),
  message: request.message,
  responder_request_targets: request.targets.map((target) => ({
    responder_request_target: { id: target.id, type: target.kind },
  })),
});

/** An incident as `GET /incidents/{id}` shows it. */
export function incidentJson(directory: Directory, incident: Incident): Json {
  const { service, policy, priority } = incident;
  return {
    ...resource("incident", incident.id, `[#${incident.number}] ${incident.title}`),
    incident_number: incident.number,
    title: incident.title,
    description: incident.title,
    created_at: isoSeconds(incident.createdMs),
    updated_at: isoSeconds(incident.changed.atMs),
    resolved_at: incident.resolvedMs === undefined ? null : isoSeconds(incident.resolvedMs),
    status: incident.status,
    urgency: incident.urgency,
    incident_key: incident.incidentKey,
    service: reference("service", service.id, service.name),
    escalation_policy: reference("escalation_policy", policy.id, policy.name),
    assignments: incident.assignees.map(({ userId, atMs }) => ({
      at: isoSeconds(atMs),
      assignee: userReference(directory, userId),
    })),
    acknowledgements: incident.acknowledgements.map(({ agent, atMs }) => ({
      at: isoSeconds(atMs),
      acknowledger: agentReference(directory, incident, agent),
    })),
    last_status_change_at: isoSeconds(incident.changed.atMs),
    last_status_change_by: agentReference(directory, incident, incident.changed.agent),
    priority: priority === undefined ? null : resource("priority", priority.id, priority.name),
    alert_counts: { all: incident.alerts, triggered: incident.status === "resolved" ? 0 : incident.alerts },
    incidents_responders: incident.responders.map((responder) => responderJson(directory, incident, responder)),
    responder_requests: incident.requests.map((request) => responderRequestJson(directory, incident, request)),
    teams: [],
    pending_actions: [],
    resolve_reason: null,
    ...(incident.details === undefined ? {} : { body: { type: "incident_body", details: incident.details } }),
  };
}

export function logEntryJson(directory: Directory, incident: Incident, entry: IncidentLogEntry): Json {
  return {
    id: entry.id,
    type: entry.type,
    summary: entry.summary,
    self: `https://api.pagerduty.com/log_entries/${entry.id}`,
    html_url: null,
    created_at: isoSeconds(entry.atMs),
    agent: agentReference(directory, incident, entry.agent),
    channel: entry.channel,
    service: reference("service", incident.service.id, incident.service.name),
    incident: reference("incident", incident.id, incident.title),
    teams: [],
    contexts: [],
    ...(entry.userId === undefined ? {} : { user: userReference(directory, entry.userId) }),
  };
}

export const noteJson = (directory: Directory, note: Note): Json => ({
  id: note.id,
  user: userReference(directory, note.userId),
  content: note.content,
  created_at: isoSeconds(note.atMs),
  channel: { summary: "The PagerDuty website or APIs" },
});

export const notificationJson = (directory: Directory, notification: Notification): Json => ({
  id: notification.id,
  type: `${notification.channel}_notification`,
  started_at: isoSeconds(notification.atMs),
  address: directory.user(notification.userId)?.email ?? "",
  status: "success",
  user: userReference(directory, notification.userId),
});

export const userJson = (user: Account["users"][number]): Json => ({
  ...resource("user", user.id, user.name),
  name: user.name,
  email: user.email,
  time_zone: "Etc/UTC",
  role: "user",
  contact_methods: [],
  notification_rules: [],
  teams: [],
});

export function onCallJson(
  directory: Directory,
  policy: EscalationPolicy,
  { row, withUsers }: { readonly row: OnCall; readonly withUsers: boolean },
): Json {
  const user = directory.user(row.userId);
  const schedule = directory.account.schedules.find((candidate) => candidate.id === row.scheduleId);
  return {
    escalation_policy: reference("escalation_policy", policy.id, policy.name),
    escalation_level: row.level,
    schedule: schedule === undefined ? null : reference("schedule", schedule.id, schedule.name),
    user: withUsers && user !== undefined ? userJson(user) : userReference(directory, row.userId),
    start: row.startMs === undefined ? null : isoSeconds(row.startMs),
    end: row.endMs === undefined ? null : isoSeconds(row.endMs),
  };
}

function urgencyRule(urgency: Service["urgency"]): Json {
  if (urgency !== "low-at-night")
    return { type: "constant", urgency: urgency === "by-severity" ? "severity_based" : urgency };
  const at = (level: string) => ({ type: "constant", urgency: level });
  return { type: "use_support_hours", during_support_hours: at("high"), outside_support_hours: at("low") };
}

export function serviceJson(directory: Directory, service: Service): Json {
  const policy = directory.policy(service.escalationPolicy);
  return {
    ...resource("service", service.id, service.name),
    name: service.name,
    status: service.status,
    alert_grouping_parameters: { type: service.alertGrouping ?? null, config: null },
    auto_pause_notifications_parameters: {
      enabled: service.autoPauseSeconds !== undefined,
      timeout: service.autoPauseSeconds ?? null,
    },
    alert_creation: "create_alerts_and_incidents",
    incident_urgency_rule: urgencyRule(service.urgency),
    escalation_policy: reference("escalation_policy", service.escalationPolicy, policy?.name ?? ""),
    acknowledgement_timeout: service.acknowledgementTimeoutSeconds ?? null,
    auto_resolve_timeout: null,
    integrations: [],
    teams: [],
  };
}

export function policyJson(directory: Directory, policy: EscalationPolicy): Json {
  return {
    ...resource("escalation_policy", policy.id, policy.name),
    name: policy.name,
    num_loops: policy.numLoops,
    on_call_handoff_notifications: "if_has_services",
    escalation_rules: policy.rules.map((rule, index) => ({
      id: `${policy.id}R${index + 1}`,
      escalation_delay_in_minutes: rule.delayMinutes,
      escalation_rule_assignment_strategy: { type: "assign_to_everyone" },
      targets: rule.targets.map((target) =>
        "user" in target
          ? userReference(directory, target.user)
          : reference(
              "schedule",
              target.schedule,
              directory.account.schedules.find((schedule) => schedule.id === target.schedule)?.name ?? "",
            ),
      ),
    })),
    services: [],
    teams: [],
  };
}
