import {
  type DutyOutcome,
  type DutySpec,
  isSettled,
  type OwedDuty,
  type Perform,
} from "../../../domain/incident/duty.ts";
import {
  answeredLadder,
  dedupKey,
  eventOf,
  type Incident,
  isOpen,
  lastAck,
} from "../../../domain/incident/incident.ts";
import type { PagerAnswer, PagerIncident } from "../../../ports/pager.ts";
import type { IncidentDeps } from "../deps.ts";
import { CORRELATION_ID, withoutIncident } from "../intake/correlate.ts";
import { beganWith } from "../life/began.ts";
import { mergeInto } from "../life/changes.ts";
import { isAnswered } from "./acknowledge.ts";
import { mergeEvidence, type Reading } from "./evidence.ts";
import { lostAtPager, triggerKey } from "./lost-page.ts";
import { pauseOf } from "./page-outcomes.ts";

/** Reading the pager, and telling it what people did here. */

/** Webhooks may be lost or switched off: the pager is read as well (`reference: webhooks are a hint`). World time. */
const READ_EVERY_MS = { unanswered: 10_000, otherwise: 60_000 } as const;
const CONFIRM_AFTER_MS = 60_000;
/** Machine time. */
const EVIDENCE_CLAIM_MS = 25_000;

function evidenceDuties(incident: Incident): OwedDuty[] {
  const trigger = incident.duties[triggerKey(incident)];
  if (!isOpen(incident) || trigger === undefined) return [];
  return [{ key: "evidence", dueAtMs: trigger.intentAtMs + readEveryMs(incident), subject: {} }];
}

function readEveryMs(incident: Incident): number {
  // Until its log shows somebody: whom it rings is the answer that people wait for.
  const isUrgent = incident.severity === "sev1" || incident.pager.notifications.length === 0;
  return isUrgent && !isAnswered(incident) ? READ_EVERY_MS.unanswered : READ_EVERY_MS.otherwise;
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
  if (incident.acks.some((ack) => ack.door === "pager" && ack.ladder === ladder)) return [];
  const name = `mirror-ack:${ladder}`;
  const told = tellPager(incident, name, first.atMs);
  return [...told, ...toldAgain(incident, { name, told })];
}

/** A pager whose incidents come and go is not told for ever. */
const MOST_TOLD = 6;

/**
 * An event may have been dropped also where the pager took it: its incident came into being after that, and it is told again. One that
 * was there is left alone: who has it there now, somebody there may have called on purpose.
 */
function toldAgain(
  incident: Incident,
  { name, told }: { readonly name: string; readonly told: readonly OwedDuty[] },
): OwedDuty[] {
  const { status, createdAtMs = 0 } = incident.pager;
  const again: OwedDuty[] = [];
  for (let last = told.at(-1); last && told.length + again.length < MOST_TOLD; last = again.at(-1)) {
    const before = incident.duties[last.key];
    if (!isSettled(before)) break;
    const key = `${name}:${incident.generation}:${told.length + again.length}`;
    const isUnheard = status === "triggered" && createdAtMs > (before?.settledAtMs ?? createdAtMs);
    const dueAtMs = incident.duties[key]?.intentAtMs ?? (isUnheard ? createdAtMs : undefined);
    if (dueAtMs === undefined) break;
    again.push({ key, dueAtMs, subject: {} });
  }
  return again;
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

function indexDuties(incident: Incident): OwedDuty[] {
  return incident.closedAtMs === undefined ? [] : [{ key: "close-index", dueAtMs: incident.closedAtMs, subject: {} }];
}

function absorbDuties(incident: Incident): OwedDuty[] {
  return incident.absorbs.map((id) => ({ key: `absorb:${id}`, dueAtMs: incident.openedAtMs, subject: { id } }));
}

export const SYNC_DUTIES: readonly DutySpec<Incident>[] = [
  {
    kind: "evidence",
    says: "Read the pager's own truth",
    queue: "pages",
    // With many incidents open it waits its turn at the pager; nobody is lost by a read that comes later.
    claimMs: EVIDENCE_CLAIM_MS,
    duties: evidenceDuties,
  },
  { kind: "mirror-ack", says: "Tell the pager that somebody answered", queue: "pages", duties: mirrorDuties },
  { kind: "pager-resolve", says: "Close the incident at the pager", queue: "pages", duties: resolveDuties },
  { kind: "confirm", says: "Look whether it is closed at the pager", queue: "pages", duties: confirmDuties },
  { kind: "close-index", says: "Let later alerts open a new incident", queue: "pages", duties: indexDuties },
  { kind: "absorb", says: "End an incident of the same cause in this one", queue: "pages", duties: absorbDuties },
];

type Outcome = DutyOutcome<Incident>;

export function syncCalls(deps: IncidentDeps): Readonly<Record<string, Perform<Incident>>> {
  const people = () => deps.inventory().people;
  return {
    evidence: async (incident) => {
      const askedAtMs = deps.clock.now();
      const answer = await deps.pagers.keeper.evidence(dedupKey(incident));
      return seen(answer, incident, { people: people(), askedAtMs });
    },
    "mirror-ack": async (incident) =>
      told(await deps.pagers.keeper.acknowledge(dedupKey(incident), lastAck(incident)?.name ?? "")),
    "pager-resolve": async (incident) => told(await deps.pagers.keeper.resolve(dedupKey(incident), closer(incident))),
    confirm: async (incident) => confirmed(await deps.pagers.keeper.evidence(dedupKey(incident))),
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
      return { kind: "retry", why: answer.why, ...pauseOf(answer) };
    case "unknown":
      return { kind: "unknown", why: answer.why };
    case "rejected":
      return { kind: "failed", why: answer.why, retryAfterMs: CONFIRM_AFTER_MS };
  }
}

function seen(
  answer: PagerAnswer<PagerIncident | undefined>,
  incident: Incident,
  asked: Pick<Reading, "people" | "askedAtMs">,
): Outcome {
  const generation = incident.generation;
  const read = (current: Incident, nowMs: number) => {
    // A failed read is no news: the next one comes soon enough.
    if (answer.kind !== "accepted" || current.generation !== generation) return undefined;
    return answer.value === undefined
      ? lostAtPager(current, asked.askedAtMs, nowMs)
      : mergeEvidence(current, answer.value, { ...asked, nowMs });
  };
  return {
    kind: "again",
    afterMs: readEveryMs(incident),
    apply: (current, nowMs) => read(current, nowMs) ?? { value: current, events: [] },
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

async function closeIndex(deps: IncidentDeps, incident: Incident): Promise<Outcome> {
  await deps.correlation.change(CORRELATION_ID, (current) => {
    const value = withoutIncident(current, incident.id);
    return value && { value, events: [] };
  });
  return { kind: "done" };
}

async function absorb(deps: IncidentDeps, incident: Incident, id: string): Promise<Outcome> {
  const nowMs = deps.clock.now();
  const absorbed = await deps.incidents.change(id, (other) => {
    const merged = other && mergeInto(other, incident, nowMs);
    // Due at once: its own duties close the pager and tell its channel.
    return merged && { ...merged, dueAtMs: nowMs };
  });
  await Promise.all([deps.wake.incidentPages(id), deps.wake.incidentChat(id)]);
  const quietMs = deps.inventory().file.alerts.correlation_window;
  return absorbed ? { kind: "done", apply: (current) => beganWith(current, absorbed, quietMs) } : { kind: "done" };
}
