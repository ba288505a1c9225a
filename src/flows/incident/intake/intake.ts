import type { CardDue } from "../../../domain/card/card-due.ts";
import { Unreadable } from "../../../domain/errors.ts";
import { type AlertDocument, ruleFor, type Signal } from "../../../domain/incident/alert.ts";
import { alertCards, applySignal, isReplay } from "../../../domain/incident/alert-thread.ts";
import { type Incident, isOpen, type JoinedAlert } from "../../../domain/incident/incident.ts";
import { worse } from "../../../domain/incident/severity.ts";
import type { Inventory } from "../../../domain/service/inventory.ts";
import type { Clock } from "../../../ports/clock.ts";
import type { Documents } from "../../../ports/documents.ts";
import type { Wake } from "../../../ports/wake.ts";
import { requestCard } from "../comms/announce.ts";
import { dueChange } from "../index.ts";
import { joinAlerts } from "../life/changes.ts";
import {
  CORRELATION_ID,
  type Correlation,
  incidentIdFor,
  type OpenIncident,
  type Placed,
  place,
  serviceOf,
  withoutIncident,
} from "./correlate.ts";
import { openIncident } from "./open.ts";

export interface IntakeDeps {
  readonly alerts: Documents<AlertDocument>;
  readonly correlation: Documents<Correlation>;
  readonly incidents: Documents<Incident>;
  readonly cards: Documents<CardDue>;
  readonly clock: Clock;
  readonly wake: Pick<Wake, "incidentPages" | "incidentChat" | "card">;
  readonly inventory: () => Inventory;
}

export interface Intake {
  /**
   * Takes one signal in. Safe to repeat with the same signal, also after a crash at any point. Resolves to the incident
   * that it belongs to, if any.
   */
  take(signal: Signal): Promise<{ readonly incident: string | undefined; readonly replay: boolean }>;
}

/** Characters of a reason that an incident keeps of each alert: the alert itself has all of it. */
const REASON_KEPT = 1_000;
/**
 * Machine time between two writes of one incident for alerts that join it. Each costs as much as taking in several alerts: all of it is
 * read, its duties are derived, and both its queues look at it. The first alert waits for nothing.
 */
const REST_MS = 50;
/** Severity of an alarm that no rule matches: it is threaded and opens nothing. */
const UNMATCHED_SEVERITY = "sev3";

export function createIntake(deps: IntakeDeps): Intake {
  const join = createJoiner(deps);
  return {
    async take(signal) {
      const { file } = deps.inventory();
      const rule = ruleFor(file.alerts.rules, signal);
      const known = (await deps.alerts.get(signal.fingerprint))?.value;
      const replay = isReplay(known, signal);
      const joined = replay ? undefined : await placeAlert(deps, join, { signal, known });
      const alert = await deps.alerts.change(signal.fingerprint, (current) => {
        const value = applySignal(current, signal, {
          service: rule?.service,
          severity: rule?.severity ?? UNMATCHED_SEVERITY,
          incident: joined?.incident,
          hasCard: joined?.isListed ?? true,
          runbook: rule?.runbook,
        });
        return value && { value, events: [] };
      });
      const cards = alert === undefined ? [] : alertCards(alert, file.alerts.channel);
      for (const card of cards) await requestCard(deps, card);
      return { incident: joined?.incident ?? alert?.incident, replay };
    },
  };
}

interface Joined {
  readonly incident: string;
  /** Only alarms that the incident lists have a card of their own. */
  readonly isListed: boolean;
}

type Join = (asked: JoinAsk) => Promise<"closed" | Joined>;

interface JoinAsk {
  readonly row: OpenIncident;
  readonly alert: JoinedAlert;
  readonly isNew: boolean;
  /** It rang before TwoKey was there. */
  readonly isOld: boolean;
  readonly source: Signal["source"];
}

/** The incident that the alert opened or joined. An index that still names a closed incident is mended on the way. */
async function placeAlert(
  deps: IntakeDeps,
  join: Join,
  { signal, known }: { readonly signal: Signal; readonly known: AlertDocument | undefined },
): Promise<Joined | undefined> {
  const { alerts: policy } = deps.inventory().file;
  const rule = ruleFor(policy.rules, signal);
  for (;;) {
    let placed: Placed | undefined;
    await deps.correlation.change(CORRELATION_ID, (current) => {
      placed = place(current, { signal, rule }, { policy, nowMs: deps.clock.now() });
      return placed.next && { value: placed.next, events: [] };
    });
    const row = placed?.incident;
    if (row === undefined || rule === undefined) return undefined;
    const { fingerprint, name, region, changedAtMs: atMs, source } = signal;
    const reason = signal.reason.slice(0, REASON_KEPT);
    const alert = { fingerprint, name, region, reason, atMs, service: serviceOf(rule), severity: rule.severity };
    // The same message leads to the same id again.
    const isItsOwn = row.id === incidentIdFor(signal.id);
    const joined = await join({
      row,
      alert,
      source,
      isNew: known?.incident !== row.id,
      isOld: signal.isOld === true,
    }).catch((error: unknown) => closedIfUnreadable(error, isItsOwn));
    if (joined !== "closed") return joined;
    await deps.correlation.change(CORRELATION_ID, (current) => {
      const value = withoutIncident(current, row.id);
      return value && { value, events: [] };
    });
  }
}

