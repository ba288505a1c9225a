import type { Duty, DutySpec, OwedDuty } from "../../domain/duty.ts";
import { isSettled } from "../../domain/duty.ts";
import { answeredLadder, eventOf, type Incident, isOpen, PAGES_KEPT } from "../../domain/incident.ts";
import { type Ladder, type PageRecord, type PageTarget, type Rung, usesPager, usesSlack } from "../../domain/page.ts";

/**
 * Who has to be paged when. Invariants:
 *  P1 nothing is owed once the incident is closed, and nothing of a ladder once it was acknowledged;
 *  P2 every rung of the ladder in force is owed until it was sent, however late; of missed rounds only the latest is;
 *  P3 one call to the pager for a rung, after the pager's incident was opened by its trigger;
 *  P4 the slack lane never stands before the pager's.
 */

/** Without an accepted page after this the people of the rung are written to directly. World time. */
export const FALLBACK_AFTER_MS = 30_000;

export function triggerKey(incident: Incident): string {
  return `trigger:${incident.generation}`;
}

export function latestMatrix(incident: Incident): Ladder | undefined {
  return incident.ladders.findLast((ladder) => ladder.kind === "matrix");
}

/** Whether pages of this rung may still start. The one place that decides it. */
export function isWanted(incident: Incident, ladder: Ladder, rung: Rung): boolean {
  if (!isOpen(incident) || rung.takenBy !== undefined) return false;
  if (ladder.kind === "matrix" && ladder !== latestMatrix(incident)) return false;
  const answered = answeredLadder(incident);
  return answered === 0 || (answered < ladder.number && !rung.unlessAcked && !ladder.lowered);
}

export interface RungPlace {
  readonly ladder: Ladder;
  readonly rung: Rung;
  readonly index: number;
  readonly dueAtMs: number;
}

export function rungsOf(incident: Incident): RungPlace[] {
  return incident.ladders.flatMap((ladder) =>
    ladder.rungs.map((rung, index) => ({ ladder, rung, index, dueAtMs: ladder.startedAtMs + rung.afterMs })),
  );
}

function rungKey({ ladder, index }: RungPlace): string {
  return `rung:${ladder.number}.${index}`;
}

function rungDuties(incident: Incident): OwedDuty[] {
  // With PagerDuty as driver its own policy moves the page on; a second ladder would ring everybody twice.
  if (incident.driver === "pagerduty") return [];
  return rungsOf(incident)
    .filter(({ ladder, rung }) => rung.targets.some(usesPager) && isWanted(incident, ladder, rung))
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
  /** Everybody whose rung lies before it. */
  readonly reached: readonly RungPlace[];
}

/** The latest round whose time has come and the one after it, while nobody has answered. */
function roundsOf(incident: Incident, nowMs: number): Round[] {
  const ladder = latestMatrix(incident);
  if (!ladder || ladder.rounds === 0 || ladder.everyMs === 0 || incident.driver === "pagerduty") return [];
  if (!isOpen(incident) || incident.acks.length > 0) return [];
  const latest = Math.floor((nowMs - ladder.startedAtMs) / ladder.everyMs);
  return [Math.min(latest, ladder.rounds), latest + 1]
    .filter((round, index, all) => round >= 1 && round <= ladder.rounds && all.indexOf(round) === index)
    .map((round) => ({
      ladder,
      round,
      dueAtMs: ladder.startedAtMs + round * ladder.everyMs,
      reached: rungsOf(incident).filter(
        (place) => place.ladder === ladder && place.rung.afterMs < round * ladder.everyMs,
      ),
    }));
}

