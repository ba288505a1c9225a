import type { RecordSet } from "../../domain/observed.ts";
import type { PlannedStep } from "../../domain/plan.ts";
import { fenceOf, inputOf } from "../../domain/run.ts";
import { type Region, ROUTE53_CONTROL_PLANE, type Service, siteOf } from "../../domain/service.ts";
import { STEPS } from "../index.ts";
import { deepHealthUrl } from "../observe.ts";
import * as byHand from "./by-hand.ts";
import { blindMsOf, type Judgement } from "./failover-judgement.ts";
import type { FailoverRequest } from "./failover-request.ts";

/** World milliseconds. Expected durations are what AWS documents or drills showed; deadlines are when people must look. */
const SECOND = 1_000;
const MINUTE = 60 * SECOND;
/** People change DNS elsewhere, or wait for Route 53 to answer again. */
const BY_HAND_WITHIN_MS = 4 * 60 * MINUTE;
/** An alias to a load balancer is answered with the load balancer's own TTL. */
const LOAD_BALANCER_TTL_MS = 60 * SECOND;

type Draft = Omit<PlannedStep, "wayBack" | "input" | "controlPlane"> & {
  readonly input: object;
  readonly controlPlane?: string;
};

/**
 * The runbook, in the order in which a responder would read it:
 *
 *   fence → record position → PROMOTE → check writable → point the application → check direct → shift traffic → settle → check public
 *   scale out ────────────────────────────────────────────────────────────────────┘ (beside the first three, if users cannot be sent there by it)
 */
export function failoverSteps(request: FailoverRequest, judgement: Judgement): PlannedStep[] {
  const drafts: Draft[] = [
    fence(request, judgement),
    recordPosition(request, judgement),
    promote(request, judgement),
    writable(request),
    ...pointApplication(request, judgement),
    scaleOut(request),
    direct(request, judgement),
    ...traffic(request, judgement),
    checkPublic(request, judgement),
  ];
  return without(judgement.promoted ? ["record-position", "promote"] : [], drafts).map(({ input, ...draft }) => ({
    ...draft,
    input: { ...input },
    wayBack: STEPS[draft.does]?.wayBack ?? "irreversible",
  }));
}

/** Leaves steps out; what came after one of them comes after what that one waited for. */
function without(ids: readonly string[], drafts: readonly Draft[]): Draft[] {
  const leftOut = drafts.filter(({ id }) => ids.includes(id));
  const passedOn = (after: readonly string[]): string[] =>
    after.flatMap((id) => {
      const gone = leftOut.find((draft) => draft.id === id);
      return gone ? passedOn(gone.after) : [id];
    });
  return drafts
    .filter(({ id }) => !ids.includes(id))
    .map((draft) => ({ ...draft, after: [...new Set(passedOn(draft.after))] }));
}

/** What undo puts back is what stood before the first attempt, not what an earlier run has made of it. */
function capturedBefore({ continues }: FailoverRequest): unknown {
  const before = continues && fenceOf(continues);
  return before && continues.intents > 0 ? inputOf(continues, before)["captured"] : undefined;
}

function fence(request: FailoverRequest, { from, oldSideDark }: Judgement): Draft {
  const { service, observed, mode } = request;
  const site = siteOf(service, from);
  const facts = observed.sites[from];
  const captured =
    facts?.firewall.known && facts.compute.known
      ? {
          rules: facts.firewall.value,
          desired: facts.compute.value.desired,
          scaling: facts.compute.value.scaling ?? null,
        }
      : null;
  return {
    id: "fence",
    does: "fence-primary",
    after: [],
    controlPlane: from,
    title: mode === "planned" ? `Stop the writers of ${from}` : `Fence ${from}: stop its service, close its database`,
    input: {
      region: from,
      compute: site.compute,
      securityGroup: site.database.security_group,
      writeCheck: site.database.write_check,
      captured: capturedBefore(request) ?? captured,
      unfencedAccepted: oldSideDark,
    },
    expectedMs: 5 * SECOND,
    deadlineMs: 3 * MINUTE,
    byHand: byHand.fence(from, site),
  };
}

