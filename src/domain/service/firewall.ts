import { canonicalJson } from "../json.ts";
import type { FirewallRule } from "./observed.ts";

/** The rules of each security group of a database that let somebody reach its port, by the group's id. */
export type Doors = Readonly<Record<string, readonly FirewallRule[]>>;

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