/** People hear of an incident that cannot be read; its service goes on to alarm, in another one. */
function closedIfUnreadable(error: unknown, isItsOwn: boolean): "closed" {
  if (error instanceof Unreadable && !isItsOwn) return "closed";
  throw error;
}

/**
 * Alerts that arrive while the incident is being written, and rests from that, go in together: a storm costs a
 * few changes of the incident, and no alert is answered before it is stored. After a crash between this and the alert's
 * own document, an alarm beyond those that are listed may be counted twice; none is lost.
 */
function createJoiner(deps: IntakeDeps): Join {
  const waiting = new Map<string, { asked: JoinAsk[]; done: Promise<"closed" | Incident> }>();
  const busy = new Map<string, Promise<unknown>>();

  async function commit(id: string): Promise<"closed" | Incident> {
    await busy.get(id);
    const asked = waiting.get(id)?.asked ?? [];
    waiting.delete(id);
    const work = joinTogether(deps, id, asked);
    const rested = work.catch(() => undefined).then(() => new Promise((resolve) => setTimeout(resolve, REST_MS)));
    busy.set(id, rested);
    void rested.then(() => busy.get(id) === rested && busy.delete(id));
    return work;
  }

  return async (ask) => {
    const { id } = ask.row;
    let batch = waiting.get(id);
    if (batch === undefined) {
      batch = { asked: [ask], done: Promise.resolve().then(() => commit(id)) };
      waiting.set(id, batch);
    } else {
      batch.asked.push(ask);
    }
    const incident = await batch.done;
    if (incident === "closed") return "closed";
    return { incident: id, isListed: incident.alerts.some(({ fingerprint }) => fingerprint === ask.alert.fingerprint) };
  };
}

async function joinTogether(deps: IntakeDeps, id: string, asked: readonly JoinAsk[]): Promise<"closed" | Incident> {
  const rows = asked.map(({ row }) => row);
  const regional = rows.find((row) => row.scope === "regional");
  const joining = {
    scope: regional?.scope ?? "service",
    region: regional?.region,
    services: [...new Set(rows.flatMap((row) => row.services))],
    severity: rows.map((row) => row.severity).reduce(worse),
    absorbs: [...new Set(rows.flatMap((row) => row.absorbed))],
    quietMs: deps.inventory().file.alerts.correlation_window,
    alerts: oncePerAlarm(asked),
  };
  let hasChanged = false;
  const incident = await deps.incidents.change(id, (current) => {
    const nowMs = deps.clock.now();
    const opened = current === undefined ? openedBy(asked, deps.inventory(), nowMs) : undefined;
    const before = current ?? opened?.value;
    const joined = before && isOpen(before) ? joinAlerts(before, joining, nowMs) : undefined;
    const value = joined?.value ?? opened?.value;
    hasChanged = value !== undefined;
    return value && dueChange({ value, events: [...(opened?.events ?? []), ...(joined?.events ?? [])] }, nowMs);
  });
  // Pages first: nothing of them waits for the chat.
  if (hasChanged) await Promise.all([deps.wake.incidentPages(id), deps.wake.incidentChat(id)]);
  return incident !== undefined && isOpen(incident) ? incident : "closed";
}

function oncePerAlarm(asked: readonly JoinAsk[]): JoinAsk[] {
  const alarms = new Map<string, JoinAsk>();
  for (const ask of asked) if (!alarms.has(ask.alert.fingerprint)) alarms.set(ask.alert.fingerprint, ask);
  return [...alarms.values()];
}

function openedBy([first]: readonly JoinAsk[], inventory: Inventory, nowMs: number) {
  if (first === undefined) return undefined;
  const { row, alert, source } = first;
  const title = row.scope === "regional" ? `${alert.region}: several services are alarming` : alert.name;
  const { id, scope, services, region, severity } = row;
  const what = source === "sns" ? "Message" : "Alarm";
  const description = `${what} ${alert.name} for ${alert.service} in ${alert.region}: ${alert.reason}`;
  return openIncident({ id, title, description, scope, services, region, severity, alert }, inventory, nowMs);
}
