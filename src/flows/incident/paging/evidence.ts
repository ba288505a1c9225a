import type { Event } from "../../../domain/event.ts";
import {
  amend,
  eventOf,
  INCIDENT_LABEL,
  type Incident,
  isOpen,
  readDedupKey,
  withNote,
} from "../../../domain/incident/incident.ts";
import { mayAcknowledge } from "../../../domain/incident/page.ts";
import { NOTIFICATIONS_KEPT } from "../../../domain/incident/pager-evidence.ts";
import { keeperOf } from "../../../domain/incident/pager-traits.ts";
import type { Person } from "../../../domain/people/person.ts";
import type { Documents } from "../../../ports/documents.ts";
import type { PagerIncident } from "../../../ports/pager.ts";
import { acknowledge } from "./acknowledge.ts";
import { lapsedAtPager } from "./lapse.ts";
import { foundAtPager } from "./lost-page.ts";

/** The pager tells times in whole seconds. */
const PAGER_STEP_MS = 1_000;
const RANK = { triggered: 0, acknowledged: 1, resolved: 2 } as const;

/** Who is known here, and when the pager was asked. World times. */
export interface Reading {
  readonly people: readonly Person[];
  readonly askedAtMs: number;
  readonly nowMs: number;
}

/**
 * The pager's own truth, in both directions: what it takes back counts no more here. An answer to an earlier question, which came
 * late, or again, only moves forward. Also for webhooks of the pager.
 */
export function mergeEvidence(before: Incident, found: PagerIncident, { people, askedAtMs, nowMs }: Reading) {
  const incident = foundAtPager(before);
  const { pager } = incident;
  // Asked after the last answer was written down: of two questions under way at once neither takes anything back.
  const isNewest = askedAtMs > (pager.readAtMs ?? 0);
  const isForward = pager.status === undefined || RANK[found.status] >= RANK[pager.status] || isNewest;
  const notifications = found.notifications.slice(-NOTIFICATIONS_KEPT).map((each) => ({ ...each }));
  const next: Incident["pager"] = {
    ...pager,
    id: found.id,
    createdAtMs: found.createdAtMs,
    ...(found.url === undefined ? {} : { url: found.url }),
    ...(isForward ? { status: found.status } : {}),
    readAtMs: Math.max(nowMs, pager.readAtMs ?? 0),
    ...(notifications.length >= pager.notifications.length ? { notifications } : {}),
  };
  const isNews =
    next.status !== pager.status || next.id !== pager.id || next.notifications.length !== pager.notifications.length;
  let value: Incident = isNews ? amend(incident, { pager: next }) : { ...incident, pager: next };
  const events: Event[] = [];
  const now = isNewest ? takenBack(incident, found) : found;
  const lapsed = lapsedAtPager(value, now, nowMs);
  value = lapsed?.value ?? value;
  events.push(...(lapsed?.events ?? []));
  for (const ack of now.acknowledgedBy.filter(({ atMs }) => atMs > (value.pager.lapsedAtMs ?? 0))) {
    const changed = acknowledgedAtPager(value, ack, { people, askedAtMs, nowMs });
    value = changed?.value ?? value;
    events.push(...(changed?.events ?? []));
  }
  const closed = closedOutside(value, nowMs);
  return closed === undefined ? { value, events } : { value: closed.value, events: [...events, ...closed.events] };
}

/**
 * It was acknowledged when it was last asked, and is not now: somebody there gave it to others, or the pager did, and may have
 * written no withdrawal into its log. Answers that came here since that last question stay.
 */
function takenBack({ pager }: Incident, found: PagerIncident): PagerIncident {
  if (pager.status !== "acknowledged" || found.status !== "triggered") return found;
  return { ...found, acknowledgedBy: [], lapsedAtMs: Math.max(found.lapsedAtMs ?? 0, pager.readAtMs ?? 0) };
}

/**
 * Ids of our incidents that a hint of the pager is about. Before its own id is known the key tells. What neither tells is
 * somebody else's, of which an account may have very many, or is read within seconds anyhow.
 */
export async function incidentsAbout(
  hint: { readonly incident: string | undefined; readonly key: string | undefined },
  incidents: Pick<Documents<Incident>, "openIds">,
): Promise<readonly string[]> {
  const named = hint.key === undefined ? undefined : readDedupKey(hint.key);
  if (named) return [named.id];
  return hint.incident === undefined ? [] : incidents.openIds(INCIDENT_LABEL.pager(hint.incident));
}

/** Counts from listed responders, and from anybody whom the pager itself notified for this incident. */
function acknowledgedAtPager(
  incident: Incident,
  { pagerUserId: userId, name, atMs }: PagerIncident["acknowledgedBy"][number],
  { people, nowMs }: Reading,
) {
  const keeper = keeperOf(incident.escalation.pagers) ?? "";
  const label = incident.escalation.pagers[keeper]?.label ?? "the pager";
  const person = people.find((each) => each.pagers[keeper] === userId);
  const by = person?.id ?? `pager:${userId}`;
  // The pager repeats old acknowledgements at every read.
  if (incident.acks.some((ack) => ack.by === by && ack.door === "pager" && ack.atMs >= atMs)) return undefined;
  const counts = person ? mayAcknowledge(person) : incident.pager.notifications.some(({ user }) => user === userId);
  if (counts)
    return acknowledge(
      incident,
      { by, name: person?.name ?? name, door: "pager", answeredAtMs: atMs + PAGER_STEP_MS },
      nowMs,
    );
  if (incident.pager.uncounted.includes(userId)) return undefined;
  const pager = { ...incident.pager, uncounted: [...incident.pager.uncounted, userId] };
  const says = `${name} acknowledged at ${label} but is no listed responder: paging goes on`;
  const value = withNote({ ...incident, pager }, { id: `uncounted:${userId}`, atMs: nowMs, says });
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
  const pager = { notifications: [], uncounted: [], reopened: 0, lost: 0 };
  const value = withNote({ ...incident, generation, pager }, { id: `closed-outside:${generation}`, atMs: nowMs, says });
  return {
    value,
    events: [eventOf(value, { kind: "pager.closed-outside", atMs: nowMs, says, facts: { generation } })],
  };
}
