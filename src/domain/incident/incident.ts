import { z } from "zod";
import { DoorName, type Event } from "../event.ts";
import { DutyProgress } from "./duty.ts";
import { Ladder } from "./ladder.ts";
import { Page, StoredEscalation } from "./page.ts";
import { DirectMessages } from "./page-copy.ts";
import { PagerEvidence } from "./pager-evidence.ts";
import { Resolution } from "./resolution.ts";
import { Severity } from "./severity.ts";

/** The four parts of a status update. None may be empty. */
export const UpdateFields = z.strictObject({
  status: z.string().min(1),
  progress: z.string().min(1),
  challenges: z.string().min(1),
  eta: z.string().min(1),
});
export type UpdateFields = z.infer<typeof UpdateFields>;

/** The four parts of the initial notification. */
export interface InitialFields {
  readonly description: string;
  readonly assessment: string;
  readonly actions: string;
  readonly nextSteps: string;
}

export const Acknowledgement = z.strictObject({
  /** Person id, or `pager:<user id>` for somebody whom only the pager knows. */
  by: z.string(),
  name: z.string(),
  atMs: z.number(),
  door: DoorName,
  /** It answers the ladders up to this number. */
  ladder: z.number().int(),
});
export type Acknowledgement = z.infer<typeof Acknowledgement>;

const JoinedAlert = z.strictObject({
  fingerprint: z.string(),
  name: z.string(),
  service: z.string(),
  region: z.string(),
  severity: Severity,
  reason: z.string(),
  atMs: z.number(),
});
export type JoinedAlert = z.infer<typeof JoinedAlert>;

const StatusUpdate = z.strictObject({
  number: z.number().int(),
  /** Undefined: this severity asks for none. */
  dueAtMs: z.number().optional(),
  /** What the draft says; a person's edit replaces it. */
  draft: UpdateFields.optional(),
  editedBy: z.string().optional(),
  /** Frozen when it is due, so that a repeat after a lost answer says the same. */
  final: UpdateFields.optional(),
  late: z.boolean(),
  lastSentAtMs: z.number().optional(),
  last: UpdateFields.optional(),
});

export const ResponsePhase = z.enum(["detect", "assess", "communicate"]);
export type ResponsePhase = z.infer<typeof ResponsePhase>;

/**
 * One open problem with everything that is owed about it. States only move forward: `resolved` and `merged` are final.
 * `changes` counts what people can see; the card is due while `cardChanges` is behind it.
 */
export const Incident = z.strictObject({
  id: z.string(),
  environment: z.string(),
  title: z.string(),
  description: z.string(),
  scope: z.enum(["service", "regional"]),
  services: z.array(z.string()),
  region: z.string().optional(),
  severity: Severity,
  state: z.enum(["open", "resolved", "merged"]),
  mergedInto: z.string().optional(),
  /** Incidents of the same cause that are merged into this one. */
  absorbs: z.array(z.string()),
  /** Person id; undefined when an alert opened it, or somebody whom `people` does not list. */
  declaredBy: z.string().optional(),
  /** Ids of people who declared the same when it was open already. */
  alsoDeclaredBy: z.array(z.string()).default([]),
  openedAtMs: z.number(),
  /** When the trouble was first seen: the first alert's change of state, else the declaration. */
  firstSeenAtMs: z.number(),
  closedAtMs: z.number().optional(),
  /** Alarms before a whole time of quiet before that, as stretches without one, the newest first: one that comes late may lie between. */
  earlier: z.array(z.strictObject({ fromMs: z.number(), toMs: z.number() })),
  /** When the newest of its alarms changed, to ten seconds; absent: not since it was opened. */
  lastAlertAtMs: z.number().optional(),
  /** The first ALERTS_LISTED; the rest only counts. */
  alerts: z.array(JoinedAlert),
  moreAlerts: z.number().int(),
  escalation: StoredEscalation,
  /** Who moves an unanswered page on: TWOKEY_DRIVES, or the pager of this name. */
  driver: z.string(),
  /** Part of the pager's key; a key that the pager has closed is never used again. */
  generation: z.number().int(),
  ladders: z.array(Ladder),
  pages: z.array(Page),
  /** Absent: nobody was written to directly so far. */
  direct: DirectMessages.exactOptional(),
  acks: z.array(Acknowledgement),
  /** Response targets whose time is over, by the ladder that set them. */
  response: z.array(z.strictObject({ phase: ResponsePhase, ladder: z.number().int(), isMet: z.boolean() })).default([]),
  pager: PagerEvidence,
  /** Where cards go when no channel can be opened. */
  alertsChannel: z.string(),
  channelName: z.string(),
  channel: z.strictObject({ id: z.string(), name: z.string() }).optional(),
  /** Person ids, whether or not Slack let them in. */
  invited: z.array(z.string()),
  notInvited: z.array(z.strictObject({ person: z.string(), why: z.string() })),
  bookmarks: z.array(z.strictObject({ label: z.string(), url: z.string() })),
  /** Sentences that are owed to the channel; removed when posted. */
  notes: z.array(z.strictObject({ id: z.string(), atMs: z.number(), says: z.string() })),
  editWindowMs: z.number(),
  update: StatusUpdate,
  resolution: Resolution.optional(),
  duties: z.record(z.string(), DutyProgress),
  changes: z.number().int(),
  cardChanges: z.number().int(),
});
export type Incident = z.infer<typeof Incident>;

