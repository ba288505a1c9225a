import type { ResourceRecordSet, RRType } from "@aws-sdk/client-route-53";
import { z } from "zod";
import type { RecordSet } from "../../ports/traffic.ts";

const Understood = z.object({
  Name: z.string(),
  Type: z.string(),
  SetIdentifier: z.string().optional(),
  Weight: z.number().optional(),
  Failover: z.enum(["PRIMARY", "SECONDARY"]).optional(),
  TTL: z.number().optional(),
  ResourceRecords: z.array(z.object({ Value: z.string() })).optional(),
  AliasTarget: z
    .object({ HostedZoneId: z.string(), DNSName: z.string(), EvaluateTargetHealth: z.boolean() })
    .optional(),
  HealthCheckId: z.string().optional(),
});

/** Lower case, no trailing dot, and Route 53's octal escapes (`\052` for `*`) undone. */
export function comparableName(name: string): string {
  return name
    .replace(/\\(\d{3})/g, (_escape, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)))
    .replace(/\.$/, "")
    .toLowerCase();
}

/** Any attribute beyond the understood ones makes the set foreign, also one that AWS has yet to invent. */
export function recordSetOf(set: ResourceRecordSet): RecordSet {
  const known = Understood.parse(set);
  const { SetIdentifier, Weight, Failover, TTL, ResourceRecords, AliasTarget, HealthCheckId } = known;
  const foreign = Object.entries(set)
    .filter(([name, value]) => !Object.hasOwn(Understood.shape, name) && value !== undefined && value !== false)
    .map(([name]) => name)
    .toSorted();
  const isName = known.Type === "CNAME";
  return {
    name: comparableName(known.Name),
    type: known.Type,
    ...(SetIdentifier !== undefined && { setIdentifier: SetIdentifier }),
    ...(Weight !== undefined && { weight: Weight }),
    ...(Failover !== undefined && { failover: Failover }),
    ...(TTL !== undefined && { ttlSeconds: TTL }),
    ...(ResourceRecords && { values: ResourceRecords.map(({ Value }) => (isName ? comparableName(Value) : Value)) }),
    ...(AliasTarget && {
      alias: {
        zone: AliasTarget.HostedZoneId,
        dnsName: comparableName(AliasTarget.DNSName),
        evaluateTargetHealth: AliasTarget.EvaluateTargetHealth,
      },
    }),
    ...(HealthCheckId !== undefined && { healthCheck: HealthCheckId }),
    ...(foreign.length > 0 && { foreign }),
  };
}

export function toResourceRecordSet(record: RecordSet): ResourceRecordSet {
  const { setIdentifier, weight, failover, ttlSeconds, values, alias, healthCheck } = record;
  return {
    Name: record.name,
    // The port's type is open; Route 53 itself refuses a type that it does not know.
    Type: record.type as RRType,
    ...(setIdentifier !== undefined && { SetIdentifier: setIdentifier }),
    ...(weight !== undefined && { Weight: weight }),
    ...(failover !== undefined && { Failover: failover }),
    ...(ttlSeconds !== undefined && { TTL: ttlSeconds }),
    ...(values && { ResourceRecords: values.map((Value) => ({ Value })) }),
    ...(alias && {
      AliasTarget: {
        HostedZoneId: alias.zone,
        DNSName: alias.dnsName,
        EvaluateTargetHealth: alias.evaluateTargetHealth,
      },
    }),
    ...(healthCheck !== undefined && { HealthCheckId: healthCheck }),
  };
}
