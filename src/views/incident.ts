import type { Card, CardButton, CardPart, Span, Text } from "../domain/card/card.ts";
import type { DoorName } from "../domain/event.ts";
import { alertCount, type Incident, isOpen, type ResponsePhase, titleAbout } from "../domain/incident/incident.ts";
import { keeperLabel } from "../domain/incident/pager-traits.ts";
import { type Escalates, escalation, type Next, nextLine } from "./incident-next.ts";
import { hasPagingStopped, pagesPart } from "./incident-pages.ts";
import { inRoom, someOf } from "./room.ts";

/** What the card needs beside the incident itself. Times are absolute, so that the same state is the same card. */
export interface IncidentContext {
  /** Name of a person or policy by its id. */
  readonly nameOf: (id: string) => string;
  /** The response targets in force, with the moment by which each is to be reached. */
  readonly targets?: readonly { readonly phase: ResponsePhase; readonly ladder: number; readonly dueAtMs: number }[];
  /** Who decided to wait with which service, until when and why. */
  readonly waits?: readonly Text[];
  /** What fires next if nobody answers. */
  readonly next?: Next | undefined;
  /** Whom *Escalate now* pages. */
  readonly escalates?: Escalates | undefined;
}

/** Alarms shown; a long night stays readable on a phone. */
const ALERTS_SHOWN = 5;
/** Regions named in the line that counts the alarms. */
const REGIONS_SHOWN = 2;

export function incidentCard(incident: Incident, context: IncidentContext): Card {
  const headline = headlineOf(incident);
  return {
    text: `${headline}. ${plainState(incident)}`,
    severity: incident.severity,
    parts: [
      { kind: "heading", text: headline },
      { kind: "lines", plain: true, lines: gist(incident, context) },
      ...buttonsPart(incident, context),
      ...waitsPart(context),
      ...alertsPart(incident),
      ...pagesPart(incident, context.nameOf),
      ...troublePart(incident),
      ...factsPart(incident, context),
    ],
  };
}

export function headlineOf(incident: Incident): string {
  const about = incident.scope === "regional" ? `region ${incident.region ?? "unknown"}` : someOf(incident.services, 3);
  return `${incident.severity.toUpperCase()} · ${inRoom(titleAbout(incident, about), "headline")}`;
}

export function plainState(incident: Incident): string {
  switch (incident.state) {
    case "resolved":
      return `Resolved by ${incident.resolution?.by ?? "TwoKey"}`;
    case "merged":
      return "Merged into another incident of the same cause";
    case "open": {
      const first = incident.acks[0];
      return first ? `${first.name} has answered` : "Nobody has answered yet";
    }
  }
}

/** What happened, and what is asked. */
function gist(incident: Incident, context: IncidentContext): Text[] {
  const { alerts, firstSeenAtMs } = incident;
  const count = alertCount(incident);
  const alarms = count === 0 ? "declared by a person" : `${count} ${count === 1 ? "alarm" : "alarms"}`;
  const regions = [...new Set(alerts.map(({ region }) => region))];
  const where = regions.length === 0 ? "" : ` in ${someOf(regions, REGIONS_SHOWN)}`;
  const since: Text = ["Since ", { timeMs: firstSeenAtMs, as: "ago" }, ` · ${alarms}${where}`];
  return [stateLine(incident, context), ...nextLine(incident, context), since, ...dueLine(incident, context)];
}

/** Below the buttons: why is somebody's own words. */
const waitsPart = ({ waits = [] }: IncidentContext): CardPart[] =>
  waits.length === 0 ? [] : [{ kind: "lines", plain: true, lines: waits }];

function stateLine(incident: Incident, { next }: IncidentContext): Text {
  if (!isOpen(incident)) {
    const at: Span[] = incident.closedAtMs === undefined ? [] : [" at ", { timeMs: incident.closedAtMs, as: "time" }];
    return [{ bold: plainState(incident) }, ...at];
  }
  const first = incident.acks[0];
  if (!first) return [{ bold: `${plainState(incident)}.` }];
  return [
    { bold: plainState(incident) },
    " at ",
    // How long after the beginning would change with an earlier alarm that comes late.
    { timeMs: first.atMs, as: "time" },
    ` (${doorName(first.door, keeperLabel(incident.escalation.pagers))})${next === undefined && hasPagingStopped(incident) ? ". Paging about the incident has stopped." : ""}`,
  ];
}

function doorName(door: DoorName, label: string): string {
  if (door === "pager") return `at ${label}`;
  return door === "slack" ? "in Slack" : `from ${door}`;
}

const PHASE_WORDS: Readonly<Record<ResponsePhase, readonly [by: string, met: string, missed: string]>> = {
  detect: ["detect", "detected in time", "detected late"],
  assess: ["assess", "assessed in time", "assessed late"],
  communicate: ["first update", "first update in time", "first update late"],
};

/** Each phase with its deadline while that is open, and with its verdict afterwards. */
function responseLine({ response }: Incident, targets: NonNullable<IncidentContext["targets"]>): Span[] {
  return targets.flatMap(({ phase, ladder, dueAtMs }, index): Span[] => {
    const verdict = response.find((each) => each.phase === phase && each.ladder === ladder);
    const [by, met, missed] = PHASE_WORDS[phase];
    const words: Span[] = verdict
      ? [verdict.isMet ? met : { bold: missed }]
      : [`${by} by `, { timeMs: dueAtMs, as: "time" }];
    return index === 0 ? words : [" · ", ...words];
  });
}