export const ALERTS_LISTED = 50;
/** A ladder of 50 rounds with ten people would be 500; older ones are in the event stream. */
export const PAGES_KEPT = 300;

export function isOpen(incident: Incident): boolean {
  return incident.state === "open";
}

/** By what an open incident is looked for: a service, its channel, its id at the pager. */
export const INCIDENT_LABEL = {
  service: (name: string) => `service:${name}`,
  channel: (id: string) => `channel:${id}`,
  pager: (id: string) => `pager:${id}`,
} as const;

export function incidentLabels({ services, channel, pager }: Incident): string[] {
  return [
    ...services.map(INCIDENT_LABEL.service),
    ...(channel === undefined ? [] : [INCIDENT_LABEL.channel(channel.id)]),
    ...(pager.id === undefined ? [] : [INCIDENT_LABEL.pager(pager.id)]),
  ];
}

/** The newest acknowledgement that counts. */
export function lastAck(incident: Incident): Acknowledgement | undefined {
  return incident.acks.at(-1);
}

/** Ladders up to this number were answered; 0 for none. */
export function answeredLadder(incident: Incident): number {
  return Math.max(0, ...incident.acks.map((ack) => ack.ladder));
}

/** One incident at the pager for all levels and severities. */
export function dedupKey(incident: Incident, generation = incident.generation): string {
  return `dr:${incident.environment}:${incident.id}:${generation}`;
}

/** The parts of a pager's key; undefined when it is not one of ours. */
export function readDedupKey(
  key: string,
): { readonly environment: string; readonly id: string; readonly generation: number } | undefined {
  const [, environment, id, generation] = /^dr:([^:]+):([^:]+):(\d+)$/.exec(key) ?? [];
  if (environment === undefined || id === undefined) return undefined;
  return { environment, id, generation: Number(generation) };
}

/** By then about half a minute has passed: an incident does not stay mute for as long as Slack fails. */
const TRIES_FOR_CHANNEL = 5;

/** It may be opened later: until then the incident talks elsewhere. */
export function lacksChannel({ channel, duties }: Incident): boolean {
  const { state, attempts = 0 } = duties["channel"] ?? {};
  return channel === undefined && (state === "failed" || attempts > TRIES_FOR_CHANNEL);
}

/** Where this incident talks: its channel, or the alerts channel when no channel could be opened. */
export const homeChannel = (incident: Incident): string | undefined =>
  incident.channel?.id ?? (lacksChannel(incident) ? incident.alertsChannel : undefined);

/** What is wrong, after what it is about; a title that begins with that says it itself. */
export function titleAbout({ title }: Incident, about: string): string {
  return about !== "" && title.startsWith(`${about} `) ? title : `${about || "no service"}: ${title}`;
}

export function alertCount(incident: Incident): number {
  return incident.alerts.length + incident.moreAlerts;
}

/** A change that people can see: the card is due again. */
export function amend(incident: Incident, patch: Partial<Incident>): Incident {
  return { ...incident, ...patch, changes: incident.changes + 1 };
}

/** Owes the channel a sentence. */
export function withNote(incident: Incident, { id, atMs, says }: Incident["notes"][number]): Incident {
  if (incident.notes.some((note) => note.id === id)) return incident;
  return amend(incident, { notes: [...incident.notes, { id, atMs, says }] });
}

export interface Said {
  readonly kind: string;
  readonly atMs: number;
  readonly says: string;
  readonly by?: string | undefined;
  readonly door?: z.infer<typeof DoorName>;
  readonly facts?: Event["facts"];
}

/** An event about this incident; by TwoKey itself unless somebody is named. */
export function eventOf(incident: Pick<Incident, "id" | "services">, said: Said): Event {
  const service = incident.services[0];
  return {
    kind: said.kind,
    atMs: said.atMs,
    incident: incident.id,
    ...(service === undefined ? {} : { service }),
    ...(said.by === undefined ? {} : { by: said.by }),
    door: said.door ?? "engine",
    says: said.says,
    facts: said.facts ?? {},
  };
}
