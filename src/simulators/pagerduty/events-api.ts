import { z } from "zod";
import type { Directory } from "./directory.ts";
import { INTEGRATION, type Incident } from "./incident.ts";
import { acknowledge, appendTrigger, openIncident, resolve } from "./incident-life.ts";
import type { Service, Urgency } from "./spec.ts";

/*
 * Events API v2, as PagerDuty documents it (developer-docs, events-API-v2/01 to 05).
 * Stricter than the vendor in one point: unknown fields are refused, so that a misspelt one is noticed.
 */

const SEVERITIES = ["critical", "error", "warning", "info"] as const;

const Payload = z.strictObject({
  summary: z.string().min(1).max(1_024),
  source: z.string().min(1),
  severity: z.enum(SEVERITIES),
  timestamp: z.iso.datetime({ offset: true }).optional(),
  component: z.string().optional(),
  group: z.string().optional(),
  class: z.string().optional(),
  custom_details: z.record(z.string(), z.unknown()).optional(),
});
export type Payload = z.infer<typeof Payload>;

const Link = z.strictObject({ href: z.string().min(1), text: z.string().optional() });
const Image = z.strictObject({
  src: z.string().regex(/^https:\/\//),
  href: z.string().optional(),
  alt: z.string().optional(),
});

const RoutingKey = z.string().length(32);
const DedupKey = z.string().min(1).max(255);

const FollowUp = {
  routing_key: RoutingKey,
  dedup_key: DedupKey,
  payload: Payload.optional(),
  client: z.string().optional(),
  client_url: z.string().optional(),
  links: z.array(Link).optional(),
  images: z.array(Image).optional(),
};

const AlertEvent = z.discriminatedUnion("event_action", [
  z.strictObject({
    ...FollowUp,
    event_action: z.literal("trigger"),
    dedup_key: DedupKey.optional(),
    payload: Payload,
  }),
  z.strictObject({ ...FollowUp, event_action: z.literal("acknowledge") }),
  z.strictObject({ ...FollowUp, event_action: z.literal("resolve") }),
]);
type AlertEvent = z.infer<typeof AlertEvent>;

const ChangeEvent = z.strictObject({
  routing_key: RoutingKey,
  payload: z.strictObject({
    summary: z.string().min(1).max(1_024),
    source: z.string().optional(),
    timestamp: z.iso.datetime({ offset: true }).optional(),
    custom_details: z.record(z.string(), z.unknown()).optional(),
  }),
  links: z.array(Link).optional(),
});

export interface EventAnswer {
  readonly status: number;
  readonly body: Record<string, unknown>;
  /** Takes effect after the answer's decision; absent for a refused event. */
  readonly process?: () => void;
}

const invalid = (errors: readonly string[]): EventAnswer => ({
  status: 400,
  body: { status: "invalid event", message: "Event object is invalid", errors },
});

const problemsOf = (error: z.ZodError): string[] =>
  error.issues.map((issue) => `'${issue.path.join(".") || "event"}' ${issue.message}`);

/** `POST /v2/enqueue`: the answer is a promise only; `process` is what later becomes of it. */
export function enqueue(directory: Directory, body: unknown): EventAnswer {
  const parsed = AlertEvent.safeParse(body);
  if (!parsed.success) return invalid(problemsOf(parsed.error));
  const event = parsed.data;
  const service = directory.serviceOfKey(event.routing_key);
  if (!service) return invalid(["Invalid routing key"]);
  // Without a key the alert gets one of its own, and a repeat of the request is a second page.
  const dedupKey = event.dedup_key ?? directory.newId("").toLowerCase();
  directory.world.log.append("pagerduty.event-accepted", {
    action: event.event_action,
    dedupKey,
    service: service.id,
    severity: event.payload?.severity,
    held: directory.mode === "accept-and-silence",
  });
  return {
    status: 202,
    body: { status: "success", message: "Event processed", dedup_key: dedupKey },
    process: () => apply(directory, service, { event, dedupKey }),
  };
}

/** `POST /v2/change/enqueue`: a marker on the service; it never notifies. Ruleset keys (`R…`) are not taken. */
export function enqueueChange(directory: Directory, body: unknown): EventAnswer {
  const parsed = ChangeEvent.safeParse(body);
  if (!parsed.success) return invalid(problemsOf(parsed.error));
  const { routing_key: routingKey, payload } = parsed.data;
  const service = directory.serviceOfKey(routingKey);
  if (!service || routingKey.startsWith("R")) return invalid(["Invalid routing key"]);
  return {
    status: 202,
    body: { status: "success", message: "Change event processed" },
    process: () => {
      directory.world.log.append("pagerduty.change-recorded", { service: service.id, summary: payload.summary });
    },
  };
}

function apply(
  directory: Directory,
  service: Service,
  { event, dedupKey }: { readonly event: AlertEvent; readonly dedupKey: string },
): void {
  // The key de-duplicates through the routing key that triggered, and only while the incident is open.
  const open = directory.openIncident(
    (incident) => incident.routingKey === event.routing_key && incident.incidentKey === dedupKey,
  );
  const channel = channelOf(event);
  switch (event.event_action) {
    case "trigger":
      if (open) appendTrigger(directory, open, channel);
      else arrive(directory, service, { payload: event.payload, dedupKey, routingKey: event.routing_key, channel });
      break;
    case "acknowledge":
      if (open?.status === "triggered") acknowledge(directory, open, { agent: INTEGRATION, via: "events", channel });
      else drop(directory, { action: event.event_action, dedupKey, open });
      break;
    case "resolve":
      directory.paused.get(pausedAs(service, dedupKey))?.cancel();
      directory.paused.delete(pausedAs(service, dedupKey));
      if (open) resolve(directory, open, { agent: INTEGRATION, via: "events", channel });
      else drop(directory, { action: event.event_action, dedupKey, open });
      break;
  }
}

interface Alert {
  readonly payload: Payload;
  readonly dedupKey: string;
  readonly routingKey: string;
  readonly channel: Record<string, unknown>;
}

const pausedAs = ({ id }: Service, dedupKey: string): string => `${id} ${dedupKey}`;

/** What the service's own settings make of an alert under a new key. */
function arrive(directory: Directory, service: Service, alert: Alert): void {
  const { dedupKey } = alert;
  const { status, alertGrouping, autoPauseSeconds } = service;
  const joined = alertGrouping && directory.openIncident((incident) => incident.service.id === service.id);
  const { log } = directory.world;
  if (status !== "active")
    log.append("pagerduty.event-dropped", { action: "trigger", dedupKey, why: `the service is ${status}` });
  else if (joined) log.append("pagerduty.alert-grouped", { dedupKey, incident: joined.id });
  else if (autoPauseSeconds === undefined) trigger(directory, service, alert);
  else pause(directory, service, { alert, seconds: autoPauseSeconds });
}

function pause(
  directory: Directory,
  service: Service,
  { alert, seconds }: { readonly alert: Alert; readonly seconds: number },
): void {
  const { dedupKey } = alert;
  const paused = pausedAs(service, dedupKey);
  if (directory.paused.has(paused)) return;
  directory.world.log.append("pagerduty.alert-paused", { dedupKey, seconds });
  const becomes = () => {
    directory.paused.delete(paused);
    trigger(directory, service, alert);
  };
  directory.paused.set(paused, directory.at(directory.nowMs + seconds * 1_000, becomes));
}

function trigger(directory: Directory, service: Service, { payload, dedupKey, ...how }: Alert): void {
  const policy = directory.policy(service.escalationPolicy);
  if (!policy) return;
  openIncident(directory, {
    title: payload.summary,
    service,
    policy,
    urgency: urgencyOf(service, payload.severity, directory.nowMs),
    incidentKey: dedupKey,
    agent: INTEGRATION,
    ...how,
  });
}

function drop(
  directory: Directory,
  {
    action,
    dedupKey,
    open,
  }: { readonly action: string; readonly dedupKey: string; readonly open: Incident | undefined },
): void {
  const why = open === undefined ? "no open alert with this key" : "already acknowledged";
  directory.world.log.append("pagerduty.event-dropped", { action, dedupKey, why });
}

function channelOf(event: AlertEvent): Record<string, unknown> {
  return {
    type: "api",
    ...(event.payload === undefined ? {} : { summary: event.payload.summary, cef_details: event.payload }),
    ...(event.client === undefined ? {} : { client: event.client, client_url: event.client_url }),
    ...(event.links === undefined ? {} : { contexts: event.links.map((link) => ({ type: "link", ...link })) }),
  };
}

function urgencyOf(service: Service, severity: Payload["severity"], nowMs: number): Urgency {
  const hour = new Date(nowMs).getUTCHours();
  if (service.urgency === "low-at-night") return hour >= 9 && hour < 17 ? "high" : "low";
  if (service.urgency !== "by-severity") return service.urgency;
  return severity === "critical" || severity === "error" ? "high" : "low";
}
