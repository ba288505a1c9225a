import { z } from "zod";
import { Duration } from "../duration.ts";

export const RegionName = z.string().regex(/^[a-z]{2}(-[a-z]+)+-\d$/, "must be an AWS region such as eu-west-1");
export type Region = string;

const HttpUrl = z.url({ protocol: /^https?$/, error: "must be an http(s) URL" });

/** One RDS instance of one site. Source: RDS API names; a read replica is promoted by its own region's control plane. */
export const DatabaseSite = z.strictObject({
  instance: z
    .string()
    .regex(/^[a-z][a-z0-9-]{0,62}$/, "must be an RDS instance identifier in lower case")
    .describe("DBInstanceIdentifier, in lower case."),
  endpoint: z.string().describe("Host name of the instance's own endpoint; it does not change at promotion."),
  security_group: z
    .string()
    .regex(/^sg-[0-9a-z]+$/, "must be a security group id (sg-…)")
    .describe("Security group whose ingress rules are revoked to fence this database."),
  write_check: HttpUrl.describe(
    'URL that tries one write on exactly this instance, from inside its region and independent of the service: 200 {"written":true}, 503 {"written":false,"reason":"…"}; anything else counts as unknown.',
  ),
  backup_retention_days: z
    .number()
    .int()
    .min(1)
    .max(35)
    .default(7)
    .describe("Days of automated backups that the promoted instance keeps (PromoteReadReplica defaults to 1)."),
});
export type DatabaseSite = z.infer<typeof DatabaseSite>;

export const ComputeSite = z.strictObject({
  cluster: z.string().min(1).describe("ECS cluster."),
  service: z.string().min(1).describe("ECS service in that cluster."),
  tasks: z.number().int().min(1).max(1_000).describe("Desired tasks while this site serves users."),
  max_tasks: z
    .number()
    .int()
    .min(1)
    .max(5_000)
    .optional()
    .describe("Application Auto Scaling maximum while this site serves users; absent: the service is not auto-scaled."),
  target_group: z
    .string()
    .startsWith("arn:aws:elasticloadbalancing:", "must be a target group ARN")
    .describe("Target group that the service registers its tasks with."),
  target_health: z
    .enum(["writable-database", "process"])
    .describe("What a healthy target proves: a writable database, or only that the process answers."),
});
export type ComputeSite = z.infer<typeof ComputeSite>;

export const Site = z.strictObject({
  database: DatabaseSite.describe("Its RDS instance."),
  compute: ComputeSite.describe("Its ECS service."),
  load_balancer: z
    .strictObject({
      dns_name: z.string().describe("The load balancer's own DNS name."),
      zone: z
        .string()
        .regex(/^Z[A-Z0-9]+$/, "must be a hosted zone id (Z…)")
        .describe("Canonical hosted zone of the load balancer, as Route 53 alias records need it."),
    })
    .describe("What users of this site reach first."),
  deep_health: z
    .strictObject({
      path: z
        .string()
        .startsWith("/", "must be a path that starts with /")
        .describe(
          "Answers 200 only while the application can write its database; asked directly at this site's load balancer.",
        ),
    })
    .describe("How to ask whether this site really works."),
});
export type Site = z.infer<typeof Site>;

const ZoneId = z.string().regex(/^Z[A-Z0-9]+$/, "must be a hosted zone id (Z…)");
const RecordName = z
  .string()
  .regex(/^[a-z0-9_*-]+(\.[a-z0-9_-]+)+$/, "must be a lower-case host name without a trailing dot");

/** The record set that users resolve. */
export const Traffic = z.discriminatedUnion("routing", [
  z.strictObject({
    routing: z.literal("weighted"),
    zone: ZoneId.describe("Hosted zone that holds the record."),
    name: RecordName.describe("Name of the record that users resolve."),
    set_identifiers: z
      .record(RegionName, z.string().min(1))
      .describe("SetIdentifier of each site's weighted record, exactly as Route 53 has it."),
  }),
  z.strictObject({
    routing: z.literal("failover"),
    zone: ZoneId.describe("Hosted zone that holds the record."),
    name: RecordName.describe("Name of the record that users resolve."),
    primary: z.string().min(1).describe("SetIdentifier of the PRIMARY record, whichever side it answers with today."),
    secondary: z
      .string()
      .min(1)
      .describe("SetIdentifier of the SECONDARY record, whichever side it answers with today."),
  }),
  z.strictObject({
    routing: z.literal("simple"),
    zone: ZoneId.describe("Hosted zone that holds the record."),
    name: RecordName.describe("Name of the record that users resolve."),
    ttl_seconds: z.number().int().min(1).max(3_600).describe("TTL of the record."),
    values: z.record(RegionName, z.string().min(1)).describe("CNAME value for each site."),
  }),
]);
export type Traffic = z.infer<typeof Traffic>;

export const Service = z.strictObject({
  description: z.string().optional().describe("One sentence for people who do not know the service."),
  tier: z.enum(["critical", "high", "medium", "low"]).describe("How much the organisation depends on it."),
  rto: Duration.describe("Recovery time objective: how long users may be without the service."),
  rpo: Duration.describe("Recovery point objective: how much of the newest data may be lost."),
  home: RegionName.describe("Region that serves users on a normal day."),
  standby: RegionName.describe("Region that takes over."),
  sites: z.record(RegionName, Site).describe("The resources that move, for the home region and for the standby."),
  database_record: z
    .strictObject({
      zone: ZoneId.describe("Hosted zone that holds the record."),
      name: RecordName.describe("Name by which the application finds its database."),
      ttl_seconds: z.number().int().min(1).max(300).describe("TTL of the record."),
    })
    .optional()
    .describe("CNAME of the writable database; absent where every site uses its own instance's endpoint."),
  traffic: Traffic.describe("The record set that users resolve."),
  public_url: HttpUrl.describe("What users call; asked through public DNS at the end of a failover."),
  cool_down: Duration.default(3_600_000).describe(
    "No second failover of this service earlier than this after the last one ended.",
  ),
  fence_watch: Duration.default(7 * 86_400_000).describe(
    "How long the signed plan lets TwoKey keep watching for the return of the old region, to fence it.",
  ),
  links: z
    .array(
      z.strictObject({
        label: z.string().describe("Text of the link."),
        url: HttpUrl.describe("Where it leads."),
      }),
    )
    .default([])
    .describe("Shown on the incident's card: dashboards, documents."),
});
export type ServiceFile = z.infer<typeof Service>;
/** A protected application with its name. */
export type Service = ServiceFile & { readonly name: string };

export function siteOf(service: Service, region: Region): Site {
  const site = service.sites[region];
  if (!site) throw new RangeError(`Service ${service.name} has no site in ${region}`);
  return site;
}

export function otherRegion(service: Service, region: Region): Region {
  return region === service.home ? service.standby : service.home;
}

/** Region whose control plane changes Route 53 records (AWS: the Route 53 API lives in us-east-1). */
export const ROUTE53_CONTROL_PLANE: Region = "us-east-1";