/** What people do to reach a target. An incident that has a card is detected already. */
const NEXT_WORDS: Partial<Readonly<Record<ResponsePhase, string>>> = {
  assess: "assess the impact",
  communicate: "first update",
};

/** The next target of the response that people have to reach, and the next update. */
function dueLine(incident: Incident, { targets = [] }: IncidentContext): Text[] {
  if (!isOpen(incident)) return [];
  const open = targets
    .filter(({ phase }) => NEXT_WORDS[phase] !== undefined)
    .filter(({ phase, ladder }) => !incident.response.some((each) => each.phase === phase && each.ladder === ladder))
    .toSorted((one, other) => one.dueAtMs - other.dueAtMs)[0];
  const { dueAtMs } = incident.update;
  const due: Span[][] = [
    ...(open ? [[`Next: ${NEXT_WORDS[open.phase]} by `, { timeMs: open.dueAtMs, as: "ago" } as const]] : []),
    ...(dueAtMs === undefined ? [] : [["TwoKey posts an update at ", { timeMs: dueAtMs, as: "time" } as const]]),
  ];
  return due.length === 0 ? [] : [due.flatMap((spans, index) => (index === 0 ? spans : [" · ", ...spans]))];
}

function factsPart(incident: Incident, { nameOf, targets = [] }: IncidentContext): CardPart[] {
  const rows: (readonly [string, Text])[] = [];
  if (incident.services.length > 1 || incident.scope === "regional")
    rows.push(["Services", someOf(incident.services, 8) || "none named"]);
  if (incident.declaredBy !== undefined) rows.push(["Declared by", nameOf(incident.declaredBy)]);
  const also = incident.acks.slice(1).map((ack) => ack.name);
  if (also.length > 0) rows.push(["Also answered", someOf(also, 5)]);
  const response = responseLine(incident, targets);
  if (response.length > 0) rows.push(["Response", response]);
  const { lastSentAtMs } = incident.update;
  if (lastSentAtMs !== undefined) rows.push(["Last update", [{ timeMs: lastSentAtMs, as: "ago" }]]);
  if (incident.pager.url !== undefined)
    rows.push([
      keeperLabel(incident.escalation.pagers),
      [{ link: incident.pager.url, label: incident.pager.status ?? "open" }],
    ]);
  return rows.length === 0 ? [] : [{ kind: "facts", facts: rows }];
}

function alertsPart(incident: Incident): CardPart[] {
  if (incident.alerts.length === 0) return [];
  const lines: Text[] = incident.alerts
    .slice(0, ALERTS_SHOWN)
    .map(({ name, service, region, atMs }) => [
      { bold: inRoom(name, "name") },
      ` · ${service} · ${region} · `,
      { timeMs: atMs, as: "ago" },
    ]);
  const more = alertCount(incident) - Math.min(ALERTS_SHOWN, incident.alerts.length);
  return [
    { kind: "text", text: [{ bold: "Alarms" }] },
    { kind: "lines", lines: more > 0 ? [...lines, `and ${more} more`] : lines },
  ];
}

/** Duties that people should know about when they fail, in their words. */
const TROUBLE: readonly (readonly [prefix: string, what: string])[] = [
  ["channel", "the channel could not be opened"],
  ["trigger:", "the pager did not take the page"],
  ["invite", "people could not be invited"],
  ["topic:", "the topic could not be set"],
  ["bookmark:", "a bookmark could not be set"],
  ["initial", "the initial notification could not be posted"],
  ["update-send:", "the status update could not be posted"],
  ["mirror-ack:", "the pager could not be told that somebody answered"],
  ["pager-resolve:", "the incident could not be closed at the pager"],
];

function troublePart(incident: Incident): CardPart[] {
  const lines: Text[] = Object.entries(incident.duties).flatMap(([key, progress]) => {
    const what = TROUBLE.find(([prefix]) => key.startsWith(prefix))?.[1];
    return what === undefined || progress.state !== "failed"
      ? []
      : [`${what}: ${inRoom(progress.why ?? "no reason given", "error")}`];
  });
  const absent: Text[] = incident.notInvited.map(({ person, why }) => [
    { person },
    ` could not be invited: ${inRoom(why, "error")}`,
  ]);
  const all = [...lines, ...absent];
  return all.length === 0
    ? []
    : [
        { kind: "text", text: [{ bold: "Did not work" }] },
        { kind: "lines", lines: all },
      ];
}

function buttonsPart(incident: Incident, { escalates, nameOf }: IncidentContext): CardPart[] {
  if (!isOpen(incident)) return [];
  const value = incident.id;
  const answered = incident.acks.length > 0;
  const buttons: CardButton[] = [
    {
      label: answered ? "I am on it too" : "Acknowledge",
      intent: "ack",
      value,
      ...(answered ? {} : { style: "primary" }),
    },
    {
      label: "Escalate now",
      intent: "escalate",
      value,
      // Not red: what is red on a card cannot be undone in production, and asking for help is never the mistake.
      confirm: escalation(incident, escalates, nameOf),
    },
    { label: "Write update", intent: "update", value },
    { label: "Resolve…", intent: "resolve", value },
  ];
  return [{ kind: "buttons", buttons }];
}
