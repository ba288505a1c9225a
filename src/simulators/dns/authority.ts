import type { RecordSet, Zone } from "../aws/route53-spec.ts";
import { canonicalName, liesWithin, withoutDualstack } from "./names.ts";
import { type Place, USUAL_PLACE } from "./places.ts";
import { type Chance, chooseRecords } from "./resolution.ts";

/** A host that has an address of its own: a load balancer or a database endpoint. */
export interface Host {
  readonly address: string;
  /** IPv6; absent: it has none. */
  readonly address6?: string | undefined;
  readonly ttlSeconds: number;
  /** What EvaluateTargetHealth of an alias to this host sees. */
  readonly isHealthy: boolean;
}

/** One step of a resolution, as the name servers of one zone answer it. */
export type DnsStep =
  | { readonly kind: "records"; readonly zone: string; readonly ttlSeconds: number; readonly values: readonly string[] }
  | { readonly kind: "cname"; readonly zone: string; readonly ttlSeconds: number; readonly target: string }
  | { readonly kind: "empty"; readonly zone: string; readonly ttlSeconds: number; readonly nameExists: boolean }
  | { readonly kind: "no-zone" };

export interface Authority {
  /** `place`: of whoever asks; absent: the usual one. */
  ask(name: string, type: string, place?: Place): DnsStep;
}

export interface AuthorityDeps {
  readonly zones: readonly Zone[];
  readonly isCheckHealthy: (id: string) => boolean | undefined;
  /** Canonical name to host, for names that no zone of the account holds. */
  readonly host: (name: string) => Host | undefined;
  /** Canonical name to the host that it leads to now, for names outside the account that move: a cluster's endpoints. */
  readonly leadsTo: (name: string) => { readonly target: string; readonly ttlSeconds: number } | undefined;
  readonly chance: Chance;
  /** Blocks of one location of a CIDR collection; absent: there is no collection. */
  readonly blocksOf?: (collection: string, location: string) => readonly string[];
}

/** Negative answers live as long as the SOA record says: 900 s in every zone of Route 53. */
const NEGATIVE_TTL_SECONDS = 900;
const MAX_ALIAS_DEPTH = 8;

/**
 * The name servers: what in-sync zone data answers at this moment. `public` sees public zones only; `vpc` sees private
 * zones too and prefers them, as a resolver inside an associated VPC does.
 */
export function createAuthority(deps: AuthorityDeps, view: "public" | "vpc"): Authority {
  const zones = deps.zones
    .filter((zone) => view === "vpc" || !zone.isPrivate)
    .toSorted((a, b) => b.name.length - a.name.length || Number(b.isPrivate) - Number(a.isPrivate));
  return {
    ask: (rawName, type, place = USUAL_PLACE) => {
      const name = canonicalName(rawName);
      const zone = zones.find((candidate) => liesWithin(name, candidate.name));
      return zone ? answer({ deps, zone }, { name, type, place }, 0) : answerOutside(deps, name, type);
    },
  };
}

/** A name that no zone of the account holds. */
function answerOutside(deps: AuthorityDeps, name: string, type: string): DnsStep {
  const parent = name.slice(name.indexOf(".") + 1);
  const moving = deps.leadsTo(name);
  if (moving) return { kind: "cname", zone: parent, ...moving };
  const host = deps.host(withoutDualstack(name));
  if (!host) return { kind: "no-zone" };
  const address = addressIn(host, type);
  if (address !== undefined) return { kind: "records", zone: parent, ttlSeconds: host.ttlSeconds, values: [address] };
  return { kind: "empty", zone: parent, ttlSeconds: host.ttlSeconds, nameExists: true };
}

/** The name servers of one zone. */
interface Within {
  readonly deps: AuthorityDeps;
  readonly zone: Zone;
}

