import { canonicalJson } from "../domain/json.ts";
import type { RecordSet } from "../domain/service/observed.ts";
import type { Region, Service } from "../domain/service/service.ts";
import { siteOf, trafficOf } from "./resources/site.ts";

/** What the traffic records become when `to` serves: computed once, in the plan; the executor decides nothing. */
export type RecordChange =
  | { readonly before: readonly RecordSet[]; readonly after: readonly RecordSet[] }
  | { readonly refused: string };

/**
 * After a failover no answer may lead back to the old side by itself: a weight-0 record is answered again when the rest is
 * unhealthy, and a PRIMARY when both are. So every record of the pair points at the new side's load balancer, and the
 * captured record set is what a failback restores.
 */
export function trafficChange(service: Service, current: readonly RecordSet[], to: Region): RecordChange {
  const foreign = current.find((record) => (record.foreign?.length ?? 0) > 0);
  if (foreign)
    return { refused: `${foreign.name} has settings TwoKey does not change (${foreign.foreign?.join(", ")})` };
  const { load_balancer } = siteOf(service, to);
  const alias = { zone: load_balancer.zone, dnsName: load_balancer.dns_name.toLowerCase(), evaluateTargetHealth: true };
  const traffic = trafficOf(service);
  switch (traffic.routing) {
    case "weighted":
      return moved(
        current,
        Object.entries(traffic.set_identifiers).map(([region, id]) => [id, { weight: region === to ? 100 : 0, alias }]),
      );
    case "failover":
      return moved(current, [
        [traffic.primary, { alias, healthCheck: undefined }],
        [traffic.secondary, { alias, healthCheck: undefined }],
      ]);
    case "simple": {
      const value = traffic.values[to];
      const record = current.find((set) => set.type === "CNAME" && set.setIdentifier === undefined);
      if (!record || value === undefined)
        return { refused: `${traffic.name} is not a simple CNAME record with a value for ${to}` };
      return { before: [record], after: [{ ...record, values: [value], ttlSeconds: traffic.ttl_seconds }] };
    }
  }
}

type Change = Partial<Pick<RecordSet, "weight" | "alias">> & { readonly healthCheck?: undefined };

function moved(
  current: readonly RecordSet[],
  changes: readonly (readonly [id: string, change: Change])[],
): RecordChange {
  const before: RecordSet[] = [];
  const after: RecordSet[] = [];
  for (const [id, change] of changes) {
    const record = current.find((set) => set.setIdentifier === id);
    if (!record) return { refused: `there is no record set called “${id}”` };
    if (!record.alias) return { refused: `record set “${id}” is not an alias record` };
    const { healthCheck, ...rest } = record;
    const { healthCheck: dropped, ...set } = { healthCheck, ...change };
    before.push(record);
    after.push({ ...rest, ...set, ...(dropped === undefined ? {} : { healthCheck: dropped }) });
  }
  return { before, after };
}

/** Equal in everything TwoKey knows of a record. */
export function sameRecords(a: readonly RecordSet[], b: readonly RecordSet[]): boolean {
  const text = (records: readonly RecordSet[]) =>
    records
      .map((record) => canonicalJson(record))
      .sort()
      .join("\n");
  return text(a) === text(b);
}

/** The sets among `all` that the change is about, for comparison with what was captured. */
export function concerned(all: readonly RecordSet[], captured: readonly RecordSet[]): RecordSet[] {
  return all.filter((record) =>
    captured.some((other) => other.setIdentifier === record.setIdentifier && other.type === record.type),
  );
}
