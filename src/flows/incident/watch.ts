import {
  type Changed,
  type DutyOutcome,
  type DutySpec,
  isSettled,
  type OwedDuty,
  type Perform,
} from "../../domain/duty.ts";
import type { Event } from "../../domain/event.ts";
import {
  amend,
  answeredLadder,
  dedupKey,
  eventOf,
  type Incident,
  isOpen,
  lastAck,
  NOTIFICATIONS_KEPT,
  withNote,
} from "../../domain/incident.ts";
import { commanderTargets, mayAcknowledge } from "../../domain/page.ts";
import type { Person } from "../../domain/person.ts";
import type { PagerAnswer, PagerIncident } from "../../ports/paging.ts";
import { acknowledge, askFor, isAnswered, mergeInto, settlePages, TWOKEY } from "./changes.ts";
import { CORRELATION_ID, withoutIncident } from "./correlate.ts";
import type { IncidentDeps } from "./deps.ts";
import { latestMatrix, triggerKey } from "./page.ts";

/** Watching the pager, telling it what people did here, and the deadlines of an answer. */

/** Webhooks may be lost or switched off: the pager is read as well (`reference: webhooks are a hint`). World time. */
const READ_EVERY_MS = { unanswered: 10_000, otherwise: 60_000 } as const;
const CONFIRM_AFTER_MS = 60_000;

function evidenceDuties(incident: Incident): OwedDuty[] {
  const trigger = incident.duties[triggerKey(incident)];
  if (!isOpen(incident) || trigger === undefined) return [];
  return [{ key: "evidence", dueAtMs: trigger.intentAtMs + readEveryMs(incident), subject: {} }];
}

function readEveryMs(incident: Incident): number {
  return incident.severity === "sev1" && !isAnswered(incident) ? READ_EVERY_MS.unanswered : READ_EVERY_MS.otherwise;
}

/**
 * An event for an incident that the pager does not have yet is dropped there. So what we tell it is told again when a
 * trigger that was under way at `sinceMs` has come to an end, or its claim has.
 */
function tellPager(incident: Incident, name: string, sinceMs: number): OwedDuty[] {
  const trigger = incident.duties[triggerKey(incident)];
  if (trigger === undefined) return [];
  const endedAtMs = trigger.settledAtMs ?? trigger.claimedUntilMs;
  const key = `${name}:${incident.generation}`;
  const first = { key: `${key}:0`, dueAtMs: sinceMs, subject: {} };
  return endedAtMs >= sinceMs ? [first, { key: `${key}:1`, dueAtMs: endedAtMs, subject: {} }] : [first];
}

function mirrorDuties(incident: Incident): OwedDuty[] {
  const ladder = answeredLadder(incident);
  const first = incident.acks.find((ack) => ack.ladder === ladder);
  if (!isOpen(incident) || first === undefined || !isAnswered(incident)) return [];
  if (incident.acks.some((ack) => ack.door === "pagerduty" && ack.ladder === ladder)) return [];
  return tellPager(incident, `mirror-ack:${ladder}`, first.atMs);
}

function resolveDuties(incident: Incident): OwedDuty[] {
  if (incident.closedAtMs === undefined) return [];
  const round = incident.pager.reopened;
  return tellPager(incident, `pager-resolve:${round}`, incident.closedAtMs);
}

function confirmDuties(incident: Incident): OwedDuty[] {
  const last = resolveDuties(incident).at(-1);
  const settledAtMs = last && incident.duties[last.key]?.settledAtMs;
  if (last === undefined || settledAtMs === undefined || !isSettled(incident.duties[last.key])) return [];
  return [{ key: `confirm:${last.key}`, dueAtMs: settledAtMs + CONFIRM_AFTER_MS, subject: {} }];
}

function deadlineDuties(incident: Incident): OwedDuty[] {
  const ladder = latestMatrix(incident);
  if (!ladder?.ackDeadlineMs || !isOpen(incident) || ladder.rungs.length === 0) return [];
  if (incident.acks.length > 0) return [];
  const dueAtMs = ladder.startedAtMs + ladder.ackDeadlineMs;
  return [{ key: `ack-late:${ladder.number}`, dueAtMs, subject: { deadlineMs: ladder.ackDeadlineMs } }];
}

function exhaustionDuties(incident: Incident): OwedDuty[] {
  const ladder = latestMatrix(incident);
  if (!ladder || ladder.rounds === 0 || ladder.rungs.length === 0 || !isOpen(incident)) return [];
  if (incident.acks.length > 0 || incident.driver === "pagerduty") return [];
  const dueAtMs = ladder.startedAtMs + (ladder.rounds + 1) * ladder.everyMs;
  return [{ key: `exhausted:${ladder.number}`, dueAtMs, subject: {} }];
}

function indexDuties(incident: Incident): OwedDuty[] {
  return incident.closedAtMs === undefined ? [] : [{ key: "close-index", dueAtMs: incident.closedAtMs, subject: {} }];
}

