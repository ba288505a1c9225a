import type { Changed, DutyProgress } from "../../../domain/incident/duty.ts";
import { eventOf, type Incident, isOpen, withNote } from "../../../domain/incident/incident.ts";
import { keeperLabel } from "../../../domain/incident/pager-traits.ts";
import { isAnswered } from "./acknowledge.ts";

/**
 * A pager's "accepted" only promises: an event may be taken and have no effect, then or ever. So what it accepted is looked for, and
 * sent again under the same key where it shows nothing. Should the first have been slow only, both are the same page.
 */

/** World time: within seconds is usual. */
const LOST_AFTER_MS = 30_000;
const LONGEST_PAUSE_MS = 300_000;
/** World time from the pager's yes to the first telephone that it has rung, by its own log. */
const RUNG_WITHIN_MS = 60_000;

/** Names the trigger that is in force: of this key at the pager, and of this attempt. */
export function triggerKey({ generation, pager: { lost } }: Pick<Incident, "generation" | "pager">): string {
  return lost === 0 ? `trigger:${generation}` : `trigger:${generation}:${lost + 1}`;
}

/** The pager has taken the page, and shown nothing of it yet after it was given its time. */
export const isLost = ({ pager }: Pick<Incident, "pager">): boolean => pager.lost > 0 && pager.id === undefined;

export const lostWords = ({ escalation }: Pick<Incident, "escalation">): string =>
  `${keeperLabel(escalation.pagers)} took the page and shows no incident of it`;

/** Nothing was found at the pager when it was asked. The page is sent again when the pause of this attempt is over. */
export function lostAtPager(incident: Incident, askedAtMs: number, nowMs: number): Changed<Incident> | undefined {
  const key = triggerKey(incident);
  const trigger = incident.duties[key];
  if (!isOpen(incident) || isAnswered(incident) || incident.pager.id !== undefined) return undefined;
  if (trigger?.state !== "done" || trigger.settledAtMs === undefined) return undefined;
  const pauseMs = Math.min(LONGEST_PAUSE_MS, LOST_AFTER_MS * 2 ** incident.pager.lost);
  if (askedAtMs - trigger.settledAtMs < pauseMs) return undefined;
  const next = { ...incident, pager: { ...incident.pager, lost: incident.pager.lost + 1 } };
  const why = lostWords(incident);
  const pages = incident.pages.map((page) =>
    page.duty === key && ["accepted", "unknown"].includes(page.state)
      ? { ...page, duty: triggerKey(next), state: "unknown" as const, why }
      : page,
  );
  const says = `${why}: nobody may have been rung. It is sent again`;
  const again = { ...next, pages };
  // Said once: what is tried again tells the room nothing that it could do.
  const note = { id: `lost:${incident.generation}`, atMs: nowMs, says };
  const value = incident.pager.lost === 0 ? withNote(again, note) : again;
  return {
    value,
    events: [eventOf(value, { kind: "page.lost", atMs: nowMs, says, facts: { attempts: next.pager.lost } })],
  };
}

/** The pager shows the incident after all: its page was accepted, as it had said. */
export function foundAtPager(incident: Incident): Incident {
  if (!isLost(incident)) return incident;
  const key = triggerKey(incident);
  const pages = incident.pages.map((page) => {
    if (page.duty !== key || page.state !== "unknown") return page;
    const { why: _lost, ...rest } = page;
    return { ...rest, state: "accepted" as const };
  });
  return { ...incident, pages };
}

/** When somebody should have been rung: the pager has the incident, and its log shows nobody yet. Undefined: it does, or has none. */
export function ringDueAtMs(incident: Incident): number | undefined {
  const { pager, duties } = incident;
  const trigger = duties[triggerKey(incident)];
  if (trigger?.state !== "done" || trigger.settledAtMs === undefined) return undefined;
  const dueAtMs = trigger.settledAtMs + RUNG_WITHIN_MS;
  // Said from what its log shows after that time: an earlier reading says nothing of the seconds since.
  const isRead = pager.id !== undefined && (pager.readAtMs ?? 0) >= dueAtMs;
  return !isRead || pager.notifications.length > 0 ? undefined : dueAtMs;
}

/** Why the people of a level are reached by other ways than the pager, as a clause. `call`: what became of its page there. */
export function missedWords(incident: Incident, call: DutyProgress | undefined): string {
  if (isLost(incident)) return "nobody may have been rung";
  if (call?.state === "done")
    return `${keeperLabel(incident.escalation.pagers)} has the incident, and shows nobody whom it has rung`;
  return `the pager has accepted nothing (${call?.why ?? "no answer"})`;
}
