import { canonicalJson } from "../../../domain/json.ts";
import type { PlannedStep } from "../../../domain/plan-run/plan.ts";
import { fenceOf, inputOf } from "../../../domain/plan-run/run.ts";
import type { Service } from "../../../domain/service/service.ts";
import { planned } from "../../../ports/step.ts";
import { deepHealthUrl } from "../../observe.ts";
import { databaseRecordOf, siteOf, trafficOf } from "../../resources/site.ts";
import * as byHand from "../../steps/by-hand.ts";
import { checkDirect } from "../../steps/check-direct.ts";
import { checkWritable } from "../../steps/check-writable.ts";
import { fencePrimary } from "../../steps/fence-primary.ts";
import { promoteReplica } from "../../steps/promote-replica.ts";
import { recordDataPosition } from "../../steps/record-data-position.ts";
import { scaleOut } from "../../steps/scale-out.ts";
import type { FenceCaptured } from "../../steps/schemas.ts";
import { blindMsOf, type Judgement } from "./judgement.ts";
import { checkUsers, pointAtDatabase, traffic } from "./names.ts";
import type { FailoverRequest } from "./request.ts";

/**
 * The runbook, in the order in which a responder would read it:
 *
 *   fence → record position → PROMOTE → check writable → point the application → check direct → shift traffic → settle → check public
 *   scale out ────────────────────────────────────────────────────────────────────┘ (beside the first three, if users cannot be sent there by it)
 */
export function failoverSteps(request: FailoverRequest, judgement: Judgement): PlannedStep[] {
  return without(judgement.promoted ? ["record-position", "promote"] : [], [
    fence(request, judgement),
    recordPosition(request, judgement),
    promote(request, judgement),
    writable(request),
    ...pointAtDatabase(request, judgement),
    addCapacity(request),
    direct(request, judgement),
    ...traffic(request, judgement),
    checkUsers(request, judgement),
  ]);
}

/** Leaves steps out; what came after one of them comes after what that one waited for. */
function without(ids: readonly string[], steps: readonly PlannedStep[]): PlannedStep[] {
  const leftOut = steps.filter(({ id }) => ids.includes(id));
  const passedOn = (after: readonly string[]): string[] =>
    after.flatMap((id) => {
      const gone = leftOut.find((step) => step.id === id);
      return gone ? passedOn(gone.after) : [id];
    });
  return steps
    .filter(({ id }) => !ids.includes(id))
    .map((step) => ({ ...step, after: [...new Set(passedOn(step.after))] }));
}

/** What is closed and stopped. */
const fencedThings = (input: Readonly<Record<string, unknown>>): string =>
  canonicalJson([input["region"], input["securityGroup"], input["compute"]]);

/**
 * What undo puts back is what stood before the first attempt, not what an earlier run has made of it. It belongs to that
 * security group and that service: if the file names others since, nothing of it is put back on those.
 */
function capturedBefore({ continues }: FailoverRequest, now: Readonly<Record<string, unknown>>) {
  const before = continues && fenceOf(continues);
  // A run that asked for nothing itself may still continue one that did.
  const mayHaveTouched = continues && (continues.intents > 0 || continues.plan.restOf !== undefined);
  if (!before || !mayHaveTouched || fencedThings(before.input) !== fencedThings(now)) return undefined;
  return fencePrimary.input.parse(inputOf(continues, before)).captured;
}

function fence(request: FailoverRequest, { from, oldSideDark }: Judgement): PlannedStep {
  const { service, observed, mode } = request;
  const site = siteOf(service, from);
  const facts = observed.sites[from];
  const captured: FenceCaptured | null =
    facts?.firewall.known && facts.compute.known
      ? {
          rules: [...facts.firewall.value],
          desired: facts.compute.value.desired,
          scaling: facts.compute.value.scaling ?? null,
        }
      : null;
  const things = { region: from, compute: site.compute, securityGroup: site.database.security_group };
  return planned(fencePrimary, {
    id: "fence",
    after: [],
    input: {
      ...things,
      mode,
      writeCheck: site.database.write_check,
      captured: capturedBefore(request, things) ?? captured,
      unfencedAccepted: oldSideDark,
    },
  });
}

function recordPosition({ service, observed, to, mode }: FailoverRequest, { dataLoss }: Judgement): PlannedStep {
  return planned(recordDataPosition, {
    id: "record-position",
    after: ["fence"],
    input: {
      region: to,
      instance: siteOf(service, to).database.instance,
      mustReachZero: mode === "planned",
      knownUntilMs: dataLoss.kind === "after" ? dataLoss.atMs : null,
      blindMs: blindMsOf(observed.sites[to]),
    },
  });
}

function promote({ service, to }: FailoverRequest, { from }: Judgement): PlannedStep {
  const { database } = siteOf(service, to);
  return planned(promoteReplica, {
    id: "promote",
    after: ["record-position"],
    input: {
      region: to,
      instance: database.instance,
      expectedSource: siteOf(service, from).database.instance,
      backupRetentionDays: database.backup_retention_days,
    },
  });
}

function writable({ service, to }: FailoverRequest): PlannedStep {
  const { write_check: writeCheck, instance } = siteOf(service, to).database;
  return planned(checkWritable, {
    id: "check-writable",
    after: ["promote"],
    input: { region: to, instance, writeCheck },
  });
}

function addCapacity({ service, to }: FailoverRequest): PlannedStep {
  const { compute } = siteOf(service, to);
  return planned(scaleOut, {
    id: "scale-out",
    after: scaleOutAttractsUsers(service, to) ? ["check-writable"] : [],
    input: { region: to, compute, tasks: compute.tasks },
  });
}

/**
 * Healthy targets alone can make DNS answer with the standby (failover records, or a weight-0 record while the other side
 * is dead). Unless a healthy target proves a writable database, scaling out therefore counts as moving users.
 */
function scaleOutAttractsUsers(service: Service, to: string): boolean {
  return trafficOf(service).routing !== "simple" && siteOf(service, to).compute.target_health !== "writable-database";
}

function direct({ service, to }: FailoverRequest, { dnsByHand }: Judgement): PlannedStep {
  const site = siteOf(service, to);
  const record = databaseRecordOf(service);
  const ready = record && !dnsByHand ? "point-application" : "check-writable";
  return planned(checkDirect, {
    id: "check-direct",
    after: [ready, "scale-out"],
    input: {
      region: to,
      service: service.name,
      url: deepHealthUrl(service, to),
      via: site.load_balancer.dns_name,
      compute: site.compute,
      tasks: site.compute.tasks,
      // Nothing works over there before somebody has moved that name, and nobody can ask Route 53 whether it was.
      byHandFirst:
        record && dnsByHand
          ? { name: record.name, commands: byHand.databaseRecord(record, site.database.endpoint) }
          : null,
    },
  });
}
