import { z } from "zod";
import type { AlertPolicy, AlertRule, Signal } from "../../../domain/incident/alert.ts";
import { Severity, worse } from "../../../domain/incident/severity.ts";
import { sha256 } from "../../../domain/service/inventory.ts";

/** An open incident as correlation sees it. `absorbed`: incidents of the same cause that were merged into it. */
export const OpenIncident = z.strictObject({
  id: z.string(),
  scope: z.enum(["service", "regional"]),
  services: z.array(z.string()),
  region: z.string().optional(),
  severity: Severity,
  openedAtMs: z.number(),
  absorbed: z.array(z.string()),
});
export type OpenIncident = z.infer<typeof OpenIncident>;

/** The last alarm of one service in one region. */
const RecentAlarm = z.strictObject({ service: z.string(), region: z.string(), atMs: z.number() });
export type RecentAlarm = z.infer<typeof RecentAlarm>;

/**
 * The index that makes "opens or joins" one atomic decision, whichever worker takes it. One document for the whole
 * installation; it holds at most one row for each open incident and for each service in each region.
 */
export const Correlation = z.strictObject({ open: z.array(OpenIncident), alarms: z.array(RecentAlarm) });
export type Correlation = z.infer<typeof Correlation>;
export const CORRELATION_ID = "index";

export type Placement =
  | { readonly kind: "thread-only"; readonly why: string }
  | { readonly kind: "join"; readonly incident: OpenIncident }
  | { readonly kind: "open"; readonly scope: "service" | "regional"; readonly services: readonly string[] }
  /** The oldest incident grows over the region; the others of the same cause end in it. */
  | { readonly kind: "widen"; readonly incident: OpenIncident; readonly merged: readonly OpenIncident[] };

type CorrelationPolicy = Pick<AlertPolicy, "regional_services" | "regional_window">;

/** Times are taken in steps of a second, so that a storm of one cause does not rewrite the index for every alert. */
const GRANULARITY_MS = 1_000;
/** SNS tries for an hour; what comes later is late, and opens nothing. */
const DELAYED_AT_MOST_MS = 3_600_000;
/** Alarms that no rule gives to a service are one group. */
const UNASSIGNED = "unassigned";

export function serviceOf(rule: AlertRule): string {
  return rule.service ?? UNASSIGNED;
}

/** An alert, and the first rule that fits it. */
export interface Heard {
  readonly signal: Signal;
  readonly rule: AlertRule | undefined;
}

interface Ruled extends Heard {
  readonly rule: AlertRule;
}

/**
 * Whether an alert opens an incident, joins one, or makes one regional. A service, or a region, has one incident for as long
 * as it is open, however long it was quiet. Time counts for the services of one region alone: it is when the alarm changed,
 * so that a delayed delivery is placed where it belongs.
 */
export function correlate(heard: Heard, index: Correlation, policy: CorrelationPolicy): Placement {
  const { signal, rule } = heard;
  if (rule === undefined) return { kind: "thread-only", why: "no rule matches" };
  if (!rule.opens_incident) return { kind: "thread-only", why: `rule "${rule.name}" opens no incident` };
  if (signal.state !== "alarm" && signal.state !== "message")
    return { kind: "thread-only", why: `its state is ${signal.state}` };
  if (signal.late) return { kind: "thread-only", why: "it arrived late" };
  const placement = whereTo({ signal, rule }, index, policy);
  if (signal.isOld && placement.kind !== "join") return { kind: "thread-only", why: "it is older than TwoKey here" };
  return placement;
}

function whereTo({ signal, rule }: Ruled, { open, alarms }: Correlation, policy: CorrelationPolicy): Placement {
  const service = serviceOf(rule);
  const { region, changedAtMs } = signal;
  const current = open.toSorted((a, b) => a.openedAtMs - b.openedAtMs);
  const alarming = new Set([service]);
  for (const alarm of alarms) {
    const isNear = Math.abs(changedAtMs - alarm.atMs) <= policy.regional_window;
    if (alarm.region === region && isNear) alarming.add(alarm.service);
  }
  if (alarming.size >= policy.regional_services) return placeRegional(current, { region, service, alarming });

  const joined =
    current.find((incident) => incident.services.includes(service)) ??
    current.find((incident) => incident.scope === "regional" && incident.region === region);
  return joined ? { kind: "join", incident: joined } : { kind: "open", scope: "service", services: [service] };
}

/** Services that alarm in one region within the window. */
interface Wave {
  readonly region: string;
  readonly service: string;
  readonly alarming: ReadonlySet<string>;
}

function placeRegional(current: readonly OpenIncident[], { region, service, alarming }: Wave): Placement {
  const isOfRegion = (incident: OpenIncident) => incident.scope === "regional" && incident.region === region;
  const ofThisCause = current.filter(
    (incident) =>
      isOfRegion(incident) || (incident.scope === "service" && incident.services.some((name) => alarming.has(name))),
  );
  const kept = ofThisCause.find(isOfRegion) ?? ofThisCause[0];
  if (kept === undefined) return { kind: "open", scope: "regional", services: [service] };
  const merged = ofThisCause.filter((incident) => incident !== kept);
  if (isOfRegion(kept) && merged.length === 0) return { kind: "join", incident: kept };
  return { kind: "widen", incident: kept, merged };
}

