import { blockOf, isInside } from "../aws/cidr.ts";
import type { RecordSet } from "../aws/route53-spec.ts";
import { distanceBetween, distanceTo, type Place } from "./places.ts";

/** Most answers of a multivalue group. */
const MULTIVALUE_LIMIT = 8;

/** Uniform in [0, 1). */
export type Chance = () => number;

/** What Route 53 routes by beside the health of the sets. */
export interface Asking {
  readonly chance: Chance;
  readonly place: Place;
  /** Blocks of one location of a CIDR collection. */
  readonly blocksOf: (collection: string, location: string) => readonly string[];
}

type IsHealthy = (set: RecordSet) => boolean;

/**
 * Which record sets of one name and type Route 53 answers with (Developer Guide, "How Route 53 chooses records when
 * health checking is configured"). The group is of one routing kind. Empty: nothing is for whoever asks from there.
 */
export function chooseRecords(group: readonly RecordSet[], isHealthy: IsHealthy, asking: Asking): readonly RecordSet[] {
  const first = group[0];
  if (!first) return [];
  if (first.Weight !== undefined) return chooseWeighted(group, isHealthy, asking.chance);
  if (first.Failover !== undefined) return chooseFailover(group, isHealthy);
  if (first.MultiValueAnswer) return preferHealthy(group, isHealthy).slice(0, MULTIVALUE_LIMIT);
  if (first.Region !== undefined) return preferHealthy(byLatency(group, asking), isHealthy).slice(0, 1);
  if (first.GeoLocation !== undefined) return preferHealthy(byLocation(group, asking), isHealthy).slice(0, 1);
  if (first.GeoProximityLocation !== undefined) return preferHealthy(byProximity(group, asking), isHealthy).slice(0, 1);
  if (first.CidrRoutingConfig !== undefined) return preferHealthy(byBlock(group, asking), isHealthy).slice(0, 1);
  return [first];
}

/** The nearest region first. */
function byLatency(group: readonly RecordSet[], { place }: Asking): readonly RecordSet[] {
  return group.toSorted((one, other) => distanceTo(one.Region ?? "", place) - distanceTo(other.Region ?? "", place));
}

/** The nearest resource first, each as near as its bias makes it. */
function byProximity(group: readonly RecordSet[], { place }: Asking): readonly RecordSet[] {
  const ranked = group.map((set) => ({ set, away: biased(set.GeoProximityLocation ?? {}, place) }));
  return ranked.toSorted((one, other) => one.away - other.away).map(({ set }) => set);
}

/** A positive bias draws users of a larger area, a negative one of a smaller one, as the Developer Guide computes it. */
function biased({ AWSRegion, LocalZoneGroup = "", Coordinates, Bias = 0 }: Proximity, place: Place): number {
  // A local zone lies where its region does, as far as this world knows: `us-west-2-den-1`.
  const region = AWSRegion ?? LocalZoneGroup.split("-").slice(0, 3).join("-");
  const away = Coordinates
    ? distanceBetween([Number(Coordinates.Latitude), Number(Coordinates.Longitude)], place)
    : distanceTo(region, place);
  return Bias >= 0 ? away * (1 - Bias / 100) : away / (1 + Bias / 100);
}
type Proximity = NonNullable<RecordSet["GeoProximityLocation"]>;

/** Those that whoever asks lives in, the smallest first; the default, `*`, comes last. */
function byLocation(group: readonly RecordSet[], { place }: Asking): readonly RecordSet[] {
  const { continent, country, subdivision } = place;
  const fits = [
    (geo: Geo) =>
      geo["SubdivisionCode"] !== undefined && geo["CountryCode"] === country && geo["SubdivisionCode"] === subdivision,
    (geo: Geo) => geo["SubdivisionCode"] === undefined && geo["CountryCode"] === country,
    (geo: Geo) => geo["ContinentCode"] === continent,
    (geo: Geo) => geo["CountryCode"] === "*",
  ];
  return fits.flatMap((isIt) => group.filter(({ GeoLocation = {} }) => isIt(GeoLocation)));
}
type Geo = NonNullable<RecordSet["GeoLocation"]>;

/** Those with a block that holds the address, the longest prefix first; the default, `*`, comes last. */
function byBlock(group: readonly RecordSet[], { place, blocksOf }: Asking): readonly RecordSet[] {
  const ranked = group.flatMap((set) => {
    const { CollectionId = "", LocationName = "" } = set.CidrRoutingConfig ?? {};
    if (LocationName === "*") return [{ set, bits: -1 }];
    const holding = blocksOf(CollectionId, LocationName).flatMap((text) => blockOf(text) ?? []);
    const bits = holding.filter((block) => isInside(block, place.address)).map((block) => block.bits);
    return bits.length === 0 ? [] : [{ set, bits: Math.max(...bits) }];
  });
  return ranked.toSorted((one, other) => other.bits - one.bits).map(({ set }) => set);
}

/**
 * Healthy records with weight first; none: the healthy ones with weight 0; none healthy at all: as if all were healthy,
 * which leaves weight 0 out again. Where every weight is 0 all are equally likely.
 */
function chooseWeighted(group: readonly RecordSet[], isHealthy: IsHealthy, chance: Chance): readonly RecordSet[] {
  const weighted = group.filter((set) => (set.Weight ?? 0) > 0);
  const zero = group.filter((set) => (set.Weight ?? 0) === 0);
  const healthy = weighted.filter(isHealthy);
  if (healthy.length > 0) return draw(healthy, chance);
  const fallback = zero.filter(isHealthy);
  if (fallback.length > 0) return draw(fallback, chance);
  return draw(group, chance);
}

function draw(sets: readonly RecordSet[], chance: Chance): readonly RecordSet[] {
  const weights = sets.map((set) => set.Weight ?? 0);
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  if (total === 0) return sets.slice(Math.floor(chance() * sets.length)).slice(0, 1);
  let point = chance() * total;
  for (const [index, weight] of weights.entries()) {
    point -= weight;
    if (point < 0) return sets.slice(index, index + 1);
  }
  return sets.slice(-1);
}

function chooseFailover(group: readonly RecordSet[], isHealthy: IsHealthy): readonly RecordSet[] {
  const primary = group.filter((set) => set.Failover === "PRIMARY");
  const secondary = group.filter((set) => set.Failover === "SECONDARY");
  if (primary.length === 0) return secondary;
  if (secondary.length === 0 || primary.some(isHealthy)) return primary;
  return secondary.some(isHealthy) ? secondary : primary;
}

function preferHealthy(group: readonly RecordSet[], isHealthy: IsHealthy): readonly RecordSet[] {
  const healthy = group.filter(isHealthy);
  return healthy.length > 0 ? healthy : group;
}
