import { z } from "zod";

/** Inputs that several steps share, as they stand in a stored plan. */
export const RecordSetInput = z.object({
  name: z.string(),
  type: z.string(),
  setIdentifier: z.string().exactOptional(),
  weight: z.number().exactOptional(),
  failover: z.enum(["PRIMARY", "SECONDARY"]).exactOptional(),
  ttlSeconds: z.number().exactOptional(),
  values: z.array(z.string()).exactOptional(),
  alias: z.object({ zone: z.string(), dnsName: z.string(), evaluateTargetHealth: z.boolean() }).exactOptional(),
  healthCheck: z.string().exactOptional(),
});

export const RecordsInput = z.object({
  zone: z.string(),
  name: z.string(),
  before: z.array(RecordSetInput),
  after: z.array(RecordSetInput),
});

export const FirewallRuleInput = z
  .object({
    protocol: z.string(),
    fromPort: z.number().optional(),
    toPort: z.number().optional(),
    cidrs: z.array(z.string()),
    ipv6Cidrs: z.array(z.string()),
    groups: z.array(z.string()),
    prefixLists: z.array(z.string()).exactOptional(),
  })
  .transform(({ fromPort, toPort, ...rest }) => ({ ...rest, fromPort, toPort }));

export const ComputeInput = z.object({
  cluster: z.string(),
  service: z.string(),
  tasks: z.number(),
  max_tasks: z.number().exactOptional(),
  target_group: z.string(),
  target_health: z.enum(["writable-database", "process"]),
});

export const NoData = z.object({});
