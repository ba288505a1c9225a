import type { DoorName, Event } from "../../../domain/event.ts";
import type { Changed } from "../../../domain/incident/duty.ts";
import {
  ALERTS_LISTED,
  amend,
  eventOf,
  type Incident,
  isOpen,
  type JoinedAlert,
  withNote,
} from "../../../domain/incident/incident.ts";
import { planLadder } from "../../../domain/incident/ladder.ts";
import { type LaterPart, type ResolutionFields, stillToWrite } from "../../../domain/incident/resolution.ts";
import { type Severity, worse } from "../../../domain/incident/severity.ts";
import type { LostIn } from "../../../domain/plan-run/lost-writes.ts";
import { turnOf } from "../intake/open.ts";
import { settlePages } from "../paging/acknowledge.ts";
import { alarmsAgain, newestAlarm, withoutOldAnswers } from "./again.ts";
import { beginningWith, isSameBeginning } from "./began.ts";

/** Who asked for a change, and through which door. */
export interface Actor {
  readonly id?: string | undefined;
  readonly name: string;
  readonly door: DoorName;
}

export const TWOKEY: Actor = { name: "TwoKey", door: "engine" };

/** What joins an open incident: alerts, and what correlation says about its scope. */
export interface Joining {
  readonly scope: Incident["scope"];
  readonly services: readonly string[];
  readonly region?: string | undefined;
  readonly severity: Severity;
  readonly absorbs: readonly string[];
  /** World time without an alarm after which the next one pages people again. */
  readonly quietMs: number;
  /** `isNew`: this alarm was not counted for this incident before. `isOld`: it rang before TwoKey was there, and says nothing of when this began. */
  readonly alerts: readonly { readonly alert: JoinedAlert; readonly isNew: boolean; readonly isOld: boolean }[];
}

/** Undefined when nothing changes: most alerts of a storm. */
export function joinAlerts(incident: Incident, joining: Joining, nowMs: number): Changed<Incident> | undefined {
  const listed = new Map(incident.alerts.map((alert) => [alert.fingerprint, alert]));
  let more = incident.moreAlerts;
  for (const { alert, isNew } of joining.alerts) {
    if (listed.has(alert.fingerprint)) continue;
    if (listed.size < ALERTS_LISTED) listed.set(alert.fingerprint, alert);
    else if (isNew) more += 1;
  }
  const services = [...new Set([...incident.services, ...joining.services])];
  const absorbs = [...new Set([...incident.absorbs, ...joining.absorbs])];
  // A row that was read before the incident grew cannot make it small again.
  const isWidening = joining.scope === "regional" && incident.scope === "service";
  const alarmAtMs = newestAlarm(incident, joining);
  const began = beginningOf(incident, joining);
  const isSame =
    isSameBeginning(began, incident) &&
    alarmAtMs === incident.lastAlertAtMs &&
    !isWidening &&
    listed.size === incident.alerts.length &&
    more === incident.moreAlerts &&
    services.length === incident.services.length &&
    absorbs.length === incident.absorbs.length &&
    worse(joining.severity, incident.severity) === incident.severity;
  if (isSame) return undefined;
  const alerts = [...listed.values()];
  const grown = amend(incident, {
    alerts,
    moreAlerts: more,
    services,
    absorbs,
    ...began,
    lastAlertAtMs: alarmAtMs,
  });
  const widened = widen(grown, joining, nowMs);
  const severity = worse(incident.severity, joining.severity);
  // Graver trouble has pages of its own.
  const told =
    severity === incident.severity
      ? alarmsAgain(widened.value, { since: incident, joining, nowMs })
      : setSeverity(withoutOldAnswers(widened.value, joining.quietMs, nowMs), severity, { actor: TWOKEY, nowMs });
  return { value: told?.value ?? widened.value, events: [...widened.events, ...(told?.events ?? [])] };
}

/** An alarm that comes late may have rung first. */
const beginningOf = (incident: Incident, { alerts, quietMs }: Joining) =>
  beginningWith(
    incident,
    alerts.filter(({ isOld }) => !isOld).map(({ alert }) => alert.atMs),
    quietMs,
  );

function widen(incident: Incident, { scope, region }: Joining, nowMs: number): Changed<Incident> {
  if (scope === "service" || incident.scope === "regional" || region === undefined)
    return { value: incident, events: [] };
  const says = `Now a regional incident: ${incident.services.length} services are alarming in ${region}`;
  const value = withNote({ ...incident, scope: "regional", region }, { id: "widened", atMs: nowMs, says });
  const facts = { region, services: incident.services };
  return { value, events: [eventOf(value, { kind: "incident.widened", atMs: nowMs, says, facts })] };
}

/** Who changes an incident, and when. */
export interface Act {
  readonly actor: Actor;
  readonly nowMs: number;
}

