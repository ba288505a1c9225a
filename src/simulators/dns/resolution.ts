import type { RecordSet } from "../aws/route53-spec.ts";

/** Most answers of a multivalue group. */
const MULTIVALUE_LIMIT = 8;

/** Uniform in [0, 1). */
export type Chance = () => number;

/**
 * Which record sets of one name and type Route 53 answers with (Developer Guide, "How Route 53 chooses records when
 * health checking is configured"). The group is never empty and of one routing kind.
 */
export function chooseRecords(
  group: readonly RecordSet[],
  isHealthy: (set: RecordSet) => boolean,
  chance: Chance,
): readonly RecordSet[] {
  const first = group[0];
  if (!first) return [];
  if (first.Weight !== undefined) return chooseWeighted(group, isHealthy, chance);
  if (first.Failover !== undefined) return chooseFailover(group, isHealthy);
  if (first.MultiValueAnswer) return preferHealthy(group, isHealthy).slice(0, MULTIVALUE_LIMIT);
  // Where clients are is not simulated: latency and geolocation groups answer their first healthy identifier.
  if (first.SetIdentifier !== undefined) return preferHealthy(group.toSorted(byIdentifier), isHealthy).slice(0, 1);
  return [first];
}

/**
 * Healthy records with weight first; none: the healthy ones with weight 0; none healthy at all: as if all were healthy,
 * which leaves weight 0 out again. Where every weight is 0 all are equally likely.
 */
function chooseWeighted(
  group: readonly RecordSet[],
  isHealthy: (set: RecordSet) => boolean,
  chance: Chance,
): readonly RecordSet[] {
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

function chooseFailover(group: readonly RecordSet[], isHealthy: (set: RecordSet) => boolean): readonly RecordSet[] {
  const primary = group.filter((set) => set.Failover === "PRIMARY");
  const secondary = group.filter((set) => set.Failover === "SECONDARY");
  if (primary.length === 0) return secondary;
  if (secondary.length === 0 || primary.some(isHealthy)) return primary;
  return secondary.some(isHealthy) ? secondary : primary;
}

function preferHealthy(group: readonly RecordSet[], isHealthy: (set: RecordSet) => boolean): readonly RecordSet[] {
  const healthy = group.filter(isHealthy);
  return healthy.length > 0 ? healthy : group;
}

function byIdentifier(one: RecordSet, other: RecordSet): number {
  return (one.SetIdentifier ?? "") < (other.SetIdentifier ?? "") ? -1 : 1;
}
