import { canonicalJson } from "../../../domain/json.ts";
import type { PlannedStep } from "../../../domain/plan-run/plan.ts";
import { fenceOf, inputOf } from "../../../domain/plan-run/run.ts";
import { type Region, type Service, siteOf } from "../../../domain/service/service.ts";
import { STEPS } from "../../index.ts";
import { deepHealthUrl } from "../../observe.ts";
import * as byHand from "./by-hand.ts";
import { BY_HAND_WITHIN_MS, type Draft, MINUTE, SECOND } from "./draft.ts";
import { blindMsOf, type Judgement } from "./judgement.ts";
import { checkPublic, pointApplication, traffic } from "./names.ts";
import type { FailoverRequest } from "./request.ts";

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

/** What is closed and stopped. */
const fencedThings = (input: Readonly<Record<string, unknown>>): string =>
  canonicalJson([input["region"], input["securityGroup"], input["compute"]]);

/**
 * What undo puts back is what stood before the first attempt, not what an earlier run has made of it. It belongs to that
 * security group and that service: if the file names others since, nothing of it is put back on those.
 */
function capturedBefore({ continues }: FailoverRequest, now: Readonly<Record<string, unknown>>): unknown {
  const before = continues && fenceOf(continues);
  // A run that asked for nothing itself may still continue one that did.
  const mayHaveTouched = continues && (continues.intents > 0 || continues.plan.restOf !== undefined);
  if (!before || !mayHaveTouched || fencedThings(before.input) !== fencedThings(now)) return undefined;
  return inputOf(continues, before)["captured"];
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
  const things = { region: from, compute: site.compute, securityGroup: site.database.security_group };
  return {
    id: "fence",
    does: "fence-primary",
    after: [],
    controlPlane: from,
    title: mode === "planned" ? `Stop the writers of ${from}` : `Fence ${from}: stop its service, close its database`,
    input: {
      ...things,
      writeCheck: site.database.write_check,
      captured: capturedBefore(request, things) ?? captured,
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
