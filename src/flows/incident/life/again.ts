import { sayDuration } from "../../../domain/duration.ts";
import type { Event } from "../../../domain/event.ts";
import type { Changed } from "../../../domain/incident/duty.ts";
import { TWOKEY_DRIVES } from "../../../domain/incident/escalation.ts";
import { amend, eventOf, type Incident, type JoinedAlert, withNote } from "../../../domain/incident/incident.ts";
import { askedLadder, type Ladder, planLadder } from "../../../domain/incident/ladder.ts";
import { turnOf } from "../intake/open.ts";

/** Alerts that join an incident, and how long it has to be quiet before one of them is news. */
export interface Ringing {
  readonly quietMs: number;
  /** `isNew`: this alarm was not counted for this incident before. */
  readonly alerts: readonly { readonly alert: JoinedAlert; readonly isNew: boolean }[];
}

/** So fine is the time of the newest alarm kept: a storm does not rewrite the incident for each of its alarms. */
const GRANULARITY_MS = 10_000;

/** When the newest alarm of the incident changed, with those that join it now. */
export function newestAlarm(incident: Incident, { alerts }: Ringing): number | undefined {
  const newestMs = Math.max(...alerts.map(({ alert }) => alert.atMs));
  return newestMs >= lastAlarm(incident) + GRANULARITY_MS ? newestMs : incident.lastAlertAtMs;
}

const lastAlarm = ({ lastAlertAtMs, alerts: [first], openedAtMs }: Incident) =>
  lastAlertAtMs ?? first?.atMs ?? openedAtMs;

/**
 * An alarm after a whole time of quiet, or one that the incident never had: trouble that goes on makes no other trouble part of it. The
 * incident is still open, so it opens no second one; but who acknowledged the first trouble may have gone to sleep. People are paged
 * again, unless somebody answered within that time or is being paged still. Undefined where nothing of it is news.
 */
export function alarmsAgain(
  incident: Incident,
  { since, joining, nowMs }: { readonly since: Incident; readonly joining: Ringing; readonly nowMs: number },
): Changed<Incident> | undefined {
  const newest = joining.alerts.map(({ alert }) => alert).toSorted((a, b) => b.atMs - a.atMs)[0];
  const quietMs = (newest?.atMs ?? 0) - lastAlarm(since);
  const wasQuiet = quietMs > joining.quietMs;
  if (newest === undefined || !(wasQuiet || hasOther(since, joining))) return undefined;
  const ladder = ladderAgain(incident, joining, nowMs);
  if (!wasQuiet && ladder === undefined) return undefined;
  const when = wasQuiet ? `after ${sayDuration(quietMs)} without a new one` : "which it never had before";
  const paged = ladder === undefined ? "" : " People are asked for again.";
  const says = `${newest.name} alarms, ${when}.${paged}`;
  const value = withNote(ladder === undefined ? amend(incident, {}) : pagedBy(incident, ladder, nowMs), {
    ...{ id: `again:${newest.atMs}`, atMs: nowMs, says },
  });
  const facts: Event["facts"] = { alarm: newest.fingerprint, quietMs, pagesAgain: ladder !== undefined };
  return { value, events: [eventOf(value, { kind: "incident.alarms-again", atMs: nowMs, says, facts })] };
}

const hasOther = ({ alerts }: Incident, joining: Ringing): boolean =>
  joining.alerts.some(
    ({ alert, isNew }) => isNew && !alerts.some(({ fingerprint }) => fingerprint === alert.fingerprint),
  );

const pagedBy = (incident: Incident, ladder: Ladder, nowMs: number): Incident => ({
  ...unanswered(incident, nowMs),
  ladders: [...incident.ladders, ladder],
});

/** What was answered before this moment counts for nothing more, at the pager neither. */
function unanswered(incident: Incident, nowMs: number): Incident {
  const pager = { ...incident.pager, lapsedAtMs: Math.max(incident.pager.lapsedAtMs ?? 0, nowMs) };
  return { ...incident, pager, acks: [] };
}

/** Before it becomes graver: who answered lesser trouble long ago has not answered this. */
export function withoutOldAnswers(incident: Incident, quietMs: number, nowMs: number): Incident {
  const answeredMs = Math.max(0, ...incident.acks.map(({ atMs }) => atMs));
  return incident.acks.length > 0 && nowMs - answeredMs > quietMs ? unanswered(incident, nowMs) : incident;
}

function ladderAgain(incident: Incident, { quietMs }: Ringing, nowMs: number): Ladder | undefined {
  const answeredMs = Math.max(0, ...incident.acks.map(({ atMs }) => atMs));
  const isHandled = incident.acks.length > 0 ? nowMs - answeredMs <= quietMs : isRinging(incident, nowMs);
  if (isHandled) return undefined;
  const { severity, id, ladders, escalation } = incident;
  const start = { number: ladders.length + 1, severity, startedAtMs: nowMs, why: "alarms again" };
  const matrix = planLadder(escalation, { ...start, lowered: false, turn: turnOf(id) });
  const [first] = matrix.rungs;
  if (first === undefined) return undefined;
  // A pager that drives pages nobody for an incident that is open there: whom its policy would call is asked for.
  return incident.driver === TWOKEY_DRIVES ? matrix : askedLadder(start, first.targets, () => first.afterMs);
}

/** Whether somebody is still to be paged by what has begun. */
function isRinging({ ladders, severity, driver }: Incident, nowMs: number): boolean {
  if (severity === "sev1" && driver === TWOKEY_DRIVES) return true;
  return ladders.some(({ startedAtMs, rungs, rounds, everyMs }) => {
    const lastMs = Math.max(rounds * everyMs, ...rungs.map(({ afterMs }) => afterMs));
    return nowMs <= startedAtMs + lastMs;
  });
}
