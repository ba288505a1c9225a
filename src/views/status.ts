import { ago, type Card, type CardPart, type Span, spans, type Text } from "../domain/card/card.ts";
import { sayDuration } from "../domain/duration.ts";
import { positionOf, sayLoss } from "../domain/plan-run/data-position.ts";
import { type Behind, type Fact, factsIn, type Observation } from "../domain/service/observation.ts";
import type { Region, Service } from "../domain/service/service.ts";
import { plainText } from "./card-text.ts";
import { oldSideLine } from "./old-side.ts";
import { keysLine } from "./plan-keys.ts";
import { inRoom } from "./room.ts";
import { runLine, undrivenLine } from "./run-progress.ts";
import {
  activeOf,
  failureIn,
  type OnCall,
  type ServiceStatus,
  STANDS,
  type Stand,
  sayOutlook,
  sayStand,
  standOf,
  WORST_FIRST,
} from "./standing.ts";
import { withMoments } from "./times-in-words.ts";

/** An observation older than this is shown with its age. */
const FRESH_MS = 30_000;

/** One line a service, the worst first. `onCall` undefined: it was not asked. */
export function statusCard(services: readonly ServiceStatus[], onCall: OnCall | undefined, nowMs: number): Card {
  const board = services
    .map((status) => ({ status, stand: standOf(status, nowMs) }))
    .toSorted((a, b) => WORST_FIRST.indexOf(a.stand.word) - WORST_FIRST.indexOf(b.stand.word));
  return {
    text: board.map(({ status, stand }) => headline(status, stand)).join(" · "),
    parts: [
      { kind: "heading", text: "Disaster recovery status" },
      ...inParts(board).map(
        (some): CardPart => ({
          kind: "lines",
          plain: true,
          lines: some.flatMap(({ status, stand }) => [
            [...boardLine(status, stand), ...incidentSpans(status)],
            ...linesBelow(status, nowMs).map((line) => spans`    ${line}`),
          ]),
        }),
      ),
      ...(onCall === undefined ? [] : [onCallNote(onCall)]),
      { kind: "note", text: "One service in depth: /dr status and its name." },
    ],
  };
}

/** Slack cuts a part that is too long, so a long board has several. */
const SERVICES_IN_PART = 10;

function inParts<T>(all: readonly T[]): (readonly T[])[] {
  const starts = Array.from({ length: Math.ceil(all.length / SERVICES_IN_PART) }, (_part, at) => at * SERVICES_IN_PART);
  return starts.map((start) => all.slice(start, start + SERVICES_IN_PART));
}

const linesBelow = (status: ServiceStatus, nowMs: number): Text[] => [
  ...waitingLine(status),
  ...waitLines(status),
  ...outlookLine(status, nowMs),
  ...heldLine(status),
  ...ageLine(status, nowMs),
  ...oldSideLines(status, nowMs),
];

function onCallNote(onCall: OnCall): CardPart {
  if (onCall === "unknown") return { kind: "note", text: "On call: unknown, the pager did not say." };
  const { names, empty } = onCall;
  if (names.length === 0)
    return { kind: "note", text: "On call: nobody. The rotations are empty, and a page would reach no one." };
  // What is missing first: a phone cuts the end.
  const missing = empty.length === 0 ? "" : `nobody for ${empty.join(", ")}; `;
  return { kind: "note", text: `On call: ${missing}${names.join(", ")}` };
}

export function serviceCard(status: ServiceStatus, nowMs: number): Card {
  const { service, observed } = status;
  const stand = standOf(status, nowMs);
  const regions = observed ? service.regions.filter((region) => factsIn(observed, region).length > 0) : [];
  return {
    text: headline(status, stand),
    parts: [
      { kind: "heading", text: `${service.name}: ${sayStand(stand)}` },
      {
        kind: "lines",
        plain: true,
        lines: [...besides(status, nowMs), ...lookLines(status, nowMs)],
      },
      ...regions.flatMap((region): CardPart[] => [
        { kind: "divider" },
        { kind: "text", text: [{ bold: region }, ` · ${partOf(region, status)}`] },
        { kind: "facts", facts: regionFacts(region, status, nowMs) },
      ]),
    ],
  };
}

/** What was seen of one service, as plain sentences that may be kept; the first one is the headline. */
export function seenLines(service: Service, observed: Observation, nowMs: number): string[] {
  const status: ServiceStatus = { service, observed, run: undefined, newest: undefined, incident: undefined };
  const regions = service.regions.flatMap((region) => {
    const facts = regionFacts(region, status, nowMs);
    const words = facts.map(([what, value]) => `${what.toLowerCase()} ${exactly(value, nowMs)}`);
    return facts.length > 0 ? [`${region}: ${words.join("; ")}`] : [];
  });
  return [
    headline(status, standOf(status, nowMs)),
    ...lookLines(status, nowMs).map((line) => exactly(line, nowMs)),
    ...regions,
  ];
}

