import { z } from "zod";

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
});

/** Of a snapshot that can be restored from. */
export const SnapshotOutput = z.object({
  arn: z.string(),
  encrypted: z.boolean(),
  kmsKey: z.string().nullable(),
  takenAtMs: z.number().nullable(),
});
export type SnapshotOutput = z.infer<typeof SnapshotOutput>;

export const FirewallRuleInput = z
  .object({
    protocol: z.string(),
    fromPort: z.number().optional(),
    toPort: z.number().optional(),
    cidrs: z.array(z.string()).readonly(),
    ipv6Cidrs: z.array(z.string()).readonly(),
    groups: z.array(z.string()).readonly(),
    prefixLists: z.array(z.string()).readonly().exactOptional(),
  })
  .transform(({ fromPort, toPort, ...rest }) => ({ ...rest, fromPort, toPort }));

/** What stands on the old side before it is fenced: what undo puts back. */
export const FenceCaptured = z.object({
  rules: z.array(FirewallRuleInput).readonly(),
  desired: z.number(),
  scaling: z.object({ min: z.number(), max: z.number(), suspended: z.boolean() }).nullable(),
});
export type FenceCaptured = z.infer<typeof FenceCaptured>;

export const ComputeInput = z.object({
  cluster: z.string(),
  service: z.string(),
  tasks: z.number(),
  max_tasks: z.number().optional(),
  target_group: z.string(),
  target_health: z.enum(["writable-database", "process"]),
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
