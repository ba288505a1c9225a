import type { Card, CardButton, CardPart, Span, Text } from "../domain/card/card.ts";
import { sayDuration } from "../domain/duration.ts";
import { alertCount, type Incident, isOpen, type ResponsePhase, titleAbout } from "../domain/incident/incident.ts";
import type { PageRecord } from "../domain/incident/page.ts";
import { keeperLabel } from "../domain/incident/pager-traits.ts";

/** What the card needs beside the incident itself. Times are absolute, so that the same state is the same card. */
export interface IncidentContext {
  /** Name of a person or policy by its id. */
  readonly nameOf: (id: string) => string;
  /** The response targets in force, with the moment by which each is to be reached. */
  readonly targets?: readonly { readonly phase: ResponsePhase; readonly ladder: number; readonly dueAtMs: number }[];
  /** What fires next if nobody answers. */
  readonly next?: { readonly atMs: number; readonly what: string; readonly targets: readonly string[] } | undefined;
}

/** Pages shown; the newest of each person or policy, so that a long night stays readable on a phone. */
const PAGES_SHOWN = 12;
const ALERTS_SHOWN = 5;

export function incidentCard(incident: Incident, context: IncidentContext): Card {
  const headline = headlineOf(incident);
  return {
    text: `${headline}. ${plainState(incident)}`,
    severity: incident.severity,
    parts: [
      { kind: "heading", text: headline },
      { kind: "text", text: stateLine(incident, context) },
      { kind: "facts", facts: facts(incident, context) },
      ...alertsPart(incident),
      ...pagesPart(incident, context),
      ...troublePart(incident),
      ...buttonsPart(incident),
    ],
  };
}

export function headlineOf(incident: Incident): string {
  const drill = incident.drill ? "DRILL · " : "";
  const about = incident.scope === "regional" ? `region ${incident.region ?? "unknown"}` : incident.services.join(", ");
  return `${drill}${incident.severity.toUpperCase()} · ${titleAbout(incident, about)}`;
}