/** A raised severity pages by its own matrix from now on; a lowered one pages nobody anew once somebody has answered. */
export function setSeverity(
  incident: Incident,
  severity: Severity,
  { actor, nowMs }: Act,
): Changed<Incident> | undefined {
  if (!isOpen(incident) || severity === incident.severity) return undefined;
  const lowered = worse(severity, incident.severity) === incident.severity;
  const why = `${lowered ? "lowered" : "raised"} from ${incident.severity}`;
  const number = incident.ladders.length + 1;
  const start = { number, severity, startedAtMs: nowMs, why, lowered, turn: turnOf(incident.id) };
  const every = incident.escalation.severities[severity]?.status_update_every;
  const { dueAtMs: before, ...update } = incident.update;
  const dueAtMs = every === undefined ? undefined : Math.min(before ?? Number.POSITIVE_INFINITY, nowMs + every);
  const says = `Severity ${why} to ${severity} by ${actor.name}`;
  const value = withNote(
    {
      ...incident,
      severity,
      ladders: [...incident.ladders, planLadder(incident.escalation, start)],
      update: { ...update, ...(dueAtMs === undefined ? {} : { dueAtMs }) },
    },
    { id: `severity:${number}`, atMs: nowMs, says },
  );
  const { id: by, door } = actor;
  const facts = { from: incident.severity, to: severity };
  return { value, events: [eventOf(value, { kind: "incident.severity-set", atMs: nowMs, by, door, says, facts })] };
}

/** Two incidents of one cause: this one ends, its pages stop, and its channel says where to go. */
export function mergeInto(incident: Incident, into: Incident, nowMs: number): Changed<Incident> | undefined {
  if (!isOpen(incident)) return undefined;
  const where = into.channel ? `#${into.channel.name}` : into.title;
  const says = `Merged into ${where}: one cause, one incident. Please continue there.`;
  const value = withNote(
    {
      ...incident,
      state: "merged",
      mergedInto: into.id,
      closedAtMs: nowMs,
      pages: settlePages(incident.pages, "superseded"),
    },
    { id: "merged", atMs: nowMs, says },
  );
  return { value, events: [eventOf(value, { kind: "incident.merged", atMs: nowMs, says, facts: { into: into.id } })] };
}

export interface Resolving {
  readonly fields: ResolutionFields;
  readonly by: string;
  readonly despite?: NonNullable<Incident["resolution"]>["despite"];
  /** Measured, or undefined where nothing was measured. */
  readonly rtoMs?: number | undefined;
  readonly lost?: readonly LostIn[] | undefined;
}

const despiteFacts = ({ why, alarms, unknownIn, down, plans }: NonNullable<Resolving["despite"]>) => ({
  ...{ despite: why, alarms, unknownIn, plans },
  down: down.map(({ service, gives }) => `${service}: ${gives}`),
});

/** A line a move: the kind of what is known, and the world times that it names. */
const lostFacts = (lost: Resolving["lost"]): Event["facts"] =>
  lost === undefined ? {} : { lost: lost.map(({ of, writes }) => `${of}: ${writes.kind}${timesIn(writes)}`) };

const timesIn = (writes: LostIn["writes"]): string =>
  Object.entries(writes)
    .map(([name, value]) =>
      typeof value === "number" ? ` ${name.slice(0, -"Ms".length)} ${new Date(value).toISOString()}` : "",
    )
    .join("");

const writtenIn = (fields: ResolutionFields): Record<string, string> =>
  Object.fromEntries(Object.entries(fields).flatMap(([part, text]) => (text === undefined ? [] : [[part, text]])));

export function resolveIncident(
  incident: Incident,
  { fields, by, despite, rtoMs, lost }: Resolving,
  { actor, nowMs }: Act,
): Changed<Incident> | undefined {
  if (!isOpen(incident)) return undefined;
  const restored = rtoMs === undefined ? {} : { rtoMs };
  const value = amend(incident, {
    state: "resolved",
    closedAtMs: nowMs,
    resolution: {
      ...{ fields, by, added: [], ...(despite ? { despite } : {}), ...restored, ...(lost ? { lost: [...lost] } : {}) },
      ...(actor.id === undefined ? {} : { person: actor.id }),
    },
    pages: settlePages(incident.pages, "superseded"),
  });
  const says = `Resolved by ${actor.name}: ${fields.details}`;
  const facts: Event["facts"] = {
    ...writtenIn(fields),
    ...restored,
    ...lostFacts(lost),
    ...(despite ? despiteFacts(despite) : {}),
  };
  return {
    value,
    events: [eventOf(value, { kind: "incident.resolved", atMs: nowMs, by, door: actor.door, says, facts })],
  };
}

/** Writes parts of the resolution that were not known when it was made; what stands there already stays. */
export function addToResolution(
  incident: Incident,
  later: Partial<Pick<ResolutionFields, LaterPart>>,
  { actor, nowMs }: Act,
): Changed<Incident> | undefined {
  const { resolution } = incident;
  if (resolution === undefined) return undefined;
  const parts = stillToWrite(resolution.fields).filter((part) => later[part] !== undefined);
  if (parts.length === 0) return undefined;
  const written = Object.fromEntries(parts.map((part) => [part, later[part] ?? ""]));
  const value = amend(incident, {
    resolution: {
      ...resolution,
      fields: { ...resolution.fields, ...written },
      added: [...resolution.added, { parts, by: actor.name, atMs: nowMs }],
    },
  });
  const says = `Added to the resolution by ${actor.name}: ${Object.values(written).join(" · ")}`;
  const { id: by, door } = actor;
  const facts = { ...written };
  return { value, events: [eventOf(value, { kind: "incident.resolution-added", atMs: nowMs, by, door, says, facts })] };
}
