import type { Card, CardPart, Span, Text } from "../domain/card/card.ts";
import { sayDuration, sayTime } from "../domain/duration.ts";
import { blindMs, positionOf, sayLoss } from "../domain/plan-run/data-position.ts";
import type { Known, Observation, SiteFacts } from "../domain/service/observed.ts";
import type { Service } from "../domain/service/service.ts";
import { plainText } from "./card-text.ts";
import { oldSideLine } from "./old-side.ts";
import { inRoom } from "./room.ts";
import { runLine } from "./run-progress.ts";
import { type ServiceStatus, STANDS, type Stand, sayFailure, sayStand, standOf, WORST_FIRST } from "./standing.ts";

/** An observation older than this is shown with its age. */
const FRESH_MS = 30_000;

/** One line a service, the worst first. `onCall` empty: the pager did not say; undefined: it was not asked. */
export function statusCard(
  services: readonly ServiceStatus[],
  onCall: readonly string[] | undefined,
  nowMs: number,
): Card {
  const board = services
    .map((status) => ({ status, stand: standOf(status, nowMs) }))
    .toSorted((a, b) => WORST_FIRST.indexOf(a.stand.word) - WORST_FIRST.indexOf(b.stand.word));
  return {
    text: board.map(({ status, stand }) => headline(status, stand)).join(" · "),
    parts: [
      { kind: "heading", text: "Disaster recovery status" },
      {
        kind: "lines",
        plain: true,
        lines: board.flatMap(({ status, stand }) => [
          [...boardLine(status, stand), ...incidentSpans(status)],
          ...[...heldLine(status), ...ageLine(status, nowMs), ...oldSideLines(status, nowMs)].map(
            (line) => `    ${line}`,
          ),
        ]),
      },
      ...(onCall === undefined ? [] : [onCallNote(onCall)]),
      { kind: "note", text: "One service in depth: /dr status and its name." },
    ],
  };
}

function onCallNote(onCall: readonly string[]): CardPart {
  const text = onCall.length > 0 ? `On call: ${onCall.join(", ")}` : "On call: unknown, the pager did not say.";
  return { kind: "note", text };
}

export function serviceCard(status: ServiceStatus, nowMs: number): Card {
  const { service, observed } = status;
  const stand = standOf(status, nowMs);
  const sites = observed
    ? [service.home, service.standby].map((region) => observed.sites[region]).filter((site) => site !== undefined)
    : [];
  return {
    text: headline(status, stand),
    parts: [
      { kind: "heading", text: `${service.name}: ${sayStand(stand)}` },
      {
        kind: "lines",
        plain: true,
        lines: [...besides(status, nowMs), ...lookLines(status, nowMs)],
      },
      ...sites.flatMap((site): CardPart[] => [
        { kind: "divider" },
        { kind: "text", text: [{ bold: site.region }, ` · ${partOf(site, status)}`] },
        { kind: "facts", facts: siteFacts(site, status, nowMs) },
      ]),
    ],
  };
}

/** What was seen of one service, as plain sentences; the first one is the headline. */
export function seenLines(service: Service, observed: Observation, nowMs: number): string[] {
  const status: ServiceStatus = { service, observed, run: undefined, newest: undefined, incident: undefined };
  const sites = [service.home, service.standby].flatMap((region) => {
    const site = observed.sites[region];
    return site
      ? [
          `${region}: ${siteFacts(site, status, nowMs)
            .map(([what, value]) => `${what.toLowerCase()} ${plainText(value)}`)
            .join("; ")}`,
        ]
      : [];
  });
  return [headline(status, standOf(status, nowMs)), ...lookLines(status, nowMs), ...sites];
}

const headline = ({ service }: ServiceStatus, stand: Stand): string => `${service.name}: ${sayStand(stand)}`;

const boardLine = ({ service }: ServiceStatus, stand: Stand): Span[] => [
  `${STANDS[stand.word]} `,
  { bold: service.name },
  ` · ${sayStand(stand)}`,
];

function incidentSpans({ incident }: ServiceStatus): Span[] {
  if (!incident) return [];
  return incident.channel === undefined
    ? [` · incident ${inRoom(incident.title, "name")}`]
    : [" · ", { channel: incident.channel }];
}

function oldSideLines({ newest }: ServiceStatus, nowMs: number): string[] {
  const oldSide = newest && oldSideLine(newest, nowMs);
  return newest && oldSide !== undefined ? [`Old side of ${newest.plan.id}: ${oldSide}`] : [];
}

const heldLine = ({ unreadable }: ServiceStatus): string[] =>
  unreadable === undefined ? [] : [`No failover can start: ${inRoom(unreadable, "reason")}`];

