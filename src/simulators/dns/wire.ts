import { type Answer, AUTHORITATIVE_ANSWER, type DecodedPacket, type Packet, RECURSION_AVAILABLE } from "dns-packet";
import type { Resolution, ResolvedRecord } from "./resolver.ts";

/** RFC 1035, section 4.1.1, and RFC 6895. */
const RCODE = { noError: 0, serverFailure: 2, noSuchName: 3, refused: 5 } as const;

const RECURSION_DESIRED = 1 << 8;

export function replyTo(query: DecodedPacket, resolution: Resolution, role: "authority" | "resolver"): Packet {
  const answers = resolution.records.flatMap((record) => encodeRecord(record));
  const isNegative = resolution.status === "no-data" || resolution.status === "no-such-name";
  return {
    ...frame(query, roleFlags(role) | rcodeOf(resolution, role)),
    answers,
    authorities: isNegative && resolution.zone !== undefined ? [soaOf(resolution.zone, resolution.ttlSeconds)] : [],
  };
}

export function failureOf(query: DecodedPacket): Packet {
  return frame(query, RCODE.serverFailure);
}

function frame(query: DecodedPacket, flags: number): Packet {
  const desired = (query.flags ?? 0) & RECURSION_DESIRED;
  return { id: query.id ?? 0, type: "response", flags: flags | desired, questions: query.questions ?? [] };
}

function roleFlags(role: "authority" | "resolver"): number {
  return role === "authority" ? AUTHORITATIVE_ANSWER : RECURSION_AVAILABLE;
}

function rcodeOf({ status, records }: Resolution, role: "authority" | "resolver"): number {
  switch (status) {
    case "found":
    case "no-data":
      return RCODE.noError;
    case "no-such-name":
      return RCODE.noSuchName;
    case "failed":
      // A name server's chain may leave its zones: the CNAME is the whole answer then.
      if (role === "authority") return records.length > 0 ? RCODE.noError : RCODE.refused;
      return RCODE.serverFailure;
  }
}

function soaOf(zone: string, ttl: number): Answer {
  const data = soaData("ns-1.awsdns-00.com. awsdns-hostmaster.amazon.com. 1 7200 900 1209600 86400");
  return { type: "SOA", name: plain(zone), ttl, data };
}

function plain(name: string): string {
  return name.replace(/\.$/, "");
}

/** Nothing for record types that only the API carries. */
function encodeRecord({ name: dotted, type, ttlSeconds: ttl, value }: ResolvedRecord): Answer[] {
  const name = plain(dotted);
  const parts = value.split(/\s+/);
  switch (type) {
    case "A":
    case "AAAA":
      return [{ type, name, ttl, data: value }];
    case "CNAME":
    case "NS":
    case "PTR":
      return [{ type, name, ttl, data: plain(value) }];
    case "TXT":
      return [{ type, name, ttl, data: [...value.matchAll(/"((?:[^"\\]|\\.)*)"/g)].map((match) => match[1] ?? "") }];
    case "MX":
      return [{ type, name, ttl, data: { preference: Number(parts[0]), exchange: plain(parts[1] ?? "") } }];
    case "SRV": {
      const [priority, weight, port] = parts.map(Number);
      const target = plain(parts[3] ?? "");
      return [{ type, name, ttl, data: { priority: priority ?? 0, weight: weight ?? 0, port: port ?? 0, target } }];
    }
    case "SOA":
      return [{ type, name, ttl, data: soaData(value) }];
    default:
      return [];
  }
}

function soaData(text: string) {
  const [mname = "", rname = "", ...numbers] = text.split(/\s+/);
  const [serial = 0, refresh = 0, retry = 0, expire = 0, minimum = 0] = numbers.map(Number);
  return { mname: plain(mname), rname: plain(rname), serial, refresh, retry, expire, minimum };
}
