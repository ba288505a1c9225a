import { canonicalJson } from "../../../../domain/json.ts";
import type { Told } from "../../../../domain/service/observation.ts";
import type { Known } from "../../../../domain/service/observed.ts";
import type { RecordSet } from "../../../../ports/traffic.ts";
import { marksBeside } from "../../../steps/dns-mark.ts";
import { sayRecords } from "../../../steps/record-sets.ts";
import { sayKnown } from "../../facts.ts";
import type { Traffic } from "../../parts.ts";
import type { IdentityFact, Looking, Place, Seen } from "../../place.ts";
import { names, sayTraffic, trafficKey } from "./parts.ts";
import type { Route53 } from "./settings.ts";

export interface Route53Seen {
  /** Every record set of each name, by `trafficKey`. */
  readonly names: Readonly<Record<string, Known<readonly RecordSet[]>>>;
  /** The mark beside each name, as far as it could be read. */
  readonly marks?: Readonly<Record<string, readonly RecordSet[]>>;
}

export type Route53At = Seen<Route53, Route53Seen>;

export const trafficOf = ({ resource, service }: Place<Route53>): readonly Traffic[] =>
  names(resource, service.regions);

export async function look(place: Place<Route53>, looking: Looking): Promise<Route53Seen> {
  const { cloud, signal } = looking;
  const all = trafficOf(place);
  const [seen, marks] = await Promise.all([
    Promise.all(
      all.map(async (traffic) => {
        const { zone, name } = traffic;
        return [trafficKey(traffic), await looking.beyondRegions(cloud.traffic.records(zone, name, signal))] as const;
      }),
    ),
    Promise.all(
      all.map(async (named) => {
        const mark = await looking.beyondRegions(marksBeside(cloud.traffic, named, signal));
        return [trafficKey(named), mark.known ? mark.value : []] as const;
      }),
    ),
  ]);
  return { names: Object.fromEntries(seen), marks: Object.fromEntries(marks) };
}

export const tell = (at: Route53At): Told => ({
  in: {},
  facts: trafficOf(at).flatMap((traffic) => {
    const records = at.seen.names[trafficKey(traffic)];
    return records ? [{ what: `records of ${sayTraffic(traffic)}`, seen: sayKnown(records, sayRecords) }] : [];
  }),
});

export function identity(at: Route53At): IdentityFact[] {
  const all = trafficOf(at);
  return all.map((traffic) => {
    const key = trafficKey(traffic);
    const found = at.seen.names[key];
    return {
      fact: all.length === 1 ? "traffic-records" : `traffic-records-${key}`,
      says: `the records of ${sayTraffic(traffic)}`,
      value: found?.known ? canonicalJson(inOrder(traffic, found.value)) : undefined,
    };
  });
}

function inOrder({ routing }: Traffic, records: readonly RecordSet[]): RecordSet[] {
  const ours = routing === "simple" ? records.filter((record) => record.type === "CNAME") : records;
  return [...ours].sort((a, b) => (a.setIdentifier ?? "").localeCompare(b.setIdentifier ?? ""));
}
