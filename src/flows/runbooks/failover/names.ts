import type { RecordSet } from "../../../domain/service/observed.ts";
import { ROUTE53_CONTROL_PLANE, type Service, siteOf } from "../../../domain/service/service.ts";
import { deepHealthUrl } from "../../observe.ts";
import { sameRecords } from "../../records.ts";
import { RecordsInput } from "../../steps/schemas.ts";
import * as byHand from "./by-hand.ts";
import { BY_HAND_WITHIN_MS, type Draft, MINUTE, SECOND } from "./draft.ts";
import type { Judgement } from "./judgement.ts";
import type { FailoverRequest } from "./request.ts";

/** The steps that move names, and that see what users see of it. */

/** An alias to a load balancer is answered with the load balancer's own TTL. */
const LOAD_BALANCER_TTL_MS = 60 * SECOND;

/** What undo puts back, and how moving back is recognised: not what an earlier run of this move made of the records. */
function capturedBefore({ continues }: FailoverRequest, does: string, current: readonly RecordSet[]) {
  const earlier = continues?.plan.steps.find((step) => step.does === does);
  const input = earlier && RecordsInput.parse(earlier.input);
  return input && sameRecords(current, input.after) ? input.before : current;
}

export function pointApplication(request: FailoverRequest, { dnsByHand }: Judgement): Draft[] {
  const { service, observed, to } = request;
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
      input: {
        zone: record.zone,
        name: record.name,
        before: capturedBefore(request, "point-application", [current]),
        after: [after],
      },
      expectedMs: 35 * SECOND,
      deadlineMs: 15 * MINUTE,
      byHand: byHand.records(record.zone, [after]),
    },
  ];
}

export function traffic(request: FailoverRequest, { traffic: change, dnsByHand }: Judgement): Draft[] {
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
      input: { zone, name, before: capturedBefore(request, "shift-traffic", change.before), after: change.after },
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

export function checkPublic({ service, to }: FailoverRequest, { traffic: change, dnsByHand }: Judgement): Draft {
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