function recordPosition({ service, observed, to, mode }: FailoverRequest, { dataLoss }: Judgement): Draft {
  return {
    id: "record-position",
    does: "record-data-position",
    after: ["fence"],
    controlPlane: to,
    title:
      mode === "planned" ? "Wait until the standby has every commit" : "Write down how far the standby had followed",
    input: {
      region: to,
      instance: siteOf(service, to).database.instance,
      mustReachZero: mode === "planned",
      knownUntilMs: dataLoss.kind === "after" ? dataLoss.atMs : null,
      blindMs: blindMsOf(observed.sites[to]),
    },
    // CloudWatch shows a minute one to two minutes after it began.
    expectedMs: mode === "planned" ? 3 * MINUTE : 1 * SECOND,
    deadlineMs: 15 * MINUTE,
    byHand: byHand.lag(to, siteOf(service, to)),
  };
}

function promote({ service, to }: FailoverRequest, { from }: Judgement): Draft {
  const { database } = siteOf(service, to);
  return {
    id: "promote",
    does: "promote-replica",
    after: ["record-position"],
    controlPlane: to,
    title: `Promote ${database.instance} in ${to}`,
    input: {
      region: to,
      instance: database.instance,
      expectedSource: siteOf(service, from).database.instance,
      backupRetentionDays: database.backup_retention_days,
    },
    expectedMs: 5 * MINUTE,
    deadlineMs: 40 * MINUTE,
    byHand: byHand.promote(to, siteOf(service, to)),
  };
}

function writable({ service, to }: FailoverRequest): Draft {
  return {
    id: "check-writable",
    does: "check-writable",
    after: ["promote"],
    title: `Prove that the database in ${to} takes writes`,
    input: {
      region: to,
      writeCheck: siteOf(service, to).database.write_check,
      instance: siteOf(service, to).database.instance,
    },
    expectedMs: 1 * SECOND,
    deadlineMs: 10 * MINUTE,
    byHand: [`curl -X POST ${siteOf(service, to).database.write_check}`],
  };
}

function pointApplication({ service, observed, to }: FailoverRequest, { dnsByHand }: Judgement): Draft[] {
  const record = service.database_record;
  const current = observed.databaseRecord.known ? observed.databaseRecord.value : undefined;
  if (!record || !current || dnsByHand) return [];
  const after: RecordSet = {
    ...current,
    values: [siteOf(service, to).database.endpoint],
    ttlSeconds: record.ttl_seconds,
  };
  return [
    {
      id: "point-application",
      does: "point-application",
      after: ["check-writable"],
      controlPlane: ROUTE53_CONTROL_PLANE,
      title: `Point ${record.name} at the database in ${to}`,
      input: { zone: record.zone, name: record.name, before: [current], after: [after] },
      expectedMs: 35 * SECOND,
      deadlineMs: 15 * MINUTE,
      byHand: byHand.records(record.zone, [after]),
    },
  ];
}

function scaleOut({ service, to }: FailoverRequest): Draft {
  const { compute } = siteOf(service, to);
  return {
    id: "scale-out",
    does: "scale-out",
    after: scaleOutAttractsUsers(service, to) ? ["check-writable"] : [],
    controlPlane: to,
    title: `Scale ${compute.service} in ${to} out to ${compute.tasks} tasks`,
    input: { region: to, compute, tasks: compute.tasks },
    expectedMs: 75 * SECOND,
    deadlineMs: 20 * MINUTE,
    byHand: byHand.scaleOut(to, compute),
  };
}

/**
 * Healthy targets alone can make DNS answer with the standby (failover records, or a weight-0 record while the other side
 * is dead). Unless a healthy target proves a writable database, scaling out therefore counts as moving users.
 */
function scaleOutAttractsUsers(service: Service, to: Region): boolean {
  return service.traffic.routing !== "simple" && siteOf(service, to).compute.target_health !== "writable-database";
}

