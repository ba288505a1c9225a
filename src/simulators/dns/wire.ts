import {
  type Answer,
  AUTHORITATIVE_ANSWER,
  type DecodedPacket,
  encode,
  type OptAnswer,
  type Packet,
  RECURSION_AVAILABLE,
  TRUNCATED_RESPONSE,
} from "dns-packet";
import type { Resolution, ResolvedRecord } from "./resolver.ts";

/** RFC 1035, section 4.1.1, and RFC 6895. */
const RCODE = { noError: 0, formError: 1, serverFailure: 2, noSuchName: 3, notImplemented: 4, refused: 5 } as const;

export type Transport = "udp" | "tcp";

/** Of an answer over UDP where the question says nothing of EDNS (RFC 1035), and what this server takes at most. */
const PLAIN_BYTES = 512;
const MOST_BYTES = 4_096;
const OPCODE = 0b1111 << 11;
/** BADVERS is 16: its upper bits stand in the OPT record (RFC 6891, section 6.1.3). */
const BADVERS_UPPER = 1;
const TRANSFERS: ReadonlySet<string> = new Set(["AXFR", "IXFR"]);

/** What is answered before anybody looks into a zone: questions that this server does not take. */
export function protocolAnswer(query: DecodedPacket): Packet | undefined {
  const [question, ...more] = query.questions ?? [];
  if (((query.flags ?? 0) & OPCODE) !== 0) return frame(query, RCODE.notImplemented);
  if (!question || more.length > 0) return frame(query, RCODE.formError);
  if ((optOf(query)?.ednsVersion ?? 0) > 0) return frame(query, RCODE.noError);
  const isElsewhere = question.class !== undefined && question.class !== "IN";
  return isElsewhere || TRANSFERS.has(question.type) ? frame(query, RCODE.refused) : undefined;
}

/** As bytes, with the OPT record that answers one. What UDP cannot carry comes empty, with TC: the client asks again by TCP. */
export function sizedFor(query: DecodedPacket, reply: Packet, transport: Transport): Buffer {
  const opt = optOf(query);
  const additionals: Answer[] = opt ? [optReply(opt)] : [];
  const whole = encode({ ...reply, additionals });
  const takes = Math.min(MOST_BYTES, Math.max(PLAIN_BYTES, opt?.udpPayloadSize ?? 0));
  if (transport === "tcp" || whole.length <= takes) return whole;
  const flags = (reply.flags ?? 0) | TRUNCATED_RESPONSE;
  return encode({ ...reply, flags, answers: [], authorities: [], additionals });
}

const optOf = ({ additionals = [] }: DecodedPacket): OptAnswer | undefined =>
  additionals.find((record): record is OptAnswer => record.type === "OPT");

function optReply({ ednsVersion, flags }: OptAnswer): Answer {
  const extendedRcode = ednsVersion > 0 ? BADVERS_UPPER : 0;
  return {
    ...{ type: "OPT", name: ".", udpPayloadSize: MOST_BYTES, extendedRcode, ednsVersion: 0 },
    ...{ flags, flag_do: false, options: [] },
  };
}

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
