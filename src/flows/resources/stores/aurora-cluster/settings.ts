import { z } from "zod";
import { RegionName } from "../../../../domain/service/region.ts";
import { ELSEWHERE, HttpUrl } from "../../../../domain/service/resource.ts";

export const ABOUT =
  "An Aurora cluster inside one region; a failover moves its writer to a named instance of the same cluster.";

const Cluster = z.strictObject({
  id: z
    .string()
    .regex(/^[a-z][a-z0-9-]{0,62}$/, "must be an Aurora cluster identifier in lower case")
    .describe("DBClusterIdentifier, in lower case."),
  write_check: HttpUrl.describe(
    'URL that tries one write on this cluster\'s writer, independent of the service: 200 {"written":true}, 503 {"written":false,"reason":"…"}; anything else counts as unknown.',
  ),
  ...ELSEWHERE,
});

/** One Aurora cluster in one region. Its instances share one storage, so nothing is lost when its writer moves. */
export const AuroraCluster = z.strictObject({
  kind: z.literal("aurora-cluster").describe(ABOUT),
  in: z.record(RegionName, Cluster).describe("The cluster, in the one region that it lives in."),
  snapshot_keys: z
    .record(
      RegionName,
      z.string().regex(/^(arn:aws[a-z-]*:kms:|alias\/|mrk-|[0-9a-f-]{36}$)/, "must be a KMS key (ARN, id or alias)"),
    )
    .default({})
    .describe("KMS key of each region that snapshots are copied to; needed where the cluster is encrypted."),
  ...ELSEWHERE,
});
export type AuroraCluster = z.infer<typeof AuroraCluster>;
