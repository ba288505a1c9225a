import { type DutySpec, isSettled, type OwedDuty } from "../../../domain/incident/duty.ts";
import { TWOKEY_DRIVES } from "../../../domain/incident/escalation.ts";
import { type Incident, isOpen } from "../../../domain/incident/incident.ts";
import type { Ladder } from "../../../domain/incident/ladder.ts";
import { type PageTarget, tellersOf, usesSlack } from "../../../domain/incident/page.ts";
import { isLost, ringDueAtMs, triggerKey } from "./lost-page.ts";
import { callsKeeper, intendPages } from "./page-targets.ts";
import { heldMs, isWanted, latestMatrix, type RungPlace, reachedBy, rungsOf } from "./rungs.ts";

/**
 * Who has to be paged when. Invariants:
 *  P1 nothing is owed once the incident is closed, and nothing of a ladder once it was acknowledged;
 *  P2 every rung of the ladder in force is owed until it was sent, however late; of missed rounds only the latest is;
 *  P3 one call to the pager for a rung, after the pager's incident was opened by its trigger;
 *  P4 Slack's queue never stands before the pager's.
 */

/** Without an accepted page after this the people of the rung are written to directly. World time. */
export const FALLBACK_AFTER_MS = 30_000;

/** Machine time. */
const TELL_CLAIM_MS = 25_000;

function rungKey({ ladder, index }: RungPlace): string {
  return `rung:${ladder.number}.${index}`;
}

/**
 * Where a pager drives, its own policy moves the page on: the matrix beside it would ring everybody twice. Whom somebody asks for by
 * name is in no policy.
 */
const callsItself = ({ driver }: Incident, { kind }: Ladder): boolean => driver === TWOKEY_DRIVES || kind === "asked";

function rungDuties(incident: Incident): OwedDuty[] {
  return rungsOf(incident)
    .filter(({ ladder }) => callsItself(incident, ladder))
    .filter(({ ladder, rung }) => rung.targets.some(callsKeeper(incident)) && isWanted(incident, ladder, rung))
    .map((place) => ({
      key: rungKey(place),
      dueAtMs: place.dueAtMs,
      waitsFor: triggerKey(incident),
      subject: { ladder: place.ladder.number, rung: place.index, round: 0 },
    }));
}

interface Round {
  readonly ladder: Ladder;
  readonly round: number;
  readonly dueAtMs: number;
  /** Everybody whose rung lies before it, and who may be paged then. */
  readonly reached: readonly RungPlace[];
}

/** The latest round whose time has come and the one after it, while nobody has answered. A sev1 is repeated until somebody has. */
function roundsOf(incident: Incident, nowMs: number): Round[] {
  const ladder = latestMatrix(incident);
  if (!ladder || ladder.rounds === 0 || ladder.everyMs === 0 || incident.driver !== TWOKEY_DRIVES) return [];
  if (!isOpen(incident) || incident.acks.length > 0) return [];
  const startedAtMs = ladder.startedAtMs + heldMs(ladder);
  const latest = Math.floor((nowMs - startedAtMs) / ladder.everyMs);
  const last = ladder.severity === "sev1" ? Number.POSITIVE_INFINITY : ladder.rounds;
  return [Math.min(latest, last), latest + 1]
    .filter((round, index, all) => round >= 1 && round <= last && all.indexOf(round) === index)
    .map((round) => ({
      ladder,
      round,
      dueAtMs: startedAtMs + round * ladder.everyMs,
      reached: reachedBy(incident, ladder, round),
    }));
}

function roundDuties(incident: Incident, nowMs: number): OwedDuty[] {
  return roundsOf(incident, nowMs)
    .filter(({ reached }) => reached.some(({ rung }) => rung.targets.some(callsKeeper(incident))))
    .map(({ ladder, round, dueAtMs, reached }) => {
      const first = reached.find(
        (place) =>
          place.rung.takenBy === undefined &&
          place.rung.targets.some(callsKeeper(incident)) &&
          !isSettled(incident.duties[rungKey(place)]),
      );
      return {
        key: `round:${ladder.number}.${round}`,
        dueAtMs,
        waitsFor: first ? rungKey(first) : triggerKey(incident),
        subject: { ladder: ladder.number, round },
      };
    });
}

/** Opens the pager's incident as soon as the first page through it is due. */
function triggerDuties(incident: Incident, nowMs: number): OwedDuty[] {
  const key = triggerKey(incident);
  const owed = [...pagerCalls(incident), ...roundDuties(incident, nowMs)];
  const open = owed.filter((duty) => !isSettled(incident.duties[duty.key]));
  const lost = isLost(incident) ? missed(incident).map(({ place }) => place.dueAtMs) : [];
  const times = [...open.map((duty) => duty.dueAtMs), ...lost];
  return times.length === 0 ? [] : [{ key, dueAtMs: Math.min(...times), subject: {} }];
}

function pagerCalls(incident: Incident): OwedDuty[] {
  const asked = rungDuties(incident);
  const due = rungsOf(incident)
    .filter(({ ladder }) => !callsItself(incident, ladder))
    .filter(({ ladder, rung }) => rung.targets.some(callsKeeper(incident)) && isWanted(incident, ladder, rung));
  // The trigger alone pages there; once it was accepted nothing more of the matrix is asked for.
  return isSettled(incident.duties[triggerKey(incident)])
    ? asked
    : [...asked, ...due.map((place) => ({ key: rungKey(place), dueAtMs: place.dueAtMs, subject: {} }))];
}

