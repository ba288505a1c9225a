import type { Directory } from "./directory.ts";
import { addEntry, assign, emit, enterLevel, haltEscalation } from "./escalation.ts";
import { type Agent, AUTOMATION, type Incident, type Note } from "./incident.ts";
import type { EscalationPolicy, Service, Urgency } from "./spec.ts";
import { noteWebhookJson } from "./webhook-payloads.ts";

/** Through what an act reached the account; written into the world's log. */
export type Via = "phone" | "api" | "events" | "timeout";

export interface NewIncident {
  readonly title: string;
  readonly service: Service;
  readonly policy: EscalationPolicy;
  readonly urgency: Urgency;
  readonly incidentKey: string;
  readonly agent: Agent;
  readonly routingKey?: string | undefined;
  readonly details?: string | undefined;
  readonly priority?: Incident["priority"] | undefined;
  /** People instead of the policy's first level. */
  readonly assignees?: readonly string[] | undefined;
  readonly channel?: Record<string, unknown>;
}

/** Opens an incident and notifies at once. One that is assigned to its own maker is born acknowledged and tells nobody. */
export function openIncident(directory: Directory, wanted: NewIncident): Incident {
  const { agent, assignees } = wanted;
  const atMs = directory.nowMs;
  const incident = unopened(directory, wanted);
  directory.incidents.push(incident);
  addEntry(directory, incident, {
    type: "trigger_log_entry",
    agent,
    summary: "Triggered",
    channel: wanted.channel ?? { type: "web_trigger", summary: wanted.title },
  });
  directory.world.log.append("pagerduty.incident-created", {
    incident: incident.id,
    incidentKey: incident.incidentKey,
    service: incident.service.id,
    urgency: incident.urgency,
    title: incident.title,
  });
  emit(directory, incident, { eventType: "incident.triggered", agent });
  if (assignees === undefined) enterLevel(directory, incident, 1);
  else if (agent.kind === "user" && assignees.includes(agent.userId)) {
    incident.assignees = assignees.map((userId) => ({ userId, atMs }));
    acknowledge(directory, incident, { agent, via: "api" });
  } else assign(directory, incident, { users: assignees, agent, reason: "reassignment" });
  return incident;
}

function unopened(directory: Directory, wanted: NewIncident): Incident {
  const atMs = directory.nowMs;
  return {
    id: directory.newId("Q"),
    number: directory.incidents.length + 1,
    title: wanted.title,
    service: wanted.service,
    incidentKey: wanted.incidentKey,
    routingKey: wanted.routingKey,
    details: wanted.details,
    createdMs: atMs,
    policy: structuredClone(wanted.policy),
    status: "triggered",
    urgency: wanted.urgency,
    priority: wanted.priority,
    level: 1,
    loop: 0,
    alerts: wanted.routingKey === undefined ? 0 : 1,
    assignees: [],
    acknowledgements: [],
    changed: { atMs, agent: wanted.agent },
    resolvedMs: undefined,
    entries: [],
    notes: [],
    responders: [],
    requests: [],
    timers: [],
    responderTimers: [],
  };
}

/** A further trigger with the key of an open incident: a log entry, no notification, whatever its state. */
export function appendTrigger(directory: Directory, incident: Incident, channel: Record<string, unknown>): void {
  addEntry(directory, incident, {
    type: "trigger_log_entry",
    agent: { kind: "integration" },
    summary: "Triggered again",
    channel,
  });
  directory.world.log.append("pagerduty.trigger-appended", {
    incident: incident.id,
    incidentKey: incident.incidentKey,
  });
}

/** Who acts on an incident, and through what. */
export interface Act {
  readonly agent: Agent;
  readonly via: Via;
  readonly channel?: Record<string, unknown> | undefined;
}

export function acknowledge(
  directory: Directory,
  incident: Incident,
  { agent, via, channel = { type: via === "phone" ? "phone" : "api" } }: Act,
): void {
  haltEscalation(incident);
  const atMs = directory.nowMs;
  incident.status = "acknowledged";
  incident.acknowledgements.push({ agent, atMs });
  incident.changed = { atMs, agent };
  addEntry(directory, incident, { type: "acknowledge_log_entry", agent, summary: "Acknowledged", channel });
  logAct(directory, incident, { kind: "pagerduty.acknowledged", agent, via });
  emit(directory, incident, { eventType: "incident.acknowledged", agent });
  timeOut(directory, incident);
}

/** Counted from the newest acknowledgement. The timer goes with the escalation's: whatever moves the incident on ends it. */
function timeOut(directory: Directory, incident: Incident): void {
  const seconds = incident.service.acknowledgementTimeoutSeconds;
  if (seconds === undefined || incident.urgency === "low") return;
  const again = () => unacknowledge(directory, incident, { agent: AUTOMATION, via: "timeout" });
  incident.timers.push(directory.at(directory.nowMs + seconds * 1_000, again));
}