function plainState(incident: Incident): string {
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

function stateLine(incident: Incident, { next, nameOf }: IncidentContext): Text {
  if (!isOpen(incident)) {
    const at: Span[] = incident.closedAtMs === undefined ? [] : [" at ", { timeMs: incident.closedAtMs }];
    return [{ bold: plainState(incident) }, ...at];
  }
  const spans: Span[] = [{ bold: plainState(incident) }];
  const first = incident.acks[0];
  if (first)
    spans.push(
      ` after ${sayDuration(first.atMs - incident.openedAtMs)} (${doorName(first.door, keeperLabel(incident.escalation.pagers))})`,
    );
  if (next) {
    const who = next.targets.length > 0 ? `: ${next.targets.map(nameOf).join(", ")}` : "";
    spans.push(". Next, unless somebody answers: ", { bold: next.what }, `${who} at `, { timeMs: next.atMs });
  }
  return spans;
}

function doorName(door: string, label: string): string {
  return door === "pager" ? `at ${label}` : `from ${door}`;
}

const PHASE_WORDS: Readonly<Record<ResponsePhase, readonly [by: string, met: string, missed: string]>> = {
  detect: ["detect", "detected in time", "detected LATE"],
  assess: ["assess", "assessed in time", "assessed LATE"],
  communicate: ["first update", "first update in time", "first update LATE"],
};

/** Each phase with its deadline while that is open, and with its verdict afterwards. */
function responseLine({ response }: Incident, targets: NonNullable<IncidentContext["targets"]>): Text {
  return targets.flatMap(({ phase, ladder, dueAtMs }, index): Span[] => {
    const verdict = response.find((each) => each.phase === phase && each.ladder === ladder);
    const [by, met, missed] = PHASE_WORDS[phase];
    const words: Span[] = verdict ? [verdict.isMet ? met : { bold: missed }] : [`${by} by `, { timeMs: dueAtMs }];
    return index === 0 ? words : [" · ", ...words];
  });
}

function facts(incident: Incident, { nameOf, targets = [] }: IncidentContext): (readonly [string, Text])[] {
  const rows: (readonly [string, Text])[] = [
    ["Since", [{ timeMs: incident.firstSeenAtMs }]],
    ["Services", incident.services.join(", ") || "none named"],
  ];
  if (incident.region !== undefined) rows.push(["Region", incident.region]);
  if (alertCount(incident) > 0) rows.push(["Alarms", String(alertCount(incident))]);
  if (incident.declaredBy !== undefined) rows.push(["Declared by", nameOf(incident.declaredBy)]);
  if (incident.acks.length > 1)
    rows.push([
      "Also answered",
      incident.acks
        .slice(1)
        .map((ack) => ack.name)
        .join(", "),
    ]);
  if (targets.length > 0) rows.push(["Response", responseLine(incident, targets)]);
  const { dueAtMs, lastSentAtMs } = incident.update;
  if (lastSentAtMs !== undefined) rows.push(["Last update", [{ timeMs: lastSentAtMs }]]);
  if (isOpen(incident) && dueAtMs !== undefined) rows.push(["Next update", [{ timeMs: dueAtMs }]]);
  if (incident.pager.url !== undefined)
    rows.push([
      keeperLabel(incident.escalation.pagers),
      [{ link: incident.pager.url, label: incident.pager.status ?? "open" }],
    ]);
  return rows;
}

function alertsPart(incident: Incident): CardPart[] {
  if (incident.alerts.length === 0) return [];
  const lines: Text[] = incident.alerts
    .slice(0, ALERTS_SHOWN)
    .map(({ name, service, region, atMs }) => [{ timeMs: atMs }, ` ${name} · ${service} · ${region}`]);
  const more = alertCount(incident) - Math.min(ALERTS_SHOWN, incident.alerts.length);
  return [{ kind: "lines", lines: more > 0 ? [...lines, `and ${more} more`] : lines }];
}

const STATE_WORDS: Readonly<Record<PageRecord["state"], string>> = {
  intent: "being sent",
  accepted: "sent, no answer yet",
  rejected: "REFUSED",
  unknown: "no answer from the pager, trying again",
  retry: "not sent yet, trying again",
  throttled: "held back",
  acked: "answered",
  superseded: "somebody else answered",
  exhausted: "not answered",
};

/** Who was paged, how, when, with what result; the newest page of each. */
function pagesPart(incident: Incident, { nameOf }: IncidentContext): CardPart[] {
  const newest = new Map<string, PageRecord>();
  for (const page of incident.pages) newest.set(`${page.target.id}:${page.via}`, page);
  const shown = [...newest.values()].toSorted((a, b) => b.intentAtMs - a.intentAtMs);
  if (shown.length === 0) return [];
  const label = keeperLabel(incident.escalation.pagers);
  const lines = shown.slice(0, PAGES_SHOWN).map((page) => pageLine(page, label, nameOf));
  const more = shown.length - lines.length;
  return [
    { kind: "divider" },
    { kind: "text", text: [{ bold: "Paged" }] },
    { kind: "lines", lines: more > 0 ? [...lines, `and ${more} more`] : lines },
  ];
}

function pageLine(page: PageRecord, label: string, nameOf: IncidentContext["nameOf"]): Text {
  const who = page.target.kind === "pager-service" ? `on call for the ${label} service` : nameOf(page.target.id);
  const how = page.via === "slack" ? "direct message" : page.channels.join(", ") || label;
  const again = page.round > 0 ? `, round ${page.round + 1}` : "";
  const why = page.why === undefined ? "" : ` (${page.why})`;
  return [{ timeMs: page.intentAtMs }, " ", { bold: who }, ` · ${how}${again} · ${STATE_WORDS[page.state]}${why}`];
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
  const lines: Text[] = Object.entries(incident.duties).flatMap(([key, record]) => {
    const what = TROUBLE.find(([prefix]) => key.startsWith(prefix))?.[1];
    return what === undefined || record.state !== "failed" ? [] : [`${what}: ${record.why ?? "no reason given"}`];
  });
  const absent: Text[] = incident.notInvited.map(({ person, why }) => [{ person }, ` could not be invited: ${why}`]);
  const all = [...lines, ...absent];
  return all.length === 0
    ? []
    : [
        { kind: "text", text: [{ bold: "Did not work" }] },
        { kind: "lines", lines: all },
      ];
}

function buttonsPart(incident: Incident): CardPart[] {
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
      style: "danger",
      confirm: {
        title: "Page the next level?",
        text: "Their phones ring at once. It cannot be taken back.",
        yes: "Page them",
      },
    },
    { label: "Write update", intent: "update", value },
    { label: "Resolve…", intent: "resolve", value },
  ];
  return [{ kind: "buttons", buttons }];
}
