import { canonicalJson } from "../../../../domain/json.ts";
import type { Told } from "../../../../domain/service/observation.ts";
import type { Known } from "../../../../domain/service/observed.ts";
import type { Region } from "../../../../domain/service/region.ts";
import type { RecordSet } from "../../../../ports/traffic.ts";
import { isSilent } from "../../../steps/dns-answers.ts";
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
  /** Whether a region's load balancer has IPv6 addresses; absent: no name has AAAA sets, or no resolver answered. */
  readonly hasIpv6?: Readonly<Record<Region, boolean>>;
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
  const isDual = seen.some(([, found]) => found.known && found.value.some(({ type }) => type === "AAAA"));
  return {
    ...{ names: Object.fromEntries(seen), marks: Object.fromEntries(marks) },
    ...(isDual && { hasIpv6: await ipv6Of(place, looking) }),
  };
}

/** AAAA sets that move lead nobody anywhere where the other side has no such address. */
async function ipv6Of(
  { service, front }: Place<Route53>,
  { cloud, signal }: Looking,
): Promise<Record<Region, boolean>> {
  const asked = service.regions.map(async (region) => {
    const name = front(region)?.dns_name;
    const answers = name === undefined ? [] : await cloud.probe.resolve(name, signal, "AAAA");
    const heard = answers.filter((answer) => !isSilent(answer));
    return heard.length === 0 ? [] : [[region, heard.some(({ values }) => values.length > 0)] as const];
  });
  return Object.fromEntries((await Promise.all(asked)).flat());
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
