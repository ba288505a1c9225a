import { z } from "zod";
import { blockOf, isInside, sayBlock } from "./cidr.ts";
import { ACCOUNT_ID } from "./specs.ts";

/** Whom one rule lets in. A group may be another account's, or stand in a network that is peered. */
export type Source =
  | { readonly kind: "ipv4" | "ipv6"; readonly cidr: string }
  | { readonly kind: "prefix-list"; readonly id: string }
  | {
      readonly kind: "group";
      readonly id: string;
      readonly account: string;
      readonly peering?: { readonly vpc: string; readonly connection: string } | undefined;
    };

/** One ingress rule: a protocol, a port range, and one source. */
export interface Rule {
  /** `sgr-…`; a rule that is put back gets a new one. */
  readonly id: string;
  /** `tcp`, `udp`, `icmp`, `icmpv6`, another protocol's number, or `-1` for all. */
  readonly protocol: string;
  readonly fromPort: number;
  readonly toPort: number;
  readonly source: Source;
  readonly description: string | undefined;
}

export type NewRule = Omit<Rule, "id">;

/** Who connects, as far as anybody knows: the address, and the groups of its network interface. */
export interface Peer {
  readonly address: string;
  readonly groups: readonly string[];
}

const PROTOCOLS: Readonly<Record<string, string>> = { "6": "tcp", "17": "udp", "1": "icmp", "58": "icmpv6" };

/** EC2 shows the usual protocols by name, however they were given. */
export const protocolNamed = (given: string): string => PROTOCOLS[given] ?? given.toLowerCase();

/** The same rule for EC2: what it is described as does not count. */
export function isSame(one: NewRule): (other: NewRule) => boolean {
  return (other) =>
    one.protocol === other.protocol &&
    one.fromPort === other.fromPort &&
    one.toPort === other.toPort &&
    saySource(one.source) === saySource(other.source);
}

export function saySource(source: Source): string {
  switch (source.kind) {
    case "ipv4":
    case "ipv6":
      return source.cidr;
    case "prefix-list":
      return source.id;
    case "group":
      return `${source.account}/${source.id}`;
  }
}

/** A CIDR block of the family in EC2's own form; undefined for what is none. */
export function cidrOf(family: 4 | 6, text: string): string | undefined {
  const block = blockOf(text);
  return block?.family === family ? sayBlock(block) : undefined;
}

export const opens = ({ protocol, fromPort, toPort }: NewRule, port: number): boolean =>
  protocol === "-1" || (protocol === "tcp" && (fromPort === -1 || (fromPort <= port && port <= toPort)));

/** Nobody known may be anybody. */
export function letsIn(
  { source }: NewRule,
  peer: Peer | undefined,
  entriesOf: (list: string) => readonly string[],
): boolean {
  if (!peer) return true;
  const isIn = (cidr: string) => {
    const block = blockOf(cidr);
    return block !== undefined && isInside(block, peer.address);
  };
  switch (source.kind) {
    case "ipv4":
    case "ipv6":
      return isIn(source.cidr);
    case "prefix-list":
      return entriesOf(source.id).some(isIn);
    case "group":
      return peer.groups.includes(source.id);
  }
}

/** As a world is described: a CIDR block, `pl-…`, `sg-…`, or `<account>/sg-…` for another account's group. */
export const SourceText = z.string().refine((text) => sourceNamed(text) !== undefined, {
  error: "must be a CIDR block, a prefix list, or a security group",
});

export function sourceNamed(text: string): Source | undefined {
  if (text.startsWith("pl-")) return { kind: "prefix-list", id: text };
  const [, account = ACCOUNT_ID, group] = /^(?:(\d{12})\/)?(sg-.+)$/.exec(text) ?? [];
  if (group !== undefined) return { kind: "group", id: group, account };
  const ipv4 = cidrOf(4, text);
  if (ipv4 !== undefined) return { kind: "ipv4", cidr: ipv4 };
  const ipv6 = cidrOf(6, text);
  return ipv6 === undefined ? undefined : { kind: "ipv6", cidr: ipv6 };
}
