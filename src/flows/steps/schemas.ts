import { z } from "zod";
import { ByHandBlock } from "../../domain/plan-run/by-hand.ts";
import { Write } from "../../domain/service/resource.ts";
import { MEANINGS } from "../../ports/compute.ts";

/** Inputs that several steps share, as they stand in a stored plan. */
export const RecordSetInput = z.object({
  name: z.string(),
  type: z.string(),
  setIdentifier: z.string().exactOptional(),
  weight: z.number().exactOptional(),
  failover: z.enum(["PRIMARY", "SECONDARY"]).exactOptional(),
  ttlSeconds: z.number().exactOptional(),
  values: z.array(z.string()).readonly().exactOptional(),
  alias: z.object({ zone: z.string(), dnsName: z.string(), evaluateTargetHealth: z.boolean() }).exactOptional(),
  healthCheck: z.string().exactOptional(),
});

export const RecordsInput = z.object({
  /** Region that the new values lead to. */
  region: z.string(),
  zone: z.string(),
  name: z.string(),
  before: z.array(RecordSetInput).readonly(),
  after: z.array(RecordSetInput).readonly(),
  /** Nobody outside the zone's networks can ask for it. */
  isPrivate: z.literal(true).exactOptional(),
  /** How the sets are written: over what stands there, or only while that is exactly `before`. */
  write: Write,
  /** The mark beside the name as it stood when the plan was made. */
  mark: z.array(RecordSetInput).readonly(),
});

/** Output of a step that moved users, where people did it in another way while it was refused: its own records say nothing then. */
export const LedElsewhere = z.object({ elsewhere: z.literal(true).exactOptional() });

/** World time since which users are led to the new side by all name servers; absent where nobody knows since when. */
export const LedSince = z.object({ inSyncAtMs: z.number().exactOptional() });

/** World time before which every commit is on the new side; null: nobody knows. */
export const PositionOutput = z.object({ lastCommitMs: z.number().nullable() });
export type PositionOutput = z.infer<typeof PositionOutput>;

/** Work that people do elsewhere before a step can succeed: the name that they move, and the commands for it. */
export const ByHandFirst = z.object({ name: z.string(), blocks: z.array(ByHandBlock) });
export type ByHandFirst = z.infer<typeof ByHandFirst>;

/** Of a snapshot that can be restored from. */
export const SnapshotOutput = z.object({
  arn: z.string(),
  encrypted: z.boolean(),
  kmsKey: z.string().nullable(),
  takenAtMs: z.number().nullable(),
});
export type SnapshotOutput = z.infer<typeof SnapshotOutput>;

const RuleSourceInput = z.discriminatedUnion("kind", [
  z.object({ kind: z.enum(["ipv4", "ipv6"]), cidr: z.string() }),
  z.object({ kind: z.literal("prefix-list"), id: z.string() }),
  z.object({
    kind: z.literal("group"),
    id: z.string(),
    account: z.string().exactOptional(),
    peering: z.object({ vpc: z.string(), connection: z.string() }).exactOptional(),
  }),
]);

/** An ingress rule with its one source. */
export const FirewallRuleInput = z.object({
  protocol: z.string(),
  fromPort: z.number().exactOptional(),
  toPort: z.number().exactOptional(),
  source: RuleSourceInput,
  description: z.string().exactOptional(),
});

export const ComputeInput = z.object({
  cluster: z.string(),
  service: z.string(),
  tasks: z.number(),
  max_tasks: z.number().optional(),
  target_group: z.string().optional(),
  target_health: z.enum(MEANINGS),
});
export type ComputeInput = z.infer<typeof ComputeInput>;

export const NoData = z.object({});
export const NoOutput = z.object({});

/** World milliseconds. Expected durations are what AWS documents or drills showed; deadlines are when people must look. */
export const SECOND = 1_000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
/** People change DNS elsewhere, or wait for Route 53 to answer again. */
export const BY_HAND_WITHIN_MS = 4 * 60 * MINUTE;