function isHealthy(within: Within, set: RecordSet, depth: number): boolean {
  const { deps, zone } = within;
  // A check that no longer exists cannot fail.
  if (set.HealthCheckId !== undefined && deps.isCheckHealthy(set.HealthCheckId) === false) return false;
  const alias = set.AliasTarget;
  if (!alias?.EvaluateTargetHealth || depth > MAX_ALIAS_DEPTH) return true;
  if (alias.HostedZoneId === zone.id) {
    return groupOf(zone, alias.DNSName, set.Type).some((target) => isHealthy(within, target, depth + 1));
  }
  return deps.host(withoutDualstack(alias.DNSName))?.isHealthy ?? false;
}

function answer(within: Within, question: Question, depth: number): DnsStep {
  const { deps, zone } = within;
  const { name, type, place } = question;
  const group = groupOf(zone, name, type);
  const chosen = chooseRecords(group, (set) => isHealthy(within, set, depth), {
    ...{ chance: deps.chance, place },
    blocksOf: deps.blocksOf ?? (() => []),
  });
  const first = chosen[0];
  if (!first) return group.length > 0 ? emptyIn(zone, true) : notFound(within, question);
  if (first.AliasTarget) return followAlias(within, first.AliasTarget, { type, place, depth });
  const values = chosen.flatMap((set) => set.ResourceRecords ?? []).map((record) => record.Value);
  const ttlSeconds = first.TTL ?? 0;
  if (type === "CNAME") return { kind: "cname", zone: zone.name, ttlSeconds, target: canonicalName(values[0] ?? ".") };
  return { kind: "records", zone: zone.name, ttlSeconds, values };
}

function followAlias(
  within: Within,
  alias: NonNullable<RecordSet["AliasTarget"]>,
  { type, place, depth }: Omit<Question, "name"> & { readonly depth: number },
): DnsStep {
  const { deps, zone } = within;
  const nothing = emptyIn(zone, true);
  if (depth > MAX_ALIAS_DEPTH) return nothing;
  if (alias.HostedZoneId === zone.id) return answer(within, { name: alias.DNSName, type, place }, depth + 1);
  const host = deps.host(withoutDualstack(alias.DNSName));
  const address = host && addressIn(host, type);
  if (!host || address === undefined) return nothing;
  return { kind: "records", zone: zone.name, ttlSeconds: host.ttlSeconds, values: [address] };
}

function notFound(within: Within, question: Question): DnsStep {
  const { zone } = within;
  const { name, type } = question;
  if (type !== "CNAME" && groupOf(zone, name, "CNAME").length > 0)
    return answer(within, { ...question, type: "CNAME" }, 0);
  const nameExists = zone.inSync.some((set) => liesWithin(set.Name, name)) || wildcardOf(zone, name) !== undefined;
  return emptyIn(zone, nameExists);
}

interface Question {
  readonly name: string;
  readonly type: string;
  readonly place: Place;
}

const emptyIn = (zone: Zone, nameExists: boolean): DnsStep => {
  return { kind: "empty", zone: zone.name, ttlSeconds: NEGATIVE_TTL_SECONDS, nameExists };
};

const addressIn = ({ address, address6 }: Host, type: string): string | undefined =>
  type === "A" ? address : type === "AAAA" ? address6 : undefined;

/** The sets of a name and type; a wildcard stands in only for names that do not exist. */
function groupOf(zone: Zone, name: string, type: string): readonly RecordSet[] {
  const exact = zone.inSync.filter((set) => set.Name === name);
  const wildcard = exact.length === 0 ? wildcardOf(zone, name) : undefined;
  const sets = wildcard === undefined ? exact : zone.inSync.filter((set) => set.Name === wildcard);
  return sets.filter((set) => set.Type === type);
}

function wildcardOf(zone: Zone, name: string): string | undefined {
  for (let rest = name; liesWithin(rest, zone.name) && rest !== zone.name; ) {
    rest = rest.slice(rest.indexOf(".") + 1);
    const wildcard = `*.${rest}`;
    if (zone.inSync.some((set) => set.Name === wildcard)) return wildcard;
    // An existing closer name ends the search (RFC 4592).
    if (zone.inSync.some((set) => liesWithin(set.Name, rest))) return undefined;
  }
  return undefined;
}