function absorbDuties(incident: Incident): OwedDuty[] {
  return incident.absorbs.map((id) => ({ key: `absorb:${id}`, dueAtMs: incident.openedAtMs, subject: { id } }));
}

export const WATCH_DUTIES: readonly DutySpec<Incident>[] = [
  { kind: "evidence", says: "Read the pager's own truth", lane: "pages", duties: evidenceDuties },
  { kind: "mirror-ack", says: "Tell the pager that somebody answered", lane: "pages", duties: mirrorDuties },
  { kind: "pager-resolve", says: "Close the incident at the pager", lane: "pages", duties: resolveDuties },
  { kind: "confirm", says: "Look whether it is closed at the pager", lane: "pages", duties: confirmDuties },
  { kind: "ack-late", says: "Write down that nobody answered in time", lane: "pages", duties: deadlineDuties },
  { kind: "exhausted", says: "Page the commanders: nobody answered at all", lane: "pages", duties: exhaustionDuties },
  { kind: "close-index", says: "Let later alerts open a new incident", lane: "pages", duties: indexDuties },
  { kind: "absorb", says: "End an incident of the same cause in this one", lane: "pages", duties: absorbDuties },
];

type Outcome = DutyOutcome<Incident>;

export function watchCalls(deps: IncidentDeps): Readonly<Record<string, Perform<Incident>>> {
  const people = () => deps.inventory().people;
  return {
    evidence: async (incident) => seen(await deps.paging.read(dedupKey(incident)), incident, people()),
    "mirror-ack": async (incident) =>
      told(await deps.paging.acknowledge(dedupKey(incident), lastAck(incident)?.name ?? "")),
    "pager-resolve": async (incident) => told(await deps.paging.resolve(dedupKey(incident), closer(incident))),
    confirm: async (incident) => confirmed(await deps.paging.read(dedupKey(incident))),
    "ack-late": (_incident, { subject }) => Promise.resolve(deadlineMissed(Number(subject["deadlineMs"]))),
    exhausted: () => Promise.resolve({ kind: "done", apply: (now, atMs) => exhaust(now, people(), atMs) }),
    "close-index": (incident) => closeIndex(deps, incident),
    absorb: (incident, { subject }) => absorb(deps, incident, String(subject["id"])),
  };
}

function closer({ resolution, mergedInto }: Incident): string {
  return resolution?.by ?? `TwoKey (merged into ${mergedInto ?? "another incident"})`;
}

function told(answer: PagerAnswer): Outcome {
  switch (answer.kind) {
    case "accepted":
      return { kind: "done" };
    case "retry":
      return { kind: "retry", why: answer.why, afterMs: answer.afterMs };
    case "unknown":
      return { kind: "unknown", why: answer.why };
    case "rejected":
      return { kind: "failed", why: answer.why, retryAfterMs: CONFIRM_AFTER_MS };
  }
}

function seen(answer: PagerAnswer<PagerIncident | undefined>, incident: Incident, people: readonly Person[]): Outcome {
  // A failed read is no news: the next one comes soon enough.
  const found = answer.kind === "accepted" ? answer.value : undefined;
  const generation = incident.generation;
  return {
    kind: "again",
    afterMs: readEveryMs(incident),
    apply: (current, nowMs) =>
      found === undefined || current.generation !== generation
        ? { value: current, events: [] }
        : mergeEvidence(current, found, people, nowMs),
  };
}

/** The pager tells times in whole seconds. */
const PAGER_STEP_MS = 1_000;
const RANK = { triggered: 0, acknowledged: 1, resolved: 2 } as const;

/** Merged so that it only moves forward; a late or repeated answer changes nothing. Also for webhooks of the pager. */
export function mergeEvidence(incident: Incident, found: PagerIncident, people: readonly Person[], nowMs: number) {
  const { pager } = incident;
  const isForward = pager.status === undefined || RANK[found.status] >= RANK[pager.status];
  const notifications = found.notifications.slice(-NOTIFICATIONS_KEPT).map((each) => ({ ...each }));
  const next: Incident["pager"] = {
    ...pager,
    id: found.id,
    ...(found.url === undefined ? {} : { url: found.url }),
    ...(isForward ? { status: found.status } : {}),
    ...(notifications.length >= pager.notifications.length ? { notifications } : {}),
  };
  const isNews =
    next.status !== pager.status || next.id !== pager.id || next.notifications.length !== pager.notifications.length;
  let value: Incident = isNews ? amend(incident, { pager: next }) : incident;
  const events: Event[] = [];
  for (const ack of found.acknowledgedBy) {
    const changed = acknowledgedAtPager(value, ack, people, nowMs);
    value = changed?.value ?? value;
    events.push(...(changed?.events ?? []));
  }
  const closed = closedOutside(value, nowMs);
  return closed === undefined ? { value, events } : { value: closed.value, events: [...events, ...closed.events] };
}

