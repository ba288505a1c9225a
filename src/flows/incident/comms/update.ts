import type { Changed, DutySpec, OwedDuty, Perform } from "../../../domain/incident/duty.ts";
import {
  amend,
  eventOf,
  homeChannel,
  type Incident,
  isOpen,
  type UpdateFields,
  withNote,
} from "../../../domain/incident/incident.ts";
import { commanderTargets } from "../../../domain/incident/page.ts";
import type { IncidentDeps } from "../deps.ts";
import { type Act, TWOKEY } from "../life/changes.ts";
import { askFor } from "../paging/ask-for.ts";
import { draftCard, requestCard } from "./announce.ts";
import { postOnce } from "./post-once.ts";

/**
 * Status updates. One is owed every `status_update_every`; it is drafted from facts, may be edited, and goes out when it
 * is due whether or not anybody looked. After an absence the overdue one goes out at once, marked late.
 */

/** World time: an update is marked late, and the commanders are paged, when it is this much overdue. */
export const OVERDUE_AFTER_MS = 300_000;
/** World time; less is the ordinary delay of a chat that is busy. */
const LATE_AFTER_MS = 60_000;

function series(name: string, atMs: (dueAtMs: number, incident: Incident) => number, waitsFor?: string) {
  return (incident: Incident): OwedDuty[] => {
    const { dueAtMs, number } = incident.update;
    if (!isOpen(incident) || dueAtMs === undefined) return [];
    const blocked = waitsFor === undefined ? {} : { waitsFor: `${waitsFor}:${number}` };
    return [{ key: `${name}:${number}`, dueAtMs: atMs(dueAtMs, incident), ...blocked, subject: { number } }];
  };
}

function atHome(duties: (incident: Incident) => OwedDuty[]) {
  return (incident: Incident) => (homeChannel(incident) === undefined ? [] : duties(incident));
}

export const UPDATE_DUTIES: readonly DutySpec<Incident>[] = [
  {
    kind: "update-draft",
    says: "Draft the next status update from facts and show it for editing",
    queue: "chat",
    duties: atHome(series("update-draft", (dueAtMs, incident) => dueAtMs - incident.editWindowMs)),
  },
  {
    kind: "update-final",
    says: "Take the update as it stands",
    queue: "chat",
    duties: atHome(series("update-final", (dueAtMs) => dueAtMs)),
  },
  {
    kind: "update-send",
    says: "Post the status update",
    queue: "chat",
    duties: atHome(series("update-send", (dueAtMs) => dueAtMs, "update-final")),
  },
  {
    kind: "update-overdue",
    says: "Page the commanders: the status update has not gone out",
    queue: "pages",
    duties: series("update-overdue", (dueAtMs) => dueAtMs + OVERDUE_AFTER_MS),
  },
];

// oxlint-disable-next-line max-lines-per-function -- one table: the hands of each duty
export function updateCalls(deps: IncidentDeps): Readonly<Record<string, Perform<Incident>>> {
  return {
    "update-draft": async (incident) => {
      const fields = incident.update.draft ?? (await deps.facts(incident));
      const { number } = incident.update;
      const draft = { draft: fields };
      await requestCard(deps, draftCard(incident, number));
      return {
        kind: "done",
        apply: (current) => ({
          value:
            current.update.number === number ? amend(current, { update: { ...draft, ...current.update } }) : current,
          events: [],
        }),
      };
    },
    "update-final": async (incident) => {
      const { editedBy, draft, number } = incident.update;
      const facts = editedBy !== undefined && draft !== undefined ? draft : await deps.facts(incident);
      return {
        kind: "done",
        apply: (current, nowMs) => ({ value: madeFinal(current, { number, facts }, nowMs), events: [] }),
      };
    },
    "update-send": async (incident, duty, attempt) => {
      const { number, final, late } = incident.update;
      if (final === undefined) return { kind: "withdrawn" };
      const channel = homeChannel(incident) ?? incident.alertsChannel;
      const card = deps.voice.update(incident, { number, fields: final, late });
      if (!(await postOnce(deps.chat, { to: { channel }, card, key: `${incident.id}:${duty.key}` }, attempt))) {
        return { kind: "withdrawn" };
      }
      return { kind: "done", apply: (current, nowMs) => sent(current, number, nowMs) };
    },
    "update-overdue": (_incident, { subject }) => {
      const people = deps.inventory().people;
      const number = Number(subject["number"]);
      return Promise.resolve({ kind: "done", apply: (current, nowMs) => overdue(current, { number, people }, nowMs) });
    },
  };
}