/** What goes on about the service beside its state. */
function besides(status: ServiceStatus, nowMs: number): Text[] {
  const { incident, run } = status;
  const about: Text[] = incident
    ? [
        [
          `Incident ${inRoom(incident.title, "name")}`,
          ...(incident.channel === undefined ? [] : [" in ", { channel: incident.channel }]),
        ],
      ]
    : [];
  return [...heldLine(status), ...about, ...(run ? [runLine(run, nowMs)] : []), ...oldSideLines(status, nowMs)];
}

/** What the service promises, and how old the look at it is. */
function lookLines(status: ServiceStatus, nowMs: number): string[] {
  const { service, observed } = status;
  const objectives = `Objectives: RTO ${sayDuration(service.rto)}, RPO ${sayDuration(service.rpo)} (tier ${service.tier})`;
  if (!observed) return [objectives];
  const users = `Users get ${observed.publicHealth.kind === "healthy" ? "good answers" : sayFailure(observed.publicHealth)}`;
  return [objectives, users, ...ageLine(status, nowMs)];
}

function ageLine({ observed }: ServiceStatus, nowMs: number): string[] {
  if (!observed || nowMs - observed.atMs <= FRESH_MS) return [];
  return [
    `Seen ${sayDuration(nowMs - observed.atMs)} ago (${sayTime(observed.atMs, nowMs)}): AWS is slow or silent now`,
  ];
}

/** Which part the site plays now. */
function partOf({ region }: SiteFacts, { service, observed }: ServiceStatus): string {
  const active = observed?.activeRegion;
  const role = !active?.known ? "unknown who is active" : active.value === region ? "active" : "standby";
  return region === service.home ? `home, ${role}` : role;
}

function siteFacts(site: SiteFacts, status: ServiceStatus, nowMs: number): (readonly [string, Text])[] {
  const { database, compute, firewall } = site;
  const lag = followsNow(site) ? [["Lag", sayLag(site, status.service.rpo, nowMs)] as const] : [];
  return [
    ["Application", sayApplication(site, status)],
    [
      "Database",
      sayKnown(
        database,
        (facts) =>
          `${facts.instance}: ${facts.role}, ${facts.status}, ${facts.instanceClass}, backups ${facts.backupRetentionDays} d`,
      ),
    ],
    ...lag,
    [
      "Tasks",
      sayKnown(compute, ({ running, desired, targets }) =>
        desired === 0 && running === 0
          ? "none, as planned for a standby at rest"
          : `${running} running of ${desired} desired, ${targets.healthy} of ${targets.total} targets healthy`,
      ),
    ],
    [
      "Auto scaling",
      sayKnown(compute, ({ scaling }) =>
        scaling ? `${scaling.min}–${scaling.max}${scaling.suspended ? ", suspended" : ""}` : "none",
      ),
    ],
    ["Security group", sayKnown(firewall, (rules) => `${rules.length} ingress rules`)],
  ];
}

/** A writer has no lag, and neither has a database that was promoted. One that cannot be seen may still be a replica. */
const followsNow = ({ database, lag }: SiteFacts): boolean =>
  database.known ? database.value.role === "replica" : lag.known || lag.lastGood !== undefined;

/** A standby without tasks rests: there is nothing that could be unhealthy. */
function sayApplication({ region, compute, deepHealth }: SiteFacts, { observed }: ServiceStatus): string {
  const isActive = observed?.activeRegion.known === true && observed.activeRegion.value === region;
  if (!isActive && compute.known && compute.value.desired === 0) return "at rest";
  return deepHealth.kind === "healthy" ? "healthy" : `gives ${sayFailure(deepHealth)}`;
}

/** A broken or missing sample is unknown, never "ahead" and never zero; what is known of the position is said instead. */
function sayLag(site: SiteFacts | undefined, rpoMs: number | undefined, nowMs: number): string {
  const lag = site?.lag;
  if (!lag) return "unknown";
  if (!lag.known) return `unknown (${inRoom(lag.why, "error")})${sayPosition(site, nowMs)}`;
  const { seconds, measuredAtMs } = lag.value;
  const against =
    rpoMs === undefined
      ? ""
      : seconds * 1_000 > rpoMs
        ? `, WORSE than the objective of ${sayDuration(rpoMs)}`
        : `, objective ${sayDuration(rpoMs)}`;
  return `${seconds} s${against}, measured ${sayDuration(nowMs - measuredAtMs)} ago`;
}

function sayPosition({ lag, database }: SiteFacts, nowMs: number): string {
  const position = positionOf(lag, blindMs(database.known ? database.value.engine : undefined));
  if (!position) return "";
  return `; ${sayLoss(position, nowMs)}, measured ${sayDuration(nowMs - position.measuredAtMs)} ago`;
}

function sayKnown<T>(known: Known<T>, say: (value: T) => string): string {
  return known.known ? say(known.value) : `unknown: ${inRoom(known.why, "error")}`;
}
