import { sayDuration } from "../../../domain/duration.ts";
import { blindMs, lossMs, positionOf, sayLoss } from "../../../domain/plan-run/data-position.ts";
import type { Acceptance, Plan } from "../../../domain/plan-run/plan.ts";
import { stateOf } from "../../../domain/plan-run/run.ts";
import { isUnreachable, type Known, type SiteFacts } from "../../../domain/service/observed.ts";
import { otherRegion, type Region, ROUTE53_CONTROL_PLANE } from "../../../domain/service/service.ts";
import { type RecordChange, trafficChange } from "../../records.ts";
import { databaseRecordOf, siteOf, trafficOf } from "../../resources/site.ts";
import type { FailoverRequest } from "./request.ts";

/** What the observation means for this request: why not, what loss, what could not be seen. */
export interface Judgement {
  readonly from: Region;
  readonly refusals: readonly string[];
  readonly unchecked: readonly string[];
  readonly dataLoss: Plan["dataLoss"];
  /** The old side gives no answer: it can be neither fenced nor checked. */
  readonly oldSideDark: boolean;
  readonly oldSideHealthy: boolean;
  /**
   * The standby follows nobody any more. `continued`: the run that is continued has promoted it. `before`: somebody has, or
   * a run that the store has forgotten; people have to say in words that it is the writer.
   */
  readonly promoted: "continued" | "before" | undefined;
  /** Route 53 cannot be asked because its control plane lies in the failed region. */
  readonly dnsByHand: boolean;
  readonly traffic: Extract<RecordChange, { before: unknown }> | undefined;
  readonly lagLimitSeconds: number | undefined;
}

const PROMOTABLE = new Set([
  "available",
  "backing-up",
  "modifying",
  "storage-optimization",
  "configuring-log-exports",
  "configuring-enhanced-monitoring",
]);

export function judge(request: FailoverRequest): Judgement {
  const { service, observed, to } = request;
  const from = otherRegion(service, to);
  const [old, next] = [observed.sites[from], observed.sites[to]];
  const oldSideDark = isUnreachable(old?.database) && isUnreachable(old?.compute);
  const dnsByHand = from === ROUTE53_CONTROL_PLANE && oldSideDark;
  const change = observed.trafficRecords.known ? trafficChange(service, observed.trafficRecords.value, to) : undefined;
  const promoted = promotedBy(request, next, oldSideDark);
  const facts = { from, oldSideDark, dnsByHand, promoted, oldSideHealthy: old?.deepHealth.kind === "healthy" };
  return {
    ...facts,
    refusals: [
      ...targetRefusals(request, from, promoted),
      ...databaseRefusals(request, next, promoted),
      ...recordRefusals(request, change, dnsByHand),
      ...modeRefusals(request, old, oldSideDark),
    ],
    unchecked: uncheckedOf(request, from, old, promoted ? undefined : next),
    dataLoss: promoted ? lossSoFar(request) : dataLossOf(request, next),
    traffic: change && "before" in change && !dnsByHand ? change : undefined,
    // With the old side dark the loss is agreed to as a position, and a position never goes back: a lag that grows is no news.
    lagLimitSeconds:
      next?.lag.known && !promoted && !oldSideDark ? Math.max(service.rpo / 1_000, next.lag.value.seconds) : undefined,
  };
}

/**
 * Who promoted a standalone standby. With the old side dark it looks like this as well when a failover was left in the
 * middle and nobody remembers it; with the old side at hand there are two writers, and that is no plan's to settle.
 */
function promotedBy(
  { continues, mode }: FailoverRequest,
  next: SiteFacts | undefined,
  oldSideDark: boolean,
): Judgement["promoted"] {
  if (!next?.database.known || next.database.value.role !== "standalone") return undefined;
  if (continues?.pastNoReturn) return "continued";
  return mode === "unplanned" && oldSideDark && !continues ? "before" : undefined;
}

