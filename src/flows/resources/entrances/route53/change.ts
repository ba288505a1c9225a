import type { ByHandBlock } from "../../../../domain/plan-run/by-hand.ts";
import type { Region } from "../../../../domain/service/service.ts";
import type { RecordSet } from "../../../../ports/traffic.ts";
import { foreignTo, leftoverOf } from "../../../steps/record-sets.ts";
import type { SetId } from "../../../steps/records.ts";
import { recordsByHand, recordsListed } from "../../../steps/records-by-hand.ts";
import type { LoadBalancer, Traffic } from "../../parts.ts";

/** What the records of a name become when `to` serves: computed once, in the plan; the executor decides nothing. */
export type RecordChange =
  | { readonly before: readonly RecordSet[]; readonly after: readonly RecordSet[] }
  | { readonly refused: string };

/** Where a name is to lead. */
export interface Leading {
  readonly traffic: Traffic;
  readonly to: Region;
  readonly front: LoadBalancer;
}

const aliasOf = ({ zone, dns_name }: LoadBalancer) => ({
  ...{ zone, dnsName: dns_name.toLowerCase(), evaluateTargetHealth: true },
});

const DUALSTACK = "dualstack.";

/** The target changes, and nothing else of an alias: how its name is written and whether its health counts are of whoever made it. */
function ledTo({ alias }: RecordSet, front: LoadBalancer): NonNullable<RecordSet["alias"]> {
  const next = aliasOf(front);
  if (!alias) return next;
  const isWanted = alias.dnsName.startsWith(DUALSTACK) && !next.dnsName.startsWith(DUALSTACK);
  return {
    ...next,
    dnsName: (isWanted ? DUALSTACK : "") + next.dnsName,
    evaluateTargetHealth: alias.evaluateTargetHealth,
  };
}

/**
 * After a failover no answer may lead back to the old side by itself: a weight-0 record is answered again when the rest is
 * unhealthy, and a PRIMARY when both are. So every record of the pair points at the new side's load balancer. Each keeps its
 * own health check, which chooses between two ways to one side now, and is where it belongs when users have come home.
 */
export function changeOf(current: readonly RecordSet[], { traffic, to, front }: Leading): RecordChange {
  switch (traffic.routing) {
    case "weighted":
      return moved(current, {
        front,
        changes: Object.entries(traffic.set_identifiers).map(([region, id]) => [
          id,
          { weight: region === to ? 100 : 0 },
        ]),
      });
    case "failover":
      return moved(current, {
        front,
        changes: [
          [traffic.primary, {}],
          [traffic.secondary, {}],
        ],
      });
    case "simple": {
      const value = traffic.values[to];
      const record = current.find((set) => set.type === "CNAME" && set.setIdentifier === undefined);
      if (!record || value === undefined)
        return refusedFor(current, [`${traffic.name} is not a simple CNAME record with a value for ${to}`]);
      return accounted(current, {
        ...{ before: [record], after: [{ ...record, values: [value], ttlSeconds: traffic.ttl_seconds }], wrong: [] },
      });
    }
  }
}

const FAMILIES = new Set(["A", "AAAA"]);

/** What a move of this name changes, as far as the file tells: it may have one family alone. */
export function ownSets(traffic: Traffic): SetId[] {
  if (traffic.routing === "simple") return [{ type: "CNAME" }];
  const ids =
    traffic.routing === "weighted" ? Object.values(traffic.set_identifiers) : [traffic.primary, traffic.secondary];
  return ids.flatMap((setIdentifier) => [...FAMILIES].map((type) => ({ type, setIdentifier })));
}

interface Moving {
  readonly front: LoadBalancer;
  /** What changes besides the target. */
  readonly changes: readonly (readonly [id: string, change: Pick<RecordSet, "weight">])[];
}

function moved(current: readonly RecordSet[], { front, changes }: Moving): RecordChange {
  const before: RecordSet[] = [];
  const after: RecordSet[] = [];
  const wrong: string[] = [];
  for (const [id, change] of changes) {
    // Both address families: whoever resolves AAAA must not stay behind on the old side.
    const records = current.filter(({ setIdentifier, type }) => setIdentifier === id && FAMILIES.has(type));
    if (records.length === 0) wrong.push(`there is no record set called “${id}”`);
    for (const record of records) {
      if (!record.alias) wrong.push(`record set “${id}” (${record.type}) is not an alias record`);
      before.push(record);
      after.push({ ...record, ...change, alias: ledTo(record, front) });
    }
  }
  return accounted(current, { before, after, wrong });
}

interface Judged {
  readonly before: readonly RecordSet[];
  readonly after: readonly RecordSet[];
  readonly wrong: readonly string[];
}

/** Everything under the name is moved or leads nobody; otherwise some users would stay on the old side unseen (G21). */
function accounted(current: readonly RecordSet[], { before, after, wrong }: Judged): RecordChange {
  const left = leftoverOf(current, before);
  const elsewhere = left === undefined ? [] : [`what is left would still lead users elsewhere: ${left}`];
  const isGood = wrong.length === 0 && left === undefined && foreignTo(current) === undefined;
  return isGood ? { before, after } : refusedFor(current, [...wrong, ...elsewhere]);
}

/** All of it at once: who mends one thing shall not meet the next one at the next try. */
function refusedFor(current: readonly RecordSet[], wrong: readonly string[]): RecordChange {
  return { refused: [foreignTo(current) ?? [], wrong].flat().join("; ") };
}

/** From the file alone, which knows neither health checks nor what else a set says: what is written is written over all of it. */
export function changeByHand({ traffic, to, front }: Leading): ByHandBlock[] {
  const set = { name: traffic.name, type: "A", alias: { ...aliasOf(front), dnsName: front.dns_name } };
  switch (traffic.routing) {
    case "weighted":
      return [
        asItStands(traffic),
        ...recordsByHand(
          traffic.zone,
          Object.entries(traffic.set_identifiers).map(([region, setIdentifier]) => ({
            ...{ ...set, setIdentifier, weight: region === to ? 100 : 0 },
          })),
        ),
      ];
    case "failover":
      return [
        asItStands(traffic),
        ...recordsByHand(traffic.zone, [
          { ...set, setIdentifier: traffic.primary, failover: "PRIMARY" },
          { ...set, setIdentifier: traffic.secondary, failover: "SECONDARY" },
        ]),
      ];
    case "simple": {
      const { name, ttl_seconds: ttlSeconds, values, zone } = traffic;
      const value = values[to];
      return recordsByHand(zone, [{ name, type: "CNAME", ttlSeconds, values: value ? [value] : [] }]);
    }
  }
}

const asItStands = (traffic: Traffic): ByHandBlock => ({
  commands: recordsListed(traffic),
  goOn: "when you have written each HealthCheckId and EvaluateTargetHealth that stands there into its part of the next command, and added a part for each AAAA set.",
});
