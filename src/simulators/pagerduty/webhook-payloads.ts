import type { Directory } from "./directory.ts";
import type { Agent, Incident, Note, Responder } from "./incident.ts";
import { isoSeconds, type Json, reference, resource, userReference } from "./render.ts";

/** An incident as a v3 webhook carries it: other names than in the REST API. */
export function incidentWebhookJson(directory: Directory, incident: Incident): Json {
  const { service, policy, priority } = incident;
  return {
    ...resource("incident", incident.id, incident.title),
    number: incident.number,
    status: incident.status,
    incident_key: incident.incidentKey,
    created_at: isoSeconds(incident.createdMs),
    title: incident.title,
    service: reference("service", service.id, service.name),
    assignees: incident.assignees.map(({ userId }) => userReference(directory, userId)),
    escalation_policy: reference("escalation_policy", policy.id, policy.name),
    teams: [],
    priority: priority === undefined ? null : reference("priority", priority.id, priority.name),
    urgency: incident.urgency,
    conference_bridge: null,
    resolve_reason: null,
  };
}

export function responderWebhookJson(directory: Directory, incident: Incident, responder: Responder): Json {
  return {
    type: "incident_responder",
    incident: reference("incident", incident.id, incident.title),
    user: userReference(directory, responder.userId),
    escalation_policy: null,
    message: responder.message,
    state: responder.state,
  };
}

export function noteWebhookJson(incident: Incident, note: Note): Json {
  return {
    id: note.id,
    type: "incident_note",
    incident: reference("incident", incident.id, incident.title),
    content: note.content,
    trimmed: false,
  };
}

/** Automation shows as null in webhooks, unlike in log entries. */
export function webhookAgentJson(directory: Directory, agent: Agent): Json | null {
  return agent.kind === "user" ? userReference(directory, agent.userId) : null;
}