export function unacknowledge(directory: Directory, incident: Incident, { agent, via }: Act): void {
  incident.status = "triggered";
  incident.acknowledgements = [];
  incident.changed = { atMs: directory.nowMs, agent };
  const channel = { type: via === "timeout" ? "timeout" : "api" };
  addEntry(directory, incident, { type: "unacknowledge_log_entry", agent, summary: "Unacknowledged", channel });
  logAct(directory, incident, { kind: "pagerduty.unacknowledged", agent, via });
  emit(directory, incident, { eventType: "incident.unacknowledged", agent });
  enterLevel(directory, incident, incident.level);
}

export function resolve(
  directory: Directory,
  incident: Incident,
  { agent, via, channel = { type: "api" } }: Act,
): void {
  haltEscalation(incident);
  for (const timer of incident.responderTimers) timer.cancel();
  const atMs = directory.nowMs;
  incident.status = "resolved";
  incident.assignees = [];
  incident.acknowledgements = [];
  incident.resolvedMs = atMs;
  incident.changed = { atMs, agent };
  addEntry(directory, incident, { type: "resolve_log_entry", agent, summary: "Resolved", channel });
  logAct(directory, incident, { kind: "pagerduty.resolved", agent, via });
  emit(directory, incident, { eventType: "incident.resolved", agent });
}

/** Moves to a level by hand; an acknowledged incident rings again. */
export function escalateTo(
  directory: Directory,
  incident: Incident,
  { level, agent }: { readonly level: number; readonly agent: Agent },
): void {
  ringAgain(incident, directory.nowMs, agent);
  addEntry(directory, incident, { type: "escalate_log_entry", agent, summary: `Escalated to level ${level}` });
  enterLevel(directory, incident, level);
  directory.world.log.append("pagerduty.escalated", {
    incident: incident.id,
    incidentKey: incident.incidentKey,
    level: incident.level,
    loop: incident.loop,
    by: nameOf(agent),
  });
  emit(directory, incident, { eventType: "incident.escalated", agent });
}

export function reassign(
  directory: Directory,
  incident: Incident,
  { users, agent }: { readonly users: readonly string[]; readonly agent: Agent },
): void {
  haltEscalation(incident);
  ringAgain(incident, directory.nowMs, agent);
  assign(directory, incident, { users, agent, reason: "reassignment" });
  emit(directory, incident, { eventType: "incident.reassigned", agent });
}

export function delegate(
  directory: Directory,
  incident: Incident,
  { policy, agent }: { readonly policy: EscalationPolicy; readonly agent: Agent },
): void {
  ringAgain(incident, directory.nowMs, agent);
  incident.policy = structuredClone(policy);
  incident.loop = 0;
  enterLevel(directory, incident, 1);
  emit(directory, incident, { eventType: "incident.delegated", agent });
}

export function prioritise(
  directory: Directory,
  incident: Incident,
  { priority, agent }: { readonly priority: Incident["priority"]; readonly agent: Agent },
): void {
  incident.priority = priority;
  addEntry(directory, incident, {
    type: "priority_change_log_entry",
    agent,
    summary: `Priority ${priority?.name ?? "none"}`,
  });
  emit(directory, incident, { eventType: "incident.priority_updated", agent });
}

export function addNote(
  directory: Directory,
  incident: Incident,
  { userId, content }: Pick<Note, "userId" | "content">,
): Note {
  const note: Note = { id: directory.newId("P"), userId, content, atMs: directory.nowMs };
  const agent: Agent = { kind: "user", userId };
  incident.notes.push(note);
  addEntry(directory, incident, {
    type: "annotate_log_entry",
    agent,
    summary: "Note added",
    channel: { type: "note", content },
  });
  emit(directory, incident, { eventType: "incident.annotated", agent, data: noteWebhookJson(incident, note) });
  return note;
}

function ringAgain(incident: Incident, atMs: number, agent: Agent): void {
  incident.status = "triggered";
  incident.acknowledgements = [];
  incident.changed = { atMs, agent };
}

function logAct(
  directory: Directory,
  incident: Incident,
  { kind, agent, via }: { readonly kind: string; readonly agent: Agent; readonly via: Via },
): void {
  directory.world.log.append(kind, {
    incident: incident.id,
    incidentKey: incident.incidentKey,
    by: nameOf(agent),
    via,
  });
}

const nameOf = (agent: Agent): string => (agent.kind === "user" ? agent.userId : agent.kind);
