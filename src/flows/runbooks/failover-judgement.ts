import { sayDuration, sayTime } from "../../domain/duration.ts";
import type { Known, SiteFacts } from "../../domain/observed.ts";
import type { Acceptance, Plan } from "../../domain/plan.ts";
import { otherRegion, type Region, ROUTE53_CONTROL_PLANE, siteOf } from "../../domain/service.ts";
import { type RecordChange, trafficChange } from "../records.ts";
import type { FailoverRequest } from "./failover-request.ts";

/** What the observation means for this request: why not, what loss, what could not be seen. */
export interface Judgement {
  readonly from: Region;
  readonly refusals: readonly string[];
  readonly unchecked: readonly string[];
  readonly dataLoss: Plan["dataLoss"];
  /** The old side gives no answer: it can be neither fenced nor checked. */
  readonly oldSideDark: boolean;
  readonly oldSideHealthy: boolean;
  /** The new side's database follows nobody any more: somebody, or a run of before, has promoted it already. */
  readonly promotedAlready: boolean;
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
  const oldSideDark = isDark(old?.database) && isDark(old?.compute);
  const promotedAlready = isPromoted(request, next) && oldSideDark;
  const dnsByHand = from === ROUTE53_CONTROL_PLANE && oldSideDark;
  const change = observed.trafficRecords.known ? trafficChange(service, observed.trafficRecords.value, to) : undefined;
  const facts = { from, oldSideDark, dnsByHand, promotedAlready, oldSideHealthy: old?.deepHealth.kind === "healthy" };
  return {
    ...facts,
    refusals: [
      ...targetRefusals(request, from, promotedAlready),
      ...databaseRefusals(request, next, promotedAlready),
      ...recordRefusals(request, change, dnsByHand),
      ...modeRefusals(request, old, oldSideDark),
    ],
    unchecked: uncheckedOf(request, from, old, next),
    dataLoss: promotedAlready
      ? { kind: "unknown", why: "the database was promoted before" }
      : dataLossOf(request, next),
    traffic: change && "before" in change && !dnsByHand ? change : undefined,
    lagLimitSeconds:
      next?.lag.known && !promotedAlready ? Math.max(service.rpo / 1_000, next.lag.value.seconds) : undefined,
  };
}

const isDark = (known: Known<unknown> | undefined): boolean =>
  known !== undefined && !known.known && known.cause === "unreachable";

/** With the old side dark this is how a failover looks that was left in the middle; a plan for the rest may begin there. */
function isPromoted({ mode }: FailoverRequest, next: SiteFacts | undefined): boolean {
  return mode === "unplanned" && next?.database.known === true && next.database.value.role === "standalone";
}

function targetRefusals({ service, observed, to }: FailoverRequest, from: Region, promoted: boolean): string[] {
  if (to !== service.home && to !== service.standby)
    return [`${service.name} has no site in ${to}. Its sites are ${service.home} and ${service.standby}.`];
  const { activeRegion } = observed;
  if (promoted) return [];
  if (!activeRegion.known)
    return [
      `Nobody can say which database of ${service.name} is the writer: ${activeRegion.why}. Settle that by hand first.`,
    ];
  if (activeRegion.value !== from) return [`${service.name} is active in ${to} already. Its standby is ${from}.`];
  return [];
}

function databaseRefusals({ service, to }: FailoverRequest, next: SiteFacts | undefined, promoted: boolean): string[] {
  const { instance } = siteOf(service, to).database;
  if (!next) return [`There is no site in ${to}.`];
  if (!next.database.known)
    return [
      `The standby database ${instance} in ${to} cannot be seen: ${next.database.why}. Nothing can be planned without it.`,
    ];
  const { status, role } = next.database.value;
  const reasons: string[] = [];
  if (role !== "replica" && !promoted) reasons.push(`${instance} is no read replica, so there is nothing to promote.`);
  if (!PROMOTABLE.has(status)) reasons.push(`${instance} is ${status}; a replica in that status cannot be promoted.`);
  if (!next.compute.known) reasons.push(`The standby service in ${to} cannot be seen: ${next.compute.why}.`);
  else if (next.compute.value.status !== "ACTIVE")
    reasons.push(`The standby service in ${to} is ${next.compute.value.status}.`);
  return reasons;
}

function recordRefusals(
  { service, observed }: FailoverRequest,
  change: RecordChange | undefined,
  dnsByHand: boolean,
): string[] {
  if (dnsByHand) return [];
  const { trafficRecords, databaseRecord } = observed;
  const reasons: string[] = [];
  if (!trafficRecords.known)
    reasons.push(
      `The records of ${service.traffic.name} cannot be read: ${trafficRecords.why}. Users could not be moved.`,
    );
  if (change && "refused" in change)
    reasons.push(`The records of ${service.traffic.name} cannot be moved: ${change.refused}.`);
  if (!databaseRecord.known) reasons.push(`The database's CNAME cannot be read: ${databaseRecord.why}.`);
  else if (service.database_record && !databaseRecord.value)
    reasons.push(`${service.database_record.name} is no CNAME record.`);
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
    ...unseen(`records of ${request.service.traffic.name}`, request.observed.trafficRecords),
    `whether ${request.to} has the capacity for ${siteOf(request.service, request.to).compute.tasks} tasks right now`,
  ];
}

/** Loss as a point in time: a fresh reading bounds it, and everything before that point is on the standby for good (G4). */
function dataLossOf({ mode }: FailoverRequest, next: SiteFacts | undefined): Plan["dataLoss"] {
  if (mode === "planned") return { kind: "none" };
  const lag = next?.lag;
  if (!lag?.known) return { kind: "unknown", why: lag?.why ?? "no replica" };
  return {
    kind: "after",
    atMs: lag.value.measuredAtMs - lag.value.seconds * 1_000,
    measuredAtMs: lag.value.measuredAtMs,
  };
}

export function acceptancesFor(request: FailoverRequest, judgement: Judgement): Acceptance[] {
  const { service, mode, nowMs, observed, to } = request;
  const { dataLoss } = judgement;
  const lag = observed.sites[to]?.lag;
  const accepted: Acceptance[] = [];
  if (dataLoss.kind === "unknown") {
    accepted.push({
      id: "data-loss",
      words: `I accept that an unknown amount of the newest data of ${service.name} is lost`,
    });
  } else if (dataLoss.kind === "after" && lag?.known && lag.value.seconds * 1_000 > service.rpo) {
    accepted.push({
      id: "data-loss",
      words: `I accept that commits after ${sayTime(dataLoss.atMs, nowMs)} may be lost, more than the objective of ${sayDuration(service.rpo)}`,
    });
  }
  if (judgement.promotedAlready) {
    accepted.push({
      id: "promoted-already",
      words: `I accept the database in ${to} as the writer: it follows nobody, and what ${judgement.from} took since is not in it`,
    });
  }
  if (judgement.oldSideDark) {
    accepted.push({
      id: "not-fenced",
      words: `I accept that ${judgement.from} cannot be fenced now and may still take writes`,
    });
  }
  if (mode === "unplanned" && judgement.oldSideHealthy) {
    accepted.push({
      id: "healthy-primary",
      words: `I accept an unplanned failover although ${judgement.from} looks healthy`,
    });
  }
  if (judgement.dnsByHand) accepted.push({ id: "dns-by-hand", words: `Promote and scale; DNS by hand` });
  return accepted;
}
