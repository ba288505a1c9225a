import { canonicalJson } from "../json.ts";
import type { Known } from "./observed.ts";

/** Whom an ingress rule lets in. A group may be another account's, or stand in a network that is peered. */
export type RuleSource =
  | { readonly kind: "ipv4" | "ipv6"; readonly cidr: string }
  | { readonly kind: "prefix-list"; readonly id: string }
  | {
      readonly kind: "group";
      readonly id: string;
      /** Absent: not told. */
      readonly account?: string;
      readonly peering?: { readonly vpc: string; readonly connection: string };
    };

/** An ingress rule with its one source, exactly as EC2 gave it, so that the same rule can be put back. */
export interface FirewallRule {
  /** Name or number of a protocol; `-1` is all of them. */
  readonly protocol: string;
  readonly fromPort?: number;
  readonly toPort?: number;
  readonly source: RuleSource;
  /** What people wrote to it. */
  readonly description?: string;
}

/** The rules of each security group of a database that let somebody reach its port, by the group's id. */
export type Doors = Readonly<Record<string, readonly FirewallRule[]>>;

/** Who carries a security group: a network interface, or a database instance by its name. */
export interface Carrier {
  readonly group: string;
  /** Present where it is a database instance. */
  readonly instance?: string;
  /** What people know it by, such as `eni-0a1 (i-0b2, bastion)`. */
  readonly says: string;
}

/** Everybody who carries some groups. EC2 tells of network interfaces, and RDS of databases; the silence of one hides nothing of the other. */
export interface Carriers {
  readonly interfaces: Known<readonly Carrier[]>;
  readonly databases: Known<readonly Carrier[]>;
}

/** What nobody can see of them now; empty: they are all there. */
export const unseenOf = ({ interfaces, databases }: Carriers): Extract<Known<unknown>, { known: false }>[] =>
  [interfaces, databases].flatMap((seen) => (seen.known ? [] : [seen]));

/** Whom a fence of these instances would cut off besides, as far as it is seen, in words, by the group that they carry. */
export function cutWith({ interfaces, databases }: Carriers, fenced: readonly string[]): ReadonlyMap<string, string> {
  const whom = new Map<string, string>();
  const carriers = [interfaces, databases].flatMap((seen) => (seen.known ? seen.value : []));
  for (const { group, instance, says } of carriers) {
    if (instance !== undefined && fenced.includes(instance)) continue;
    const before = whom.get(group);
    whom.set(group, before === undefined ? says : `${before}, ${says}`);
  }
  return whom;
}

export const sayCut = (whom: ReadonlyMap<string, string>): string =>
  [...whom].map(([group, carriers]) => `${group}: ${carriers}`).join("; ");

const ALL = "-1";
const TCP: ReadonlySet<string> = new Set(["tcp", "6", ALL]);

/** Whether the rule lets anybody reach a TCP port; every rule may, where nobody knows the port. */
export function opensPort({ protocol, fromPort, toPort }: FirewallRule, port: number | undefined): boolean {
  if (!TCP.has(protocol)) return false;
  // No range, or one that begins at -1, is every port.
  if (port === undefined || protocol === ALL || fromPort === undefined || fromPort === -1) return true;
  return fromPort <= port && port <= (toPort ?? fromPort);
}

/** EC2 tells rules apart by protocol, range and source; what people wrote to them does not count. */
export function isSameRule(one: FirewallRule): (other: FirewallRule) => boolean {
  const meant = ({ description: _written, ...rule }: FirewallRule) => canonicalJson(rule);
  return (other) => meant(one) === meant(other);
}

/** One rule of each: EC2 takes none twice in one call, whatever is written to it. */
export const withoutRepeats = (rules: readonly FirewallRule[]): readonly FirewallRule[] =>
  rules.filter((rule, index) => rules.findIndex(isSameRule(rule)) === index);

export const isShut = (doors: Doors): boolean => Object.values(doors).every((rules) => rules.length === 0);
