import type { Card, CardPart, Text } from "../domain/card/card.ts";
import { sayDuration, sayTime } from "../domain/duration.ts";
import { blindMs, positionOf, sayLoss } from "../domain/plan-run/data-position.ts";
import type { RunState } from "../domain/plan-run/run.ts";
import type { HealthVerdict, Known, Observation, SiteFacts } from "../domain/service/observed.ts";
import type { Service } from "../domain/service/service.ts";
import { oldSideLine } from "./old-side.ts";
import { runLine } from "./run-progress.ts";

/** Everything that the board says about one service. `observed` absent: nobody has looked yet. */
export interface ServiceStatus {
  readonly service: Service;
  readonly observed: Observation | undefined;
  readonly run: RunState | undefined;
  /** Why the run that holds it cannot be read. */
  readonly unreadable?: string | undefined;
  /** The newest run that is open, or belongs to the open incident, and has something to say about its old side. */
  readonly newest: RunState | undefined;
  readonly incident: { readonly id: string; readonly title: string; readonly channel: string | undefined } | undefined;
}

/** An observation older than this is shown with its age. */
const FRESH_MS = 30_000;

export function statusCard(services: readonly ServiceStatus[], onCall: readonly string[], nowMs: number): Card {
  return {
    text: services.map((status) => headline(status)).join(" · "),
    parts: [
      { kind: "heading", text: "Disaster recovery status" },
      ...services.flatMap((status): CardPart[] => [
        { kind: "text", text: [{ bold: headline(status) }] },
        { kind: "lines", lines: lines(status, nowMs) },
      ]),
      {
        kind: "note",
        text: onCall.length > 0 ? `On call: ${onCall.join(", ")}` : "On call: unknown – the pager did not say",
      },
    ],
  };
}

export function serviceCard(status: ServiceStatus, nowMs: number): Card {
  const { service, observed } = status;
  const sites = observed
    ? [service.home, service.standby].map((region) => observed.sites[region]).filter((site) => site !== undefined)
    : [];
  return {
    text: headline(status),
    parts: [
      { kind: "heading", text: service.name },
      { kind: "lines", lines: lines(status, nowMs) },
      ...sites.flatMap((site): CardPart[] => [
        { kind: "divider" },
        { kind: "text", text: [{ bold: site.region }] },
        { kind: "facts", facts: siteFacts(site, nowMs) },
      ]),
    ],
  };
}

/** What was seen of one service, as plain sentences; the first one is the headline. */
export function seenLines(service: Service, observed: Observation, nowMs: number): string[] {
  const status: ServiceStatus = { service, observed, run: undefined, newest: undefined, incident: undefined };
  return [headline(status), ...lines(status, nowMs).filter((line) => typeof line === "string")];
}

function headline({ service, observed, run, unreadable }: ServiceStatus): string {
  if (unreadable !== undefined) return `${service.name}: held by a run that cannot be read`;
  if (run) return `${service.name}: ${run.plan.runbook} ${run.state}`;
  if (!observed) return `${service.name}: not observed yet`;
  const active = observed.activeRegion.known
    ? `active in ${observed.activeRegion.value}`
    : `active region unknown (${observed.activeRegion.why})`;
  return `${service.name}: ${active}, public health ${sayHealth(observed.publicHealth)}`;
}

function lines({ service, observed, run, unreadable, newest, incident }: ServiceStatus, nowMs: number): Text[] {
  const about: Text[] = [
    ...(unreadable === undefined ? [] : [`No failover can start: ${unreadable}`]),
    `Objectives: RTO ${sayDuration(service.rto)}, RPO ${sayDuration(service.rpo)} (tier ${service.tier})`,
  ];
  if (observed) {
    const standby =
      observed.activeRegion.known && observed.activeRegion.value === service.standby ? service.home : service.standby;
    about.push(`Lag of ${standby}: ${sayLag(observed.sites[standby], service.rpo, nowMs)}`);
    for (const region of [service.home, service.standby]) {
      const site = observed.sites[region];
      if (site)
        about.push(
          `${region}: application ${sayHealth(site.deepHealth)}, database ${sayKnown(site.database, (facts) => `${facts.role}, ${facts.status}`)}`,
        );
    }
    const age = nowMs - observed.atMs;
    if (age > FRESH_MS)
      about.push(`Seen ${sayDuration(age)} ago (${sayTime(observed.atMs, nowMs)}): AWS is slow or silent now`);
  }
  if (incident)
    about.push(
      incident.channel === undefined
        ? `Incident: ${incident.title}`
        : [`Incident: ${incident.title} in `, { channel: incident.channel }],
    );
  if (run) about.push(runLine(run, nowMs));
  const oldSide = newest && oldSideLine(newest, nowMs);
  if (newest && oldSide !== undefined) about.push(`Old side of ${newest.plan.id}: ${oldSide}`);
  return about;
}

function siteFacts(site: SiteFacts, nowMs: number): (readonly [string, Text])[] {
  return [
    ["Application", sayHealth(site.deepHealth)],
    [
      "Database",
      sayKnown(
        site.database,
        (facts) =>
          `${facts.instance}: ${facts.role}, ${facts.status}, ${facts.instanceClass}, backups ${facts.backupRetentionDays} d`,
      ),
    ],
    [
      "Tasks",
      sayKnown(
        site.compute,
        (facts) =>
          `${facts.running} running of ${facts.desired} desired, ${facts.targets.healthy} of ${facts.targets.total} targets healthy`,
      ),
    ],
    [
      "Auto scaling",
      sayKnown(site.compute, (facts) =>
        facts.scaling
          ? `${facts.scaling.min}–${facts.scaling.max}${facts.scaling.suspended ? ", suspended" : ""}`
          : "none",
      ),
    ],
    ["Security group", sayKnown(site.firewall, (rules) => `${rules.length} ingress rules`)],
    ["Lag", sayLag(site, undefined, nowMs)],
  ];
}

/** A broken or missing sample is unknown, never "ahead" and never zero; what is known of the position is said instead. */
function sayLag(site: SiteFacts | undefined, rpoMs: number | undefined, nowMs: number): string {
  const lag = site?.lag;
  if (!lag) return "unknown";
  if (!lag.known) return `unknown (${lag.why})${sayPosition(site, nowMs)}`;
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

function sayHealth(health: HealthVerdict): string {
  return health.kind === "healthy" ? "healthy" : `${health.kind} (${health.why})`;
}

function sayKnown<T>(known: Known<T>, say: (value: T) => string): string {
  return known.known ? say(known.value) : `unknown: ${known.why}`;
}