function targetRefusals(
  { service, observed, to, continues }: FailoverRequest,
  from: Region,
  promoted: Judgement["promoted"],
): string[] {
  if (to !== service.home && to !== service.standby)
    return [`${service.name} has no site in ${to}. Its sites are ${service.home} and ${service.standby}.`];
  if (continues?.pastNoReturn) {
    // Who is writer cannot be told from the databases while one is being made: the journal says where this move leads.
    return to === continues.plan.to
      ? []
      : [
          `Run ${continues.plan.id} leads to ${continues.plan.to} and is past its point of no return. Finish that first.`,
        ];
  }
  const { activeRegion } = observed;
  if (promoted) return [];
  if (!activeRegion.known)
    return [
      `Nobody can say which database of ${service.name} is the writer: ${activeRegion.why}. Settle that by hand first.`,
    ];
  if (activeRegion.value !== from)
    return [
      `${service.name} is active in ${to} already. To move it to ${from}: /dr failover ${service.name} to ${from}.`,
    ];
  return [];
}

function databaseRefusals(
  { service, to }: FailoverRequest,
  next: SiteFacts | undefined,
  promoted: Judgement["promoted"],
): string[] {
  const { instance } = siteOf(service, to).database;
  if (!next) return [`There is no site in ${to}.`];
  if (!next.database.known)
    return [`The standby database ${instance} in ${to} cannot be seen: ${next.database.why}. Ask again when it can.`];
  const { status, role } = next.database.value;
  const reasons: string[] = [];
  if (role !== "replica" && !promoted)
    reasons.push(
      `${instance} is no read replica, so there is nothing to promote. Look by hand whether it was promoted already, or build a replica first.`,
    );
  if (!PROMOTABLE.has(status) && promoted !== "continued")
    reasons.push(
      `${instance} is ${status}; a replica in that status cannot be promoted. Ask again when it is available.`,
    );
  if (!next.compute.known)
    reasons.push(`The standby service in ${to} cannot be seen: ${next.compute.why}. Ask again when it can.`);
  else if (next.compute.value.status !== "ACTIVE")
    reasons.push(`The standby service in ${to} is ${next.compute.value.status}. It has to be ACTIVE first.`);
  return reasons;
}

function recordRefusals(
  { service, observed }: FailoverRequest,
  change: RecordChange | undefined,
  dnsByHand: boolean,
): string[] {
  if (dnsByHand) return [];
  const { trafficRecords, databaseRecord } = observed;
  const record = databaseRecordOf(service);
  const reasons: string[] = [];
  if (!trafficRecords.known)
    reasons.push(
      `The records of ${trafficOf(service).name} cannot be read: ${trafficRecords.why}. Users could not be moved. Ask again when they can be read.`,
    );
  if (change && "refused" in change)
    reasons.push(
      `The records of ${trafficOf(service).name} cannot be moved: ${change.refused}. Mend them, or what twokey.yaml says of them.`,
    );
  if (!databaseRecord.known)
    reasons.push(`The database's CNAME cannot be read: ${databaseRecord.why}. Ask again when it can.`);
  else if (record && !databaseRecord.value)
    reasons.push(`${record.name} is no CNAME record. Mend it, or the store's name in twokey.yaml.`);
  return reasons;
}

function modeRefusals({ mode }: FailoverRequest, old: SiteFacts | undefined, oldSideDark: boolean): string[] {
  if (mode === "unplanned") return [];
  if (oldSideDark || !old?.firewall.known || !old.compute.known) {
    return [
      `A planned failover stops the writers of the old side first, and that side cannot be reached. Use mode unplanned.`,
    ];
  }
  return [];
}

function uncheckedOf(
  request: FailoverRequest,
  from: Region,
  old: SiteFacts | undefined,
  next: SiteFacts | undefined,
): string[] {
  const unseen = (what: string, known: Known<unknown> | undefined) =>
    known && !known.known ? [`${what}: ${known.why}`] : [];
  return [
    ...unseen(`database of ${from}`, old?.database),
    ...unseen(`service of ${from}`, old?.compute),
    ...unseen(`security group of ${from}`, old?.firewall),
    ...unseen(`replication lag`, next?.lag),
    ...unseen(`records of ${trafficOf(request.service).name}`, request.observed.trafficRecords),
    `whether ${request.to} has the capacity for ${siteOf(request.service, request.to).compute.tasks} tasks right now`,
  ];
}