/** The pager says that something happened there: it is read at once. A hint is no more than that. */
export function readPagerNow(incident: Incident, nowMs: number): Changed<Incident> | undefined {
  const record = incident.duties["evidence"];
  if (!isOpen(incident) || record === undefined || record.state === "claimed") return undefined;
  const duties = { ...incident.duties, evidence: { ...record, retryAtMs: nowMs } };
  return { value: { ...incident, duties }, events: [] };
}

/** Counts from listed responders, and from anybody whom the pager itself notified for this incident. */
function acknowledgedAtPager(
  incident: Incident,
  { pagerUserId: userId, name, atMs }: PagerIncident["acknowledgedBy"][number],
  people: readonly Person[],
  nowMs: number,
) {
  const person = people.find((each) => each.pagerduty === userId);
  const by = person?.id ?? `pagerduty:${userId}`;
  // The pager repeats old acknowledgements at every read.
  if (incident.acks.some((ack) => ack.by === by && ack.door === "pagerduty" && ack.atMs >= atMs)) return undefined;
  const counts = person ? mayAcknowledge(person) : incident.pager.notifications.some(({ user }) => user === userId);
  if (counts)
    return acknowledge(incident, { by, name: person?.name ?? name, door: "pagerduty" }, nowMs, atMs + PAGER_STEP_MS);
  if (incident.pager.uncounted.includes(userId)) return undefined;
  const pager = { ...incident.pager, uncounted: [...incident.pager.uncounted, userId] };
  const says = `${name} acknowledged at PagerDuty but is no listed responder: paging goes on`;
  const value = withNote({ ...incident, pager }, `uncounted:${userId}`, nowMs, says);
  return {
    value,
    events: [eventOf(value, { kind: "ack.not-counted", atMs: nowMs, says, facts: { pagerUser: userId } })],
  };
}

/** A key that was closed at the pager is dead there: what is paged from now on opens a new one. */
function closedOutside(incident: Incident, nowMs: number) {
  if (!isOpen(incident) || incident.pager.status !== "resolved") return undefined;
  const generation = incident.generation + 1;
  const says = "The incident was closed at the pager but is open here: further pages open a new one there";
  const pager = { notifications: [], uncounted: [], reopened: 0 };
  const value = withNote({ ...incident, generation, pager }, `closed-outside:${generation}`, nowMs, says);
  return {
    value,
    events: [eventOf(value, { kind: "pager.closed-outside", atMs: nowMs, says, facts: { generation } })],
  };
}

function confirmed(answer: PagerAnswer<PagerIncident | undefined>): Outcome {
  if (answer.kind !== "accepted") return told(answer.kind === "rejected" ? { ...answer, kind: "unknown" } : answer);
  if (answer.value === undefined || answer.value.status === "resolved") return { kind: "done" };
  return {
    kind: "done",
    apply: (current, atMs) => {
      const reopened = current.pager.reopened + 1;
      const says = "The pager still has the incident open after it was resolved: closing it there again";
      const value = { ...current, pager: { ...current.pager, reopened } };
      return { value, events: [eventOf(current, { kind: "pager.still-open", atMs, says, facts: { reopened } })] };
    },
  };
}

function deadlineMissed(deadlineMs: number): Outcome {
  return {
    kind: "done",
    apply: (current, atMs) => {
      const says = `Nobody acknowledged within ${deadlineMs / 60_000} min`;
      return {
        value: amend(current, {}),
        events: [eventOf(current, { kind: "ack.deadline-missed", atMs, says, facts: { deadlineMs } })],
      };
    },
  };
}

function exhaust(incident: Incident, people: readonly Person[], atMs: number) {
  const says = "Every level was paged and nobody acknowledged. The commanders are paged.";
  const noted = withNote({ ...incident, pages: settlePages(incident.pages, "exhausted") }, "exhausted", atMs, says);
  const asked = askFor(noted, commanderTargets(people), "every level was paged and nobody acknowledged", TWOKEY, atMs);
  const event = eventOf(incident, { kind: "pages.exhausted", atMs, says });
  return { value: asked?.value ?? noted, events: [event, ...(asked?.events ?? [])] };
}

async function closeIndex(deps: IncidentDeps, incident: Incident): Promise<Outcome> {
  await deps.correlation.change(CORRELATION_ID, (current) => {
    const value = withoutIncident(current, incident.id);
    return value && { value, events: [] };
  });
  return { kind: "done" };
}

async function absorb(deps: IncidentDeps, incident: Incident, id: string): Promise<Outcome> {
  const nowMs = deps.clock.now();
  await deps.incidents.change(id, (other) => {
    const merged = other && mergeInto(other, incident, nowMs);
    // Due at once: its own duties close the pager and tell its channel.
    return merged && { ...merged, dueAtMs: nowMs };
  });
  await Promise.all([deps.wake.incidentPages(id), deps.wake.incidentChat(id)]);
  return { kind: "done" };
}
