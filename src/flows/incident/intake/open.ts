import type { DoorName } from "../../../domain/event.ts";
import type { Changed } from "../../../domain/incident/duty.ts";
import { eventOf, type Incident, type JoinedAlert } from "../../../domain/incident/incident.ts";
import { planLadder } from "../../../domain/incident/ladder.ts";
import type { Severity } from "../../../domain/incident/severity.ts";
import type { PersonId } from "../../../domain/people/person.ts";
import type { Inventory } from "../../../domain/service/inventory.ts";

export interface Opening {
  readonly id: string;
  readonly title: string;
  readonly description: string;
  readonly scope: "service" | "regional";
  readonly services: readonly string[];
  readonly region?: string | undefined;
  readonly severity: Severity;
  /** The alert that opened it, or the person who declared it. */
  readonly alert?: JoinedAlert | undefined;
  readonly declaredBy?:
    | { readonly id?: PersonId | undefined; readonly name: string; readonly door: DoorName }
    | undefined;
}

/** A new incident with everything that is owed about it. Nothing outside has been asked yet. */
export function openIncident(opening: Opening, inventory: Inventory, nowMs: number): Changed<Incident> {
  const { file, escalation } = inventory;
  const { id, title, description, scope, services, region, severity, alert, declaredBy } = opening;
  const every = escalation.severities[severity]?.status_update_every;
  const start = { number: 1, severity, startedAtMs: nowMs, why: "opened", lowered: false, turn: turnOf(id) };
  const ladder = planLadder(escalation, start);
  const value: Incident = {
    ...{ id, title, description, scope, severity, services: [...services], environment: file.environment },
    ...(region === undefined ? {} : { region }),
    ...(declaredBy?.id === undefined ? {} : { declaredBy: declaredBy.id }),
    state: "open",
    alsoDeclaredBy: [],
    absorbs: [],
    openedAtMs: nowMs,
    // Clocks of two systems differ: an alarm never changed after the incident that it opened.
    firstSeenAtMs: Math.min(alert?.atMs ?? nowMs, nowMs),
    earlier: [],
    alerts: alert === undefined ? [] : [alert],
    moreAlerts: 0,
    escalation: asItIsNow(escalation),
    driver: file.escalation.driver,
    generation: 1,
    ladders: [ladder],
    pages: [],
    acks: [],
    response: [],
    pager: { notifications: [], uncounted: [], reopened: 0, lost: 0 },
    alertsChannel: file.alerts.channel,
    channelName: channelName({ prefix: file.incidents.channel_prefix, id, about: aboutOf(opening), nowMs }),
    invited: [],
    notInvited: [],
    bookmarks: bookmarksOf(inventory, services),
    notes: [],
    editWindowMs: file.incidents.update_edit_window,
    update: { number: 1, late: false, ...(every === undefined ? {} : { dueAtMs: nowMs + every }) },
    duties: {},
    changes: 1,
    cardChanges: 0,
  };
  return { value, events: [openedEvent(value, opening, nowMs)] };
}

const aboutOf = ({ scope, region, services }: Opening) => (scope === "regional" ? region : services[0]);

/** An incident keeps the matrix that it was opened with, whatever the file says later. */
const asItIsNow = ({ severities, audiences, throttle, quietHours, pagers, digest }: Inventory["escalation"]) => ({
  ...{ severities: { ...severities }, audiences: { ...audiences }, throttle },
  ...{ quietHours: { ...quietHours }, pagers: { ...pagers }, digest },
});

function openedEvent(incident: Incident, { alert, declaredBy }: Opening, nowMs: number) {
  const because = alert ? `alarm ${alert.name} in ${alert.region}` : `declared by ${declaredBy?.name ?? "TwoKey"}`;
  return eventOf(incident, {
    kind: "incident.opened",
    atMs: nowMs,
    by: declaredBy?.id,
    door: declaredBy?.door ?? (alert ? "sns" : "engine"),
    says: `${incident.severity.toUpperCase()} opened: ${incident.title} (${because})`,
    facts: {
      severity: incident.severity,
      services: incident.services,
      scope: incident.scope,
      matrix: incident.escalation.digest,
      firstSeenAtMs: incident.firstSeenAtMs,
    },
  });
}

/** Slack allows 80 characters, and a taken name gets a suffix of two. */
const LONGEST_NAME = 78;

/** Lower-case letters, digits, `-` and `_`, as Slack wants them; ids that are read aloud come in capitals. The id stays whole. */
function channelName({
  prefix,
  id,
  about,
  nowMs,
}: {
  readonly prefix: string;
  readonly id: string;
  readonly about: string | undefined;
  readonly nowMs: number;
}): string {
  const date = new Date(nowMs).toISOString().slice(0, 10).replaceAll("-", "");
  const start = `${prefix}-${date}-${about ?? "general"}`.slice(0, LONGEST_NAME - id.length - 1);
  return `${start}-${id}`.toLowerCase().replaceAll(/[^a-z0-9_-]+/g, "-");
}

function bookmarksOf(inventory: Inventory, services: readonly string[]): Incident["bookmarks"] {
  const own = inventory.services
    .filter((service) => services.includes(service.name))
    .flatMap((service) => service.links.map(({ label, url }) => ({ label: `${service.name}: ${label}`, url })));
  return [...inventory.file.incidents.bookmarks, ...own].slice(0, 10);
}

/** A number that differs from incident to incident, for audiences that take turns. */
export function turnOf(id: string): number {
  return Buffer.from(id).reduce((sum, byte) => (sum * 31 + byte) % 65_521, 7);
}
