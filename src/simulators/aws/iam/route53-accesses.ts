import { z } from "zod";
import { partitionOf } from "../arn.ts";
import type { AwsCall } from "../service.ts";
import type { RequestContext } from "./conditions.ts";
import type { AccessesOf } from "./wanted.ts";

const Id = z.string().catch("");
const Changes = z
  .object({
    Changes: z.array(
      z.object({ Action: z.string(), ResourceRecordSet: z.object({ Name: z.string(), Type: z.string() }) }),
    ),
  })
  .catch({ Changes: [] });

const on =
  (kind: string, member: string): AccessesOf =>
  ({ operation, region, input }) => [{ action: operation, resource: arn(region, `${kind}/${bare(input[member])}`) }];

const arn = (region: string, resource: string): string => `arn:${partitionOf(region)}:route53:::${resource}`;
const bare = (id: unknown): string => Id.parse(id).replace(/^\/?(hostedzone|change|healthcheck)\//, "");

const CONDITION = "route53:changeresourcerecordsets";

/** Lower case, without the last dot, other characters as octal escapes (AWS: "Normalization"). */
function normalized(name: string): string {
  return name
    .toLowerCase()
    .replace(/\.$/, "")
    .replaceAll(/(\\\d{3})|([^a-z0-9_.-])/g, (_all, escaped: string | undefined, other: string) =>
      escaped === undefined ? `\\${other.charCodeAt(0).toString(8).padStart(3, "0")}` : escaped,
    );
}

function changing(input: AwsCall["input"]): RequestContext {
  const { Changes: changes } = Changes.parse(input["ChangeBatch"]);
  const distinct = (values: readonly string[]) => [...new Set(values)];
  return {
    [`${CONDITION}normalizedrecordnames`]: distinct(changes.map(({ ResourceRecordSet: set }) => normalized(set.Name))),
    [`${CONDITION}recordtypes`]: distinct(changes.map(({ ResourceRecordSet: set }) => set.Type)),
    [`${CONDITION}actions`]: distinct(changes.map(({ Action }) => Action)),
  };
}

export const ROUTE53_ACCESSES: Readonly<Record<string, AccessesOf>> = {
  ListResourceRecordSets: on("hostedzone", "HostedZoneId"),
  GetHostedZone: on("hostedzone", "Id"),
  DeleteHostedZone: on("hostedzone", "Id"),
  GetChange: on("change", "Id"),
  UpdateHealthCheck: on("healthcheck", "HealthCheckId"),
  GetHealthCheck: on("healthcheck", "HealthCheckId"),
  GetHealthCheckStatus: on("healthcheck", "HealthCheckId"),
  DeleteHealthCheck: on("healthcheck", "HealthCheckId"),
  ChangeResourceRecordSets: (call, things) =>
    on("hostedzone", "HostedZoneId")(call, things).map((one) => ({ ...one, context: changing(call.input) })),
};