function directKey(place: RungPlace, round: number, target: PageTarget): string {
  return `dm:${place.ladder.number}.${place.index}:${round}:${target.id}`;
}

/** Who is on call for a policy is known by the pager that keeps the incident only. */
function isWrittenTo({ escalation }: Incident): (target: PageTarget) => boolean {
  const isKnown = ({ kind, pager }: PageTarget) =>
    kind === "person" || pager === undefined || escalation.pagers[pager]?.keepsIncidents === true;
  return (target) => usesSlack(target) && isKnown(target);
}

function directDuties(incident: Incident, nowMs: number): OwedDuty[] {
  const first = rungsOf(incident)
    .filter(({ ladder, rung }) => isWanted(incident, ladder, rung))
    .map((place) => ({ place, dueAtMs: place.dueAtMs, round: 0 }));
  const again = roundsOf(incident, nowMs).flatMap(({ round, dueAtMs, reached }) =>
    reached.map((place) => ({ place, dueAtMs, round })),
  );
  return [...first, ...again].flatMap(({ place, dueAtMs, round }) =>
    place.rung.targets.filter(isWrittenTo(incident)).map((target) => ({
      key: directKey(place, round, target),
      dueAtMs,
      ...(round === 0 || place.rung.takenBy !== undefined ? {} : { waitsFor: directKey(place, 0, target) }),
      subject: { ladder: place.ladder.number, rung: place.index, round, kind: target.kind, target: target.id },
    })),
  );
}

/**
 * By pagers that only tell: whoever is to be reached by their channels, round after round. Where the pager
 * has missed a rung they tell everybody of it whom they reach.
 */
function tellDuties(incident: Incident, nowMs: number): OwedDuty[] {
  const { pagers } = incident.escalation;
  const first = rungsOf(incident)
    .filter(({ ladder, rung }) => isWanted(incident, ladder, rung))
    .map((place) => ({ place, dueAtMs: place.dueAtMs, round: 0 }));
  const again = roundsOf(incident, nowMs).flatMap(({ round, dueAtMs, reached }) =>
    reached.map((place) => ({ place, dueAtMs, round })),
  );
  const ordinary = [...first, ...again].flatMap(({ place, dueAtMs, round }) =>
    place.rung.targets.flatMap((target) =>
      tellersOf(target, pagers).map((pager) => ({ place, dueAtMs, round, target, pager })),
    ),
  );
  const tellers = Object.keys(pagers).filter((name) => !pagers[name]?.keepsIncidents);
  const instead = missed(incident).flatMap(({ place, dueAtMs }) =>
    place.rung.targets
      .filter((target) => target.kind === "person" && tellersOf(target, pagers).length === 0)
      .flatMap((target) => tellers.map((pager) => ({ place, dueAtMs, round: 0, target, pager }))),
  );
  return [...ordinary, ...instead].map(({ place: { ladder, index }, dueAtMs, round, target, pager }) => ({
    key: `tell:${pager}:${ladder.number}.${index}:${round}:${target.id}`,
    dueAtMs,
    subject: { ladder: ladder.number, rung: index, round, target: target.id, pager },
  }));
}

interface Missed {
  readonly place: RungPlace;
  readonly dueAtMs: number;
}

/** Rungs that the pager has not accepted, took and lost, or has rung nobody for; and when others are to reach their people. */
function missed(incident: Incident): Missed[] {
  const ringAtMs = ringDueAtMs(incident);
  return rungsOf(incident)
    .filter(({ ladder, rung }) => rung.targets.some(callsKeeper(incident)) && isWanted(incident, ladder, rung))
    .flatMap((place): Missed[] => {
      if (isLost(incident) || incident.duties[callKey(incident, place)]?.state !== "done")
        return [{ place, dueAtMs: place.dueAtMs + FALLBACK_AFTER_MS }];
      return ringAtMs === undefined ? [] : [{ place, dueAtMs: Math.max(ringAtMs, place.dueAtMs + FALLBACK_AFTER_MS) }];
    });
}

function callKey(incident: Incident, place: RungPlace): string {
  return callsItself(incident, place.ladder) ? rungKey(place) : triggerKey(incident);
}

function fallbackDuties(incident: Incident): OwedDuty[] {
  return missed(incident).map(({ place, dueAtMs }) => ({
    key: `fallback:${place.ladder.number}.${place.index}`,
    dueAtMs,
    subject: { ladder: place.ladder.number, rung: place.index, call: callKey(incident, place) },
  }));
}

export const PAGE_DUTIES: readonly DutySpec<Incident>[] = [
  {
    kind: "trigger",
    says: "Open the incident at the pager, which rings the people on call for its service",
    queue: "pages",
    duties: triggerDuties,
    intend: intendPages,
  },
  { kind: "rung", says: "Page everybody of one level", queue: "pages", duties: rungDuties, intend: intendPages },
  {
    kind: "round",
    says: "Page everybody reached so far again",
    queue: "pages",
    duties: roundDuties,
    intend: intendPages,
  },
  {
    kind: "tell",
    says: "Tell somebody by a pager that cannot be answered",
    queue: "pages",
    // Longer than a mail server may take for all its stages.
    claimMs: TELL_CLAIM_MS,
    duties: tellDuties,
    intend: intendPages,
  },
  { kind: "direct", says: "Send a page as a direct message", queue: "chat", duties: directDuties, intend: intendPages },
  {
    kind: "fallback",
    says: "Write to the people of a level directly when the pager has accepted nothing, or rung nobody",
    queue: "chat",
    duties: fallbackDuties,
  },
];