function direct({ service, to }: FailoverRequest, { dnsByHand }: Judgement): Draft {
  const site = siteOf(service, to);
  const record = service.database_record;
  const ready = record && !dnsByHand ? "point-application" : "check-writable";
  // Nothing works over there before somebody has moved that name, and nobody can ask Route 53 whether it was.
  const byHandFirst = record && dnsByHand ? byHand.databaseRecord(record, site) : undefined;
  return {
    id: "check-direct",
    does: "check-direct",
    after: [ready, "scale-out"],
    title: byHandFirst
      ? `Wait for ${record?.name} to be pointed at the database in ${to} by hand, then check ${service.name} there directly`
      : `Check ${service.name} in ${to} directly, before users come`,
    input: {
      region: to,
      url: deepHealthUrl(service, to),
      via: site.load_balancer.dns_name,
      compute: site.compute,
      tasks: site.compute.tasks,
    },
    expectedMs: 30 * SECOND,
    deadlineMs: byHandFirst ? BY_HAND_WITHIN_MS : 15 * MINUTE,
    byHand: [
      ...(byHandFirst ?? []),
      `curl --connect-to ::${site.load_balancer.dns_name}: ${deepHealthUrl(service, to)}`,
    ],
  };
}

function traffic(request: FailoverRequest, { traffic: change, dnsByHand }: Judgement): Draft[] {
  const { service, to } = request;
  const { zone, name } = service.traffic;
  if (dnsByHand) return [dnsMovedByHand(request), settle(name, "dns-by-hand", ttlMsOf(service))];
  if (!change) return [];
  const oldTtlMs =
    Math.max(0, ...change.before.map((record) => (record.ttlSeconds ?? 0) * SECOND)) || LOAD_BALANCER_TTL_MS;
  return [
    {
      id: "shift-traffic",
      does: "shift-traffic",
      after: ["check-direct"],
      controlPlane: ROUTE53_CONTROL_PLANE,
      title: `Point ${name} at ${to}`,
      input: { zone, name, before: change.before, after: change.after },
      expectedMs: 35 * SECOND,
      deadlineMs: 20 * MINUTE,
      byHand: byHand.records(zone, change.after),
    },
    settle(name, "shift-traffic", oldTtlMs),
  ];
}

function dnsMovedByHand({ service, to }: FailoverRequest): Draft {
  const { name } = service.traffic;
  return {
    id: "dns-by-hand",
    does: "await-dns",
    after: ["check-direct"],
    title: `Wait for ${name} to be pointed at ${to} by hand`,
    input: { name, newSide: siteOf(service, to).load_balancer.dns_name },
    expectedMs: 5 * MINUTE,
    deadlineMs: BY_HAND_WITHIN_MS,
    byHand: [...byHand.trafficRecords(service, to), `dig ${name}`],
  };
}

/** By the file, since a record that cannot be read tells no TTL. */
function ttlMsOf({ traffic }: Service): number {
  return traffic.routing === "simple" ? traffic.ttl_seconds * SECOND : LOAD_BALANCER_TTL_MS;
}

function settle(name: string, afterStep: string, ttlMs: number): Draft {
  return {
    id: "settle-dns",
    does: "settle-dns",
    after: [afterStep],
    title: "Wait until old DNS answers have run out",
    input: { afterStep, ttlMs },
    expectedMs: ttlMs,
    deadlineMs: ttlMs + 5 * MINUTE,
    byHand: [`dig ${name}`],
  };
}

function checkPublic({ service, to }: FailoverRequest, { traffic: change, dnsByHand }: Judgement): Draft {
  const { name } = service.traffic;
  return {
    id: "check-public",
    does: "check-public",
    after: [change || dnsByHand ? "settle-dns" : "check-direct"],
    title: "Verify as users see it",
    input: { name, newSide: siteOf(service, to).load_balancer.dns_name, url: deepHealthUrl(service, to) },
    expectedMs: 2 * SECOND,
    deadlineMs: 15 * MINUTE,
    byHand: [`dig ${name}`, `curl -i ${deepHealthUrl(service, to)}`],
  };
}
