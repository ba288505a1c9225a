import type { Changed } from "../../../domain/incident/duty.ts";
import {
  type Acknowledgement,
  amend,
  answeredLadder,
  eventOf,
  type Incident,
  isOpen,
} from "../../../domain/incident/incident.ts";
import { inPlaceOf } from "../../../domain/incident/ladder.ts";
import type { Page } from "../../../domain/incident/page.ts";

/** Whether somebody has answered for everything that is paging now. */
export function isAnswered(incident: Incident): boolean {
  return answeredLadder(incident) >= incident.ladders.length;
}

export interface Answer extends Omit<Acknowledgement, "ladder" | "atMs"> {
  /** When the person did it, where that was elsewhere and earlier: it answers no ladder that began later. */
  readonly answeredAtMs?: number;
  /** Of the page whose button it was: it answers nobody who was asked for later. Absent: it answers all. */
  readonly pagedBy?: number | undefined;
}

/** The ladder that a page's button answers. */
function askedBy(incident: Incident, pagedBy = incident.ladders.length): number {
  return pagedBy <= answeredLadder(incident) ? pagedBy : inPlaceOf(incident.ladders, pagedBy);
}

/** Stops everything that has not started. Undefined when it changes nothing: closed, or this person answered already. */
export function acknowledge(
  incident: Incident,
  { answeredAtMs, pagedBy, ...ack }: Answer,
  nowMs: number,
): Changed<Incident> | undefined {
  const begun = incident.ladders.filter((each) => each.startedAtMs <= (answeredAtMs ?? nowMs)).length;
  const ladder = Math.max(1, Math.min(begun, askedBy(incident, pagedBy)));
  const answeredBefore = incident.acks.some((other) => other.by === ack.by && other.ladder >= ladder);
  if (!isOpen(incident) || answeredBefore) return undefined;
  const isFirst = answeredLadder(incident) < ladder;
  const started = incident.ladders[ladder - 1]?.startedAtMs ?? incident.openedAtMs;
  const settled = settlePages(incident.pages, "superseded", (page) => page.target.id === ack.by);
  const value = amend(incident, {
    acks: [...incident.acks, { ...ack, atMs: nowMs, ladder }],
    pages: incident.pages.map((page, index) => (page.ladder <= ladder ? (settled[index] ?? page) : page)),
  });
  const says = isFirst ? `${ack.name} acknowledged` : `Also acknowledged by ${ack.name}`;
  const facts = { name: ack.name, afterMs: nowMs - started, first: isFirst };
  return {
    value,
    events: [eventOf(value, { kind: "incident.acknowledged", atMs: nowMs, by: ack.by, door: ack.door, says, facts })],
  };
}

/** Ends every page that was sent and not answered; those picked by `isTheirs` were answered. */
export function settlePages(
  pages: readonly Page[],
  state: "superseded" | "exhausted",
  isTheirs: (page: Page) => boolean = () => false,
): Page[] {
  // One that is still being sent gets its outcome later, and keeps this end.
  const unfinished = ["intent", "accepted", "unknown", "retry", "throttled"];
  return pages.map((page) =>
    unfinished.includes(page.state) ? { ...page, state: isTheirs(page) ? ("acked" as const) : state } : page,
  );
}
