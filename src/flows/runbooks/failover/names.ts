import type { PlannedStep } from "../../../domain/plan-run/plan.ts";
import type { RecordSet } from "../../../domain/service/observed.ts";
import type { Service } from "../../../domain/service/service.ts";
import { type HandsOn, planned } from "../../../ports/step.ts";
import { deepHealthUrl } from "../../observe.ts";
import { sameRecords } from "../../records.ts";
import { databaseRecordOf, siteOf, trafficOf } from "../../resources/site.ts";
import { awaitDns } from "../../steps/await-dns.ts";
import * as byHand from "../../steps/by-hand.ts";
import { pointApplication, shiftTraffic } from "../../steps/change-records.ts";
import { checkPublic } from "../../steps/check-public.ts";
import { RecordsInput, SECOND } from "../../steps/schemas.ts";
import { settleDns } from "../../steps/settle-dns.ts";
import type { Judgement } from "./judgement.ts";
import type { FailoverRequest } from "./request.ts";

/** The steps that move names, and that see what users see of it. */

/** An alias to a load balancer is answered with the load balancer's own TTL. */
const LOAD_BALANCER_TTL_MS = 60 * SECOND;

/** What undo puts back, and how moving back is recognised: not what an earlier run of this move made of the records. */
function capturedBefore(
  { continues }: FailoverRequest,
  step: Pick<HandsOn<unknown>, "name">,
  current: readonly RecordSet[],
): RecordSet[] {
  const earlier = continues?.plan.steps.find(({ does }) => does === step.name);
  const input = earlier && RecordsInput.parse(earlier.input);
  return [...(input && sameRecords(current, input.after) ? input.before : current)];
}

export function pointAtDatabase(request: FailoverRequest, { dnsByHand }: Judgement): PlannedStep[] {
  const { service, observed, to } = request;
  const record = databaseRecordOf(service);
  const current = observed.databaseRecord.known ? observed.databaseRecord.value : undefined;
  if (!record || !current || dnsByHand) return [];
  const after: RecordSet = {
    ...current,
    values: [siteOf(service, to).database.endpoint],
    ttlSeconds: record.ttl_seconds,
  };
  const step = planned(pointApplication, {
    id: "point-application",
    after: ["check-writable"],
    input: {
      region: to,
      zone: record.zone,
      name: record.name,
      before: capturedBefore(request, pointApplication, [current]),
      after: [after],
    },
  });
  return [step];
}

export function traffic(request: FailoverRequest, { traffic: change, dnsByHand }: Judgement): PlannedStep[] {
  const { service, to } = request;
  const { zone, name } = trafficOf(service);
  if (dnsByHand) return [dnsMovedByHand(request), settle(name, "dns-by-hand", ttlMsOf(service))];
  if (!change) return [];
  const oldTtlMs =
    Math.max(0, ...change.before.map((record) => (record.ttlSeconds ?? 0) * SECOND)) || LOAD_BALANCER_TTL_MS;
  const before = capturedBefore(request, shiftTraffic, change.before);
  return [
    planned(shiftTraffic, {
      id: "shift-traffic",
      after: ["check-direct"],
      input: { region: to, zone, name, before, after: [...change.after] },
    }),
    settle(name, "shift-traffic", oldTtlMs),
  ];
}

function dnsMovedByHand({ service, to }: FailoverRequest): PlannedStep {
  return planned(awaitDns, {
    id: "dns-by-hand",
    after: ["check-direct"],
    input: {
      region: to,
      name: trafficOf(service).name,
      newSide: siteOf(service, to).load_balancer.dns_name,
      commands: byHand.trafficRecords(service, to),
    },
  });
}

/** By the file, since a record that cannot be read tells no TTL. */
function ttlMsOf(service: Service): number {
  const traffic = trafficOf(service);
  return traffic.routing === "simple" ? traffic.ttl_seconds * SECOND : LOAD_BALANCER_TTL_MS;
}

function settle(name: string, afterStep: string, ttlMs: number): PlannedStep {
  return planned(settleDns, { id: "settle-dns", after: [afterStep], input: { name, afterStep, ttlMs } });
}

export function checkUsers({ service, to }: FailoverRequest, { traffic: change, dnsByHand }: Judgement): PlannedStep {
  return planned(checkPublic, {
    id: "check-public",
    after: [change || dnsByHand ? "settle-dns" : "check-direct"],
    input: {
      name: trafficOf(service).name,
      newSide: siteOf(service, to).load_balancer.dns_name,
      url: deepHealthUrl(service, to),
    },
  });
}