/** A sentence is kept as it is, so it says when, and not how long ago. */
function exactly(text: Text, nowMs: number): string {
  const parts = typeof text === "string" ? [text] : text;
  const moments = parts.map((span) => (typeof span !== "string" && "timeMs" in span ? { timeMs: span.timeMs } : span));
  return plainText(moments, { nowMs });
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

function oldSideLines({ newest, earlier = [] }: ServiceStatus, nowMs: number): Text[] {
  const said = [newest, ...earlier].flatMap((run) => (run ? [{ run, line: oldSideLine(run, nowMs) }] : []));
  return said.flatMap(({ run, line }) => (line === undefined ? [] : [spans`Old side of ${run.plan.id}: ${line}`]));
}

const waitingLine = ({ waiting }: ServiceStatus): Text[] =>
  waiting ? [spans`Plan ${waiting.plan.id} (${waiting.plan.title}) waits: ${keysLine(waiting)}`] : [];

const waitLines = ({ called, wait }: ServiceStatus): Text[] => [called, wait].flatMap((line) => (line ? [line] : []));

function outlookLine(status: ServiceStatus, nowMs: number): string[] {
  const says = sayOutlook(status, nowMs);
  // Why it cannot move is a sentence of its own.
  return says === undefined ? [] : [`${capital(says.replace(/\.$/, ""))}.`];
}

const heldLine = ({ unreadable, run }: ServiceStatus): Text[] =>
  unreadable === undefined ? undrivenLine(run) : [`No failover can start: ${inRoom(unreadable, "reason")}`];

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
  return [
    ...waitingLine(status),
    ...waitLines(status),
    ...outlookLine(status, nowMs),
    ...heldLine(status),
    ...about,
    ...(run ? [runLine(run)] : []),
    ...oldSideLines(status, nowMs),
  ];
}

/** What the service promises, and how old the look at it is. */
function lookLines(status: ServiceStatus, nowMs: number): Text[] {
  const { service, observed } = status;
  const objectives = `Objectives: RTO ${sayDuration(service.rto)}, RPO ${sayDuration(service.rpo)} (tier ${service.tier})`;
  if (!observed) return [objectives];
  const users = `Users get ${observed.publicHealth.kind === "healthy" ? "good answers" : failureIn(observed.publicHealth)}`;
  return [objectives, users, ...ageLine(status, nowMs)];
}

function ageLine({ observed }: ServiceStatus, nowMs: number): Text[] {
  if (!observed || nowMs - observed.atMs <= FRESH_MS) return [];
  return [spans`Seen at ${ago(observed.atMs)}: AWS is slow or silent now`];
}

/** Which part the region plays now. */
function partOf(region: Region, status: ServiceStatus): string {
  const { service } = status;
  const active = activeOf(status);
  const role = active === undefined ? "unknown who is active" : active === region ? "active" : "standby";
  return region === service.home ? `home, ${role}` : role;
}

type Line = readonly [string, Text];

/** What was seen there: the application first, then each resource, named where there are several of its kind. */
function regionFacts(region: Region, status: ServiceStatus, nowMs: number): Line[] {
  const { observed } = status;
  if (!observed) return [];
  const seen = factsIn(observed, region);
  const words = seen.flatMap(([, { facts }]) => facts.map(({ what }) => what));
  const lines = seen.flatMap(([id, { facts, behind }]): Line[] => {
    const named = (what: string) => `${capital(what)}${isTwice(what, words) ? ` (${id.split(".").at(-1)})` : ""}`;
    const lag = behind ? [[named("lag"), sayLag(behind, nowMs)] as const] : [];
    return [...facts.map(({ what, seen: known }) => [named(what), sayFact(known)] as const), ...lag];
  });
  const application = sayApplication(region, status);
  return [...(application === undefined ? [] : [["Application", application] as const]), ...lines];
}

const capital = (text: string): string => `${text.slice(0, 1).toUpperCase()}${text.slice(1)}`;

/** A lag belongs to the store whose database is told beside it. */
const isTwice = (what: string, all: readonly string[]): boolean =>
  all.filter((each) => each === (what === "lag" ? "database" : what)).length > 1;

/** A standby without tasks rests: there is nothing that could be unhealthy. */
function sayApplication(region: Region, status: ServiceStatus): string | undefined {
  const { observed } = status;
  const health = observed?.health[region];
  if (!observed || !health) return undefined;
  if (activeOf(status) !== region && factsIn(observed, region).some(([, { isAtRest }]) => isAtRest)) return "at rest";
  return health.kind === "healthy" ? "healthy" : `gives ${failureIn(health)}`;
}

/** A broken or missing sample is unknown, never "ahead" and never zero; what is known of the position is said instead. */
function sayLag({ lag, blindMs, rpoMs }: Behind, nowMs: number): Text {
  if (!lag.known) {
    const position = positionOf(lag, blindMs);
    const rest = position
      ? spans`; ${withMoments(sayLoss(position, nowMs), nowMs)}, measured at ${ago(position.measuredAtMs)}`
      : "";
    return spans`unknown (${inRoom(lag.why, "error")})${rest}`;
  }
  const { seconds, measuredAtMs } = lag.value;
  const objective = sayDuration(rpoMs);
  const against = seconds * 1_000 > rpoMs ? `, worse than the objective of ${objective}` : `, objective ${objective}`;
  return spans`${String(seconds)} s${against}, measured at ${ago(measuredAtMs)}`;
}

const sayFact = (seen: Fact["seen"]): string => (seen.known ? seen.value : `unknown: ${inRoom(seen.why, "error")}`);
