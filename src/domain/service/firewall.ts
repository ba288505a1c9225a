import { canonicalJson } from "../json.ts";
import type { FirewallRule } from "./observed.ts";

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

/** Whom a fence of these instances would cut off besides, in words, by the group that they carry. */
export function cutWith(carriers: readonly Carrier[], fenced: readonly string[]): ReadonlyMap<string, string> {
  const whom = new Map<string, string>();
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

export const isShut = (doors: Doors): boolean => Object.values(doors).every((rules) => rules.length === 0);