/** An edit that was saved while the facts were being read wins over them. */
function madeFinal(
  incident: Incident,
  { number, facts }: { readonly number: number; readonly facts: UpdateFields },
  nowMs: number,
): Incident {
  const { update } = incident;
  if (update.number !== number || update.dueAtMs === undefined) return incident;
  const final = update.editedBy === undefined ? facts : (update.draft ?? facts);
  return { ...incident, update: { ...update, final, late: nowMs - update.dueAtMs > LATE_AFTER_MS } };
}

/** The next one is due on the same beat, in the future: missed beats are not made up for one by one. */
function sent(incident: Incident, number: number, nowMs: number): Changed<Incident> {
  const { update, escalation, severity } = incident;
  const { final, dueAtMs, late } = update;
  if (update.number !== number || final === undefined || dueAtMs === undefined) return { value: incident, events: [] };
  const everyMs = escalation.severities[severity]?.status_update_every;
  const beats = Math.max(1, Math.floor((nowMs - dueAtMs) / (everyMs ?? 1)) + 1);
  const next = everyMs === undefined ? {} : { dueAtMs: dueAtMs + beats * everyMs };
  const { duties } = incident;
  const value = amend(incident, {
    update: { number: number + 1, late: false, last: final, lastSentAtMs: nowMs, ...next },
    // Duties of earlier updates are over; a week of updates must not grow the document.
    duties: Object.fromEntries(Object.entries(duties).filter(([key]) => !/^update-[a-z]+:/.test(key))),
  });
  const says = `Status update ${number} posted${late ? ", late" : ""}: ${final.status}`;
  const facts = { number, late, dueAtMs, ...final };
  return { value, events: [eventOf(value, { kind: "update.sent", atMs: nowMs, says, facts })] };
}

function overdue(
  incident: Incident,
  { number, people }: { readonly number: number; readonly people: Parameters<typeof commanderTargets>[0] },
  nowMs: number,
) {
  if (incident.update.number !== number) return { value: incident, events: [] };
  const says = `Status update ${number} is more than ${OVERDUE_AFTER_MS / 60_000} min overdue: the commanders are asked for`;
  const noted = withNote(incident, { id: `update-overdue:${number}`, atMs: nowMs, says });
  const asked = askFor(
    noted,
    { targets: commanderTargets(people), why: `status update ${number} is overdue` },
    { actor: TWOKEY, nowMs },
  );
  const event = eventOf(incident, { kind: "update.overdue", atMs: nowMs, says, facts: { number } });
  return { value: asked?.value ?? noted, events: [event, ...(asked?.events ?? [])] };
}

export interface UpdateEdit {
  readonly fields: UpdateFields;
  /** Goes out at once instead of when it is due. */
  readonly now: boolean;
}

/** A person's text for the next update. Undefined when it comes too late: closed, or being posted at this moment. */
export function editUpdate(incident: Incident, edit: UpdateEdit, { actor, nowMs }: Act): Changed<Incident> | undefined {
  const { update } = incident;
  if (!isOpen(incident) || update.final !== undefined) return undefined;
  const dueAtMs = edit.now || update.dueAtMs === undefined ? nowMs : update.dueAtMs;
  const value = amend(incident, {
    update: { ...update, dueAtMs, draft: edit.fields, editedBy: actor.id ?? actor.name },
  });
  const says = `${actor.name} wrote status update ${update.number}`;
  const { id: by, door } = actor;
  const facts = { number: update.number };
  return { value, events: [eventOf(value, { kind: "update.edited", atMs: nowMs, by, door, says, facts })] };
}
