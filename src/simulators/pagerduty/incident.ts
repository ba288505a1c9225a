import type { Timer } from "../world/clock.ts";
import type { EscalationPolicy, NotificationChannel, Service, Urgency } from "./spec.ts";

export type Status = "triggered" | "acknowledged" | "resolved";

/** Who did it: a person, an event that came in through a routing key, or the policy itself. */
export type Agent =
  | { readonly kind: "user"; readonly userId: string }
  | { readonly kind: "integration" }
  | { readonly kind: "automation" };

export const AUTOMATION: Agent = { kind: "automation" };
export const INTEGRATION: Agent = { kind: "integration" };

/** `type` of the log entries this account writes, as the REST API names them. */
export type LogEntryType =
  | "trigger_log_entry"
  | "assign_log_entry"
  | "notify_log_entry"
  | "acknowledge_log_entry"
  | "unacknowledge_log_entry"
  | "resolve_log_entry"
  | "escalate_log_entry"
  | "repeat_escalation_path_log_entry"
  | "exhaust_escalation_path_log_entry"
  | "annotate_log_entry"
  | "urgency_change_log_entry"
  | "priority_change_log_entry"
  | "responder_request_for_escalation_log_entry"
  | "responder_accept_log_entry"
  | "responder_decline_log_entry";

export interface IncidentLogEntry {
  readonly id: string;
  readonly type: LogEntryType;
  readonly atMs: number;
  readonly agent: Agent;
  readonly summary: string;
  readonly channel: Readonly<Record<string, unknown>>;
  /** The person a notification or an assignment is about. */
  readonly userId?: string;
}

export interface Notification {
  readonly id: string;
  readonly incidentId: string;
  readonly incidentKey: string;
  readonly userId: string;
  readonly channel: NotificationChannel;
  readonly reason: "escalation" | "reassignment" | "responder-request";
  readonly atMs: number;
}

export interface Responder {
  readonly userId: string;
  readonly requesterId: string;
  readonly message: string;
  readonly atMs: number;
  state: "pending" | "accepted" | "declined";
}

export interface CallRequest {
  readonly requesterId: string;
  readonly message: string;
  readonly atMs: number;
  readonly targets: readonly { readonly kind: "user" | "escalation_policy"; readonly id: string }[];
}

export interface Note {
  readonly id: string;
  readonly userId: string;
  readonly content: string;
  readonly atMs: number;
}

export interface Incident {
  readonly id: string;
  readonly number: number;
  readonly title: string;
  readonly service: Service;
  readonly incidentKey: string;
  /** The routing key that triggered it; acknowledge and resolve events work through this key only. */
  readonly routingKey: string | undefined;
  readonly details: string | undefined;
  readonly createdMs: number;
  /** A copy taken at creation: later changes of the policy do not reach an open incident. */
  policy: EscalationPolicy;
  status: Status;
  urgency: Urgency;
  priority: { readonly id: string; readonly name: string } | undefined;
  /** From 1. */
  level: number;
  loop: number;
  alerts: number;
  assignees: { readonly userId: string; readonly atMs: number }[];
  acknowledgements: { readonly agent: Agent; readonly atMs: number }[];
  changed: { atMs: number; agent: Agent };
  resolvedMs: number | undefined;
  readonly entries: IncidentLogEntry[];
  readonly notes: Note[];
  readonly responders: Responder[];
  readonly requests: CallRequest[];
  /** What would still notify somebody along the escalation path; none after acknowledgement or resolution. */
  timers: Timer[];
  /** What would still notify asked responders; an acknowledgement leaves these running. */
  responderTimers: Timer[];
}
