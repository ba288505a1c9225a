import { z } from "zod";
import { RegionName } from "../../../../domain/service/region.ts";
import { ELSEWHERE, ZoneId } from "../../../../domain/service/resource.ts";
import { MEANINGS } from "../../../../ports/compute.ts";

export const ABOUT =
  "An ECS service in each region, behind a load balancer or taking jobs from a queue; a failover scales it out.";

const Id = z.string().regex(/^[^/\s]+\/[^/\s]+$/, "must be an ECS cluster and service: cluster/service");
const Tasks = z
  .number()
  .int()
  .min(1)
  .max(1_000)
  .meta({ examples: [6] });
const MaxTasks = z.union([z.number().int().min(1).max(5_000), z.literal("none")]).meta({ examples: [12] });
const Meaning = z.enum(MEANINGS);

const InRegion = z.strictObject({
  id: Id.optional().describe("ECS cluster and service in this region; absent: the one of all regions."),
  tasks: Tasks.optional().describe("Desired tasks while this region serves users, where it differs."),
  max_tasks: MaxTasks.optional().describe("Application Auto Scaling maximum in this region, where it differs."),
  target_group: z
    .string()
    .regex(/^arn:aws[a-z-]*:elasticloadbalancing:/, "must be a target group ARN")
    .optional()
    .describe("Target group that the service registers its tasks with. Absent: discovered, unless `running-tasks`."),
  load_balancer: z
    .strictObject({
      dns_name: z.string().optional().describe("The load balancer's own DNS name."),
      zone: ZoneId.optional().describe(
        "Canonical hosted zone of the load balancer, as Route 53 alias records need it.",
      ),
    })
    .optional()
    .describe("What users of this region reach first. Absent: discovered, unless `running-tasks`."),
  ...ELSEWHERE,
});

/** One ECS service a region: behind a load balancer, or one that nobody reaches by name. */
export const Ecs = z.strictObject({
  kind: z.literal("ecs").describe(ABOUT),
  id: Id.optional().describe("ECS cluster and service, where they have the same names in every region."),
  in: z.record(RegionName, InRegion).optional().describe("What differs by region."),
  tasks: Tasks.describe("Desired tasks while a region serves users."),
  max_tasks: MaxTasks.optional().describe(
    "Application Auto Scaling maximum while a region serves users; `none`: the service is not auto-scaled. Absent: discovered in each region.",
  ),
  healthy_means: Meaning.describe(
    "What a healthy target proves: a writable database, or only that the process answers. `running-tasks`: the service has no target group, as a worker that takes jobs from a queue; it is started once the database takes writes.",
  ),
  ...ELSEWHERE,
});
export type Ecs = z.infer<typeof Ecs>;
