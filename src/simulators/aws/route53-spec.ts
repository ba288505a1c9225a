import { z } from "zod";
import { canonicalName } from "../dns/names.ts";
import { blockOf } from "./cidr.ts";
import { HealthCheck } from "./route53-health-spec.ts";
import { WireBoolean, WireText } from "./route53-wire.ts";

const RECORD_TYPES = [
  ...(["A", "AAAA", "CAA", "CNAME", "DS", "HTTPS", "MX", "NAPTR", "NS", "PTR"] as const),
  ...(["SOA", "SPF", "SRV", "SSHFP", "SVCB", "TLSA", "TXT"] as const),
] as const;

/** `eu-west-1`, `us-gov-east-1`: how the names of regions are made. */
const REGION = /^[a-z]{2,4}(-[a-z]+)?-(central|(north|south)?(east|west)?)-\d$/;

/** Degrees as text, with two decimals at most. */
const coordinate = (most: number) =>
  WireText.pipe(
    z
      .string()
      .regex(/^-?\d{1,3}(\.\d{1,2})?$/)
      .refine((text) => Math.abs(Number(text)) <= most, { error: `at most ${most}` }),
  );

/** A record set as the API writes it; the spec of a zone uses the same form. Values of list members are plain arrays. */
export const RecordSet = z.strictObject({
  Name: z.string().min(1).max(1024).transform(canonicalName),
  Type: z.enum(RECORD_TYPES),
  SetIdentifier: WireText.pipe(z.string().min(1).max(128)).optional(),
  Weight: z.coerce.number().int().min(0).max(255).optional(),
  Region: z.string().regex(REGION).optional(),
  GeoLocation: z.record(z.string(), z.string()).optional(),
  GeoProximityLocation: z
    .strictObject({
      AWSRegion: z.string().regex(REGION).optional(),
      /** Such as `us-west-2-den-1`. */
      LocalZoneGroup: z.string().min(1).max(64).optional(),
      Coordinates: z.strictObject({ Latitude: coordinate(90), Longitude: coordinate(180) }).optional(),
      Bias: z.coerce.number().int().min(-99).max(99).optional(),
    })
    .refine((at) => [at.AWSRegion, at.LocalZoneGroup, at.Coordinates].filter(Boolean).length === 1, {
      error: "Expected exactly one of [AWSRegion, LocalZoneGroup, Coordinates]",
    })
    .optional(),
  /** A location of a CIDR collection; `*` is the default. */
  CidrRoutingConfig: z
    .strictObject({ CollectionId: z.string(), LocationName: z.string().regex(/^[0-9A-Za-z_\-*]{1,16}$/) })
    .optional(),
  Failover: z.enum(["PRIMARY", "SECONDARY"]).optional(),
  MultiValueAnswer: WireBoolean.optional(),
  TTL: z.coerce.number().int().min(0).max(2_147_483_647).optional(),
  ResourceRecords: z
    .array(z.strictObject({ Value: WireText }))
    .min(1)
    .optional(),
  AliasTarget: z
    .strictObject({
      HostedZoneId: z.string(),
      DNSName: z.string().transform(canonicalName),
      EvaluateTargetHealth: WireBoolean,
    })
    .optional(),
  HealthCheckId: WireText.optional(),
});
export type RecordSet = z.infer<typeof RecordSet>;

export const Change = z.strictObject({ Action: z.enum(["CREATE", "UPSERT", "DELETE"]), ResourceRecordSet: RecordSet });
export type Change = z.infer<typeof Change>;

const Cidr = z
  .string()
  .refine((text) => blockOf(text) !== undefined, { error: "must be a block such as 192.0.2.0/24" });

export const Route53Spec = z.strictObject({
  zones: z.array(
    z.strictObject({
      id: z.string(),
      name: z.string().transform(canonicalName),
      private: z.boolean().default(false),
      records: z.array(RecordSet).default([]),
    }),
  ),
  healthChecks: z.array(HealthCheck).default([]),
  /** For IP-based routing: blocks by the name of their location. */
  cidrCollections: z
    .array(z.strictObject({ id: z.uuid(), locations: z.record(z.string(), z.array(Cidr).min(1)) }))
    .default([]),
  /** Routing controls that are On from the beginning, by ARN. */
  routingControlsOn: z.array(z.string()).default([]),
  /** World seconds from acceptance of a change to INSYNC, drawn evenly. */
  insyncSeconds: z.tuple([z.number(), z.number()]).default([15, 50]),
  /** World seconds during which a zone refuses the next change; absent: until its change is INSYNC. */
  busySeconds: z.number().optional(),
  /** Requests a second of world time for the whole account, so that a faster world allows proportionally more. */
  requestsPerSecond: z.number().positive().default(5),
});
export type Route53Spec = z.infer<typeof Route53Spec>;

export interface Zone {
  readonly id: string;
  readonly name: string;
  readonly isPrivate: boolean;
  /** What lists show: every accepted change. */
  records: readonly RecordSet[];
  /** What name servers answer: every change that reached INSYNC. */
  inSync: readonly RecordSet[];
}