/** Loss as a point in time: everything before it is on the standby for good, however old the sample that says so (G4). */
function dataLossOf({ mode }: FailoverRequest, next: SiteFacts | undefined): Plan["dataLoss"] {
  if (mode === "planned") return { kind: "none" };
  const position = positionOf(next?.lag, blindMsOf(next));
  if (position) return { kind: "after", ...position };
  return { kind: "unknown", why: next && !next.lag.known ? next.lag.why : "no replica" };
}

/** See `domain/data-position`; the plan's step subtracts the same. */
export function blindMsOf(site: SiteFacts | undefined): number {
  return blindMs(site?.database.known ? site.database.value.engine : undefined);
}

/** World milliseconds that the objective is compared with: the lag while the standby follows, else up to the outage. */
function expectedLossMs({ observed, to, outageAtMs, nowMs }: FailoverRequest, judgement: Judgement): number {
  const { dataLoss, oldSideDark } = judgement;
  const lag = observed.sites[to]?.lag;
  if (lag?.known && !oldSideDark) return lag.value.seconds * 1_000;
  return dataLoss.kind === "after" ? lossMs(dataLoss.atMs, outageAtMs, nowMs) : 0;
}

function dataLossAcceptance(request: FailoverRequest, judgement: Judgement): Acceptance[] {
  const { service, nowMs } = request;
  const { dataLoss } = judgement;
  if (dataLoss.kind === "none") return [];
  if (dataLoss.kind === "unknown") {
    return [
      { id: "data-loss", words: `I accept that an unknown amount of the newest data of ${service.name} is lost` },
    ];
  }
  const isBeyond = expectedLossMs(request, judgement) > service.rpo;
  // A standby that follows now needs no words within the objective; one that stopped following always does.
  if (!isBeyond && dataLoss.why === undefined) return [];
  const beyond = isBeyond ? `, more than the objective of ${sayDuration(service.rpo)}` : "";
  return [{ id: "data-loss", words: `I accept that ${sayLoss(dataLoss, nowMs)}${beyond}` }];
}

/** The promotion has decided it: what the run before measured, else what its key holders agreed to, else nobody knows. */
function lossSoFar({ continues }: FailoverRequest): Plan["dataLoss"] {
  if (!continues) return { kind: "unknown", why: "the database was promoted before" };
  const { lastCommitMs } = stateOf(continues, "record-position").output;
  const { dataLoss } = continues.plan;
  if (typeof lastCommitMs !== "number" || dataLoss.kind === "none") return dataLoss;
  return { kind: "after", atMs: lastCommitMs, measuredAtMs: lastCommitMs };
}

export function acceptancesFor(request: FailoverRequest, judgement: Judgement): Acceptance[] {
  const { mode, to } = request;
  // Data loss, and whether to move at all, were agreed to before a promotion of this move; nothing is decided about them now.
  const accepted = judgement.promoted === "continued" ? [] : dataLossAcceptance(request, judgement);
  if (judgement.promoted === "before") {
    accepted.push({
      id: "promoted-already",
      words: `I accept the database in ${to} as the writer: it follows nobody, and what ${judgement.from} took since is not in it`,
      danger: `${to} was promoted before. It does not have what ${judgement.from} took since.`,
    });
  }
  if (judgement.oldSideDark) {
    accepted.push({
      id: "not-fenced",
      words: `I accept that ${judgement.from} cannot be fenced now and may still take writes`,
      danger: `${judgement.from} is silent and may still take writes.`,
    });
  }
  // A control plane may be dark while users are served: whoever promoted the standby, that side is taken from them now.
  if (mode === "unplanned" && judgement.oldSideHealthy && judgement.promoted !== "continued") {
    accepted.push({
      id: "healthy-primary",
      words: `I accept an unplanned failover although ${judgement.from} looks healthy`,
      danger: `${judgement.from} still looks healthy.`,
    });
  }
  if (judgement.dnsByHand)
    accepted.push({
      id: "dns-by-hand",
      words: `Promote and scale; DNS by hand`,
      danger: "People must change DNS by hand.",
    });
  return accepted;
}
