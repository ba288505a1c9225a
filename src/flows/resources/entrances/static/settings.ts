import { z } from "zod";
import { RegionName } from "../../../../domain/service/region.ts";
import { LEADS_TO, RecordName } from "../../../../domain/service/resource.ts";

export const ABOUT =
  "Names that people move by hand, at a DNS provider that TwoKey cannot reach; a failover asks them to, waits, and checks.";

const StaticName = z.strictObject({
  name: RecordName.describe("Name that users resolve."),
  ttl_seconds: z
    .number()
    .int()
    .min(1)
    .max(86_400)
    .default(300)
    .describe("TTL that its record has; so long is waited for old answers to run out."),
  in: z
    .record(RegionName, z.string().min(1))
    .describe("Host name that it leads to while a region serves users, without a trailing dot."),
});
export type StaticName = z.infer<typeof StaticName>;

/** Names outside Route 53 that people move. */
export const Static = z.strictObject({
  kind: z.literal("static").describe(ABOUT),
  names: z.array(StaticName).min(1, "must name at least one record").describe("Names that users resolve."),
  ...LEADS_TO,
  how: z
    .string()
    .min(1)
    .max(1_500, "must be at most 1,500 characters, so that one message shows it whole")
    .describe("Who moves them and how, for people at three in the morning: a team, a portal, a phone number."),
});
export type Static = z.infer<typeof Static>;
