import { z } from "zod";
import { RegionName } from "../../../../domain/service/region.ts";
import { ELSEWHERE, LEADS_TO, orName, RecordName, Write, ZoneId } from "../../../../domain/service/resource.ts";

export const ABOUT =
  "Records in Route 53 with weighted, failover or simple routing; a failover changes where they lead.";

const SetIdentifier = z.string().min(1);

const PublicName = z.strictObject({
  name: RecordName.describe("Name of the record that users resolve."),
  zone: ZoneId.optional().describe("Hosted zone that holds the record. Absent: discovered."),
  private: z
    .boolean()
    .default(false)
    .describe(
      "The zone is private: its records are moved too, and nobody outside its networks can be asked what they give. A name that a public zone holds as well has an entry for each zone.",
    ),
  routing: z
    .enum(["weighted", "failover", "simple"])
    .optional()
    .describe("How Route 53 chooses among the records of this name. Absent: discovered."),
  set_identifiers: z
    .record(RegionName, SetIdentifier)
    .optional()
    .describe(
      "With `weighted`: SetIdentifier of each region's record, exactly as Route 53 has it. Absent: discovered.",
    ),
  primary: SetIdentifier.optional().describe(
    "With `failover`: SetIdentifier of the PRIMARY record, whichever side it answers with today. Absent: discovered.",
  ),
  secondary: SetIdentifier.optional().describe(
    "With `failover`: SetIdentifier of the SECONDARY record, whichever side it answers with today. Absent: discovered.",
  ),
  ttl_seconds: z
    .number()
    .int()
    .min(1)
    .max(3_600)
    .optional()
    .describe("With `simple`: TTL of the record. Absent: discovered."),
  values: z
    .record(RegionName, z.string().min(1))
    .optional()
    .describe("With `simple`: CNAME value for each region. Absent: discovered."),
});
export type PublicName = z.infer<typeof PublicName>;

/** Names in Route 53: alias records to the load balancers of both sides, or one CNAME. */
export const Route53 = z.strictObject({
  kind: z.literal("route53").describe(ABOUT),
  names: z
    .array(orName(PublicName))
    .min(1, "must name at least one record")
    .describe("Names that users resolve, each as its name alone or as a block."),
  ...LEADS_TO,
  write: Write.default("sentinel").describe(
    "How the records are changed. Both are one batch with a TXT record `_twokey.<name>`, so that a late executor is refused by Route 53. `sentinel` writes the records over what stands there. `exact` deletes them as they were read and creates them: then an edit by somebody else in the last second is refused too.",
  ),
  ...ELSEWHERE,
});
export type Route53 = z.infer<typeof Route53>;