function roundDuties(incident: Incident, nowMs: number): OwedDuty[] {
  return roundsOf(incident, nowMs)
    .filter(({ reached }) => reached.some(({ rung }) => rung.targets.some(usesPager)))
    .map(({ ladder, round, dueAtMs, reached }) => {
      const first = reached.find(
        (place) =>
          place.rung.takenBy === undefined &&
          place.rung.targets.some(usesPager) &&
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
  if (open.length === 0) return [];
  return [{ key, dueAtMs: Math.min(...open.map((duty) => duty.dueAtMs)), subject: {} }];
}

function pagerCalls(incident: Incident): OwedDuty[] {
  if (incident.driver === "twokey") return rungDuties(incident);
  const due = rungsOf(incident).filter(
    ({ ladder, rung }) => rung.targets.some(usesPager) && isWanted(incident, ladder, rung),
  );
  // The trigger alone pages there; once it was accepted nothing more is asked for.
  return isSettled(incident.duties[triggerKey(incident)])
    ? []
    : due.map((place) => ({ key: rungKey(place), dueAtMs: place.dueAtMs, subject: {} }));
}

function directKey(place: RungPlace, round: number, target: PageTarget): string {
  return `dm:${place.ladder.number}.${place.index}:${round}:${target.id}`;
}

function directDuties(incident: Incident, nowMs: number): OwedDuty[] {
  const first = rungsOf(incident)
    .filter(({ ladder, rung }) => isWanted(incident, ladder, rung))
    .map((place) => ({ place, dueAtMs: place.dueAtMs, round: 0 }));
  const again = roundsOf(incident, nowMs).flatMap(({ round, dueAtMs, reached }) =>
    reached.map((place) => ({ place, dueAtMs, round })),
  );
  return [...first, ...again].flatMap(({ place, dueAtMs, round }) =>
    place.rung.targets.filter(usesSlack).map((target) => ({
      key: directKey(place, round, target),
      dueAtMs,
      ...(round === 0 || place.rung.takenBy !== undefined ? {} : { waitsFor: directKey(place, 0, target) }),
      subject: { ladder: place.ladder.number, rung: place.index, round, kind: target.kind, target: target.id },
    })),
  );
}

function fallbackDuties(incident: Incident): OwedDuty[] {
  const callOf = (place: RungPlace) => (incident.driver === "twokey" ? rungKey(place) : triggerKey(incident));
  return rungsOf(incident)
    .filter(({ ladder, rung }) => rung.targets.some(usesPager) && isWanted(incident, ladder, rung))
    .filter((place) => incident.duties[callOf(place)]?.state !== "done")
    .map((place) => ({
      key: `fallback:${place.ladder.number}.${place.index}`,
      dueAtMs: place.dueAtMs + FALLBACK_AFTER_MS,
      subject: { ladder: place.ladder.number, rung: place.index, call: callOf(place) },
    }));
}

/** The rung that a duty is about. */
export function rungAt(incident: Incident, duty: Duty): RungPlace | undefined {
  const { ladder, rung } = duty.subject;
  return rungsOf(incident).find((place) => place.ladder.number === ladder && place.index === rung);
}

/** Whom a call to the pager is for: the people of its rung, or of every rung that its round repeats. */
export function targetsOf(incident: Incident, duty: Duty): { readonly level: number; readonly target: PageTarget }[] {
  if (duty.kind === "rung") {
    const place = rungAt(incident, duty);
    return place?.rung.targets.filter(usesPager).map((target) => ({ level: place.rung.level, target })) ?? [];
  }
  const { ladder: number, round } = duty.subject;
  const ladder = incident.ladders.find((each) => each.number === number);
  if (ladder === undefined) return [];
  const reached = ladder.rungs.filter((rung) => rung.afterMs < Number(round) * ladder.everyMs);
  const all = reached.flatMap((rung) => rung.targets.map((target) => ({ level: rung.level, target })));
  const unique = new Map(all.filter(({ target }) => usesPager(target)).map((each) => [each.target.id, each]));
  return [...unique.values()].filter(({ target }) => !wasJustPaged(incident, target, ladder.everyMs, duty.dueAtMs));
}

/** After an absence a level and a round may come due together: nobody is rung twice within half a round. */
function wasJustPaged(incident: Incident, target: PageTarget, everyMs: number, dueAtMs: number): boolean {
  return paged(incident, target.id, "pager", dueAtMs - everyMs / 2);
}

/** Whether a page to this person or policy was begun after `sinceMs`, by another duty than `except`. */
export function paged(
  incident: Incident,
  target: string,
  via: PageRecord["via"],
  sinceMs: number,
  except = "",
): boolean {
  return incident.pages.some(
    (page) => page.via === via && page.target.id === target && page.intentAtMs > sinceMs && page.duty !== except,
  );
}

/** incident:generation:step:person-or-policy:channel:attempt */
export function pageKey(incident: Incident, step: string, target: string, via: string, round: number): string {
  return [incident.id, incident.generation, step, target, via, round + 1].join(":");
}

/** The pages that one duty carries, as they are when its intent is written. */
export function pagesFor(incident: Incident, duty: Duty, nowMs: number): PageRecord[] {
  const { subject, key: call, dueAtMs } = duty;
  const ladder = Number(subject["ladder"] ?? incident.ladders.length);
  const base = { duty: call, ladder, round: Number(subject["round"] ?? 0), dueAtMs, intentAtMs: nowMs };
  const step = `${ladder}.${subject["rung"] ?? "all"}`;
  const record = (
    level: number,
    target: PageRecord["target"],
    via: PageRecord["via"],
    channels: PageRecord["channels"],
  ) => {
    const key = pageKey(incident, step, target.id, via, base.round);
    return { ...base, key, level, target, via, channels, state: "intent" as const };
  };
  if (duty.kind === "trigger") return [record(1, { kind: "pager-service", id: "pager" }, "pager", [])];
  if (duty.kind === "direct") {
    const level = rungAt(incident, duty)?.rung.level ?? 1;
    return [
      record(
        level,
        { kind: subject["kind"] === "policy" ? "policy" : "person", id: String(subject["target"]) },
        "slack",
        ["slack"],
      ),
    ];
  }
  return targetsOf(incident, duty).map(({ level, target }) =>
    record(
      level,
      { kind: target.kind, id: target.id },
      "pager",
      target.channels.filter((each) => each !== "slack"),
    ),
  );
}

/** Intent: the pages stand in the document before anybody is asked to send them. A repeat keeps what it finds. */
function intendPages(incident: Incident, duty: Duty, nowMs: number) {
  const known = new Set(incident.pages.map((page) => page.key));
  const fresh = pagesFor(incident, duty, nowMs).filter((page) => !known.has(page.key));
  const again = incident.pages.map((page) => (page.duty === duty.key ? { ...page, state: "intent" as const } : page));
  const value = { ...incident, pages: [...again, ...fresh].slice(-PAGES_KEPT) };
  if (fresh.length === 0) return { value, events: [] };
  const who = fresh.map((page) => page.target.id);
  const says = duty.kind === "trigger" ? "Asking the pager to page" : `Paging ${who.join(", ")}`;
  const facts = { targets: who, via: fresh[0]?.via ?? "pager", dueAtMs: duty.dueAtMs, duty: duty.key };
  return { value, events: [eventOf(incident, { kind: "page.intended", atMs: nowMs, says, facts })] };
}

export const PAGE_DUTIES: readonly DutySpec<Incident>[] = [
  {
    kind: "trigger",
    says: "Open the incident at the pager; whoever is on call for its service is paged",
    lane: "pages",
    duties: triggerDuties,
    intend: intendPages,
  },
  { kind: "rung", says: "Page everybody of one level", lane: "pages", duties: rungDuties, intend: intendPages },
  {
    kind: "round",
    says: "Page everybody reached so far again",
    lane: "pages",
    duties: roundDuties,
    intend: intendPages,
  },
  { kind: "direct", says: "Send a page as a direct message", lane: "chat", duties: directDuties, intend: intendPages },
  {
    kind: "fallback",
    says: "Write to the people of a level directly when the pager has accepted nothing",
    lane: "chat",
    duties: fallbackDuties,
  },
];