export interface Placed {
  readonly placement: Placement;
  /** The incident's row after this alert; undefined for thread-only. */
  readonly incident: OpenIncident | undefined;
  /** Undefined when the index stays as it is. */
  readonly next: Correlation | undefined;
}

/** The decision together with the index after it. The id of a new incident comes from the alert, so a repeat finds it. */
export function place(
  index: Correlation = { open: [], alarms: [] },
  { signal, rule }: Heard,
  { policy, nowMs }: { readonly policy: CorrelationPolicy; readonly nowMs: number },
): Placed {
  const { open, alarms } = index;
  const placement = correlate({ signal, rule }, index, policy);
  if (placement.kind === "thread-only" || rule === undefined)
    return { placement, incident: undefined, next: undefined };
  const ruled = { signal, rule };
  const before = placement.kind === "open" ? newRow(placement, ruled, nowMs) : placement.incident;
  const incident = afterAlert(before, placement, ruled);
  const gone = placement.kind === "widen" ? placement.merged : [];
  const heard = afterAlarm(alarms, ruled, policy);
  if (placement.kind === "join" && incident === before && heard === alarms) {
    return { placement, incident, next: undefined };
  }
  // Rows keep their place, so that of two that were opened in one millisecond the first stays the older.
  const rows = placement.kind === "open" ? [...open, incident] : open;
  const next = rows.filter((row) => !gone.includes(row)).map((row) => (row.id === incident.id ? incident : row));
  return { placement, incident, next: { open: next, alarms: [...heard] } };
}

function newRow(placement: Extract<Placement, { kind: "open" }>, { signal, rule }: Ruled, nowMs: number): OpenIncident {
  return {
    id: incidentIdFor(signal.id),
    scope: placement.scope,
    services: [...placement.services],
    ...(placement.scope === "regional" ? { region: signal.region } : {}),
    severity: rule.severity,
    openedAtMs: nowMs,
    absorbed: [],
  };
}

function afterAlert(row: OpenIncident, placement: Placement, { signal, rule }: Ruled): OpenIncident {
  const merged = placement.kind === "widen" ? placement.merged : [];
  const next: OpenIncident = {
    ...row,
    ...(placement.kind === "widen" ? { scope: "regional", region: signal.region } : {}),
    services: [...new Set([...row.services, ...merged.flatMap((other) => other.services), serviceOf(rule)])],
    severity: [rule.severity, ...merged.map((other) => other.severity)].reduce(worse, row.severity),
    absorbed: [...row.absorbed, ...merged.flatMap((other) => [other.id, ...other.absorbed])],
  };
  const isSame =
    placement.kind !== "widen" && next.severity === row.severity && next.services.length === row.services.length;
  return isSame ? row : next;
}

function later(lastMs: number, atMs: number): number {
  return atMs >= lastMs + GRANULARITY_MS ? atMs : lastMs;
}

function afterAlarm(
  alarms: readonly RecentAlarm[],
  { signal, rule }: Ruled,
  policy: CorrelationPolicy,
): readonly RecentAlarm[] {
  const service = serviceOf(rule);
  const { region, changedAtMs } = signal;
  const known = alarms.find((alarm) => alarm.service === service && alarm.region === region);
  const atMs = known === undefined ? changedAtMs : later(known.atMs, changedAtMs);
  if (atMs === known?.atMs) return alarms;
  // Kept as long as a delayed alert could still need it.
  const oldestMs = atMs - Math.max(2 * policy.regional_window, DELAYED_AT_MOST_MS);
  return [...alarms.filter((alarm) => alarm !== known && alarm.atMs >= oldestMs), { service, region, atMs }];
}

/** Six letters and digits without look-alikes: short enough to say over the phone. */
export function incidentIdFor(seed: string): string {
  const alphabet = "0123456789abcdefghjkmnpqrstvwxyz";
  const digest = Buffer.from(sha256(`incident:${seed}`), "hex");
  return [...digest.subarray(0, 6)].map((byte) => alphabet.charAt(byte % 32)).join("");
}

/** The index without this incident; undefined when it is not in it. */
export function withoutIncident(index: Correlation | undefined, id: string): Correlation | undefined {
  if (!index?.open.some((row) => row.id === id)) return undefined;
  return { ...index, open: index.open.filter((row) => row.id !== id) };
}

/** The index with this open incident; undefined when it is in it, or ends in one that is. */
export function withIncident(index: Correlation | undefined, incident: RowOf): Correlation | undefined {
  const { open, alarms } = index ?? { open: [], alarms: [] };
  const { id, scope, services, region, severity, openedAtMs, absorbs } = incident;
  if (open.some((row) => row.id === id || row.absorbed.includes(id))) return undefined;
  const row = { id, scope, services: [...services], ...(region !== undefined && { region }), severity, openedAtMs };
  return { alarms, open: [...open, { ...row, absorbed: [...absorbs] }] };
}

type RowOf = Omit<OpenIncident, "absorbed" | "region"> & {
  readonly region?: string | undefined;
  readonly absorbs: readonly string[];
};
