import { DescribeSubnetsCommand } from "@aws-sdk/client-ec2";
import { DescribeClustersCommand, DescribeTaskDefinitionCommand } from "@aws-sdk/client-ecs";
import {
  DescribeTargetGroupAttributesCommand,
  DescribeTargetGroupsCommand,
} from "@aws-sdk/client-elastic-load-balancing-v2";
import { z } from "zod";
import type { ComputeGround, GroundWish } from "../../ports/compute.ts";
import { aside, sayLate } from "./aside.ts";
import { NotGiven } from "./errors.ts";
import { readQuotas, vcpusOf } from "./fargate-quotas.ts";
import { readImages } from "./images.ts";
import type { By } from "./lookups.ts";

const Clusters = z
  .array(
    z.object({
      status: z.string(),
      registeredContainerInstancesCount: z.number().default(0),
      capacityProviders: z.array(z.string()).default([]),
    }),
  )
  .max(1)
  .default([]);

interface Wanted extends GroundWish {
  readonly signal: AbortSignal | undefined;
}

/** What a service's tasks would start on. Throws CallFailed. */
export async function readGround(by: By, wanted: Wanted): Promise<ComputeGround> {
  const { caller, clients } = by;
  const [cluster, definition, subnets, targetType, quotas, delay] = await Promise.all([
    dependsOnCluster(wanted.facts) ? readCluster(by, wanted) : undefined,
    readDefinition(by, wanted),
    readSubnets(by, wanted),
    readTargetType(by, wanted),
    // A role from before these were asked may not look: nothing else is hidden by that.
    aside(
      caller.known(() => readQuotas(by, wanted)),
      { known: false, cause: "unreachable", why: sayLate("Service Quotas", wanted.region), atMs: 0 },
    ),
    caller.known(() => readDelay(by, wanted)),
  ]);
  const { networkMode, containerDefinitions } = definition;
  const images = containerDefinitions.flatMap(({ image }) => image ?? []);
  const { region, signal } = wanted;
  return {
    ...(cluster && { cluster }),
    ...(subnets && { subnets }),
    ...(networkMode !== undefined && { networkMode }),
    images,
    ...rolesOf(definition),
    ...(await readImages(caller, clients, { region, images, signal })),
    ...(targetType !== undefined && { targetType }),
    ...vcpusOf(definition),
    ...(quotas.known ? quotas.value && { quotas: quotas.value } : { unseenQuota: quotas.why }),
    ...(delay.known
      ? { drain: { deregistrationSeconds: delay.value, stopSeconds: stopSecondsOf(definition) } }
      : { unseenDrain: delay.why }),
  };
}

const Definition = z.object({
  networkMode: z.string().optional(),
  cpu: z.coerce.number().positive().optional(),
  executionRoleArn: z.string().optional(),
  taskRoleArn: z.string().optional(),
  containerDefinitions: z
    .array(z.object({ image: z.string().optional(), stopTimeout: z.number().optional() }))
    .default([]),
});

/** What ECS gives a container between SIGTERM and SIGKILL where its definition says nothing. */
const DEFAULT_STOP_SECONDS = 30;

/** Its containers stop at once. */
const stopSecondsOf = ({ containerDefinitions }: z.infer<typeof Definition>): number =>
  Math.max(...containerDefinitions.map(({ stopTimeout = DEFAULT_STOP_SECONDS }) => stopTimeout), 0);

async function readDefinition({ caller, clients }: By, { region, facts, signal }: Wanted) {
  const { taskDefinition } = facts;
  if (taskDefinition === undefined) throw new NotGiven("the service has no task definition of its own");
  const ask = { api: "ecs", region, doing: `describe task definition ${taskDefinition}`, signal };
  const command = new DescribeTaskDefinitionCommand({ taskDefinition });
  const answer = await caller.read(ask, (options) => clients.ecs.in(region).send(command, options));
  return Definition.parse(answer.taskDefinition);
}

/** `arn:aws:iam::123456789012:role/team/app` → `app`: as AWS itself calls it. */
function rolesOf({ executionRoleArn, taskRoleArn }: z.infer<typeof Definition>): Pick<ComputeGround, "roles"> {
  const arns = [executionRoleArn, taskRoleArn].filter((arn) => arn !== undefined);
  return arns.length === 0 ? {} : { roles: [...new Set(arns.map((arn) => arn.split("/").at(-1) ?? arn))] };
}

const Subnets = z.array(z.object({ SubnetId: z.string(), AvailableIpAddressCount: z.number() })).default([]);

/** By a filter, which leaves out what is not there instead of failing. */
async function readSubnets({ caller, clients }: By, { region, facts, site, signal }: Wanted) {
  const { subnets: ids = [] } = facts;
  if (ids.length === 0) return undefined;
  const ask = { api: "ec2", region, doing: `describe the subnets of ${site.service}`, signal };
  const command = new DescribeSubnetsCommand({ Filters: [{ Name: "subnet-id", Values: [...ids] }] });
  const answer = await caller.read(ask, (options) => clients.ec2.in(region).send(command, options));
  return Subnets.parse(answer.Subnets).map(({ SubnetId: id, AvailableIpAddressCount: free }) => ({ id, free }));
}

const TargetGroups = z.tuple([z.object({ TargetType: z.string().optional() })]);

async function readTargetType({ caller, clients }: By, { region, site, signal }: Wanted) {
  const { target_group: group } = site;
  if (group === undefined) return undefined;
  const ask = { api: "loadbalancing", region, doing: `describe target group ${group}`, signal };
  const command = new DescribeTargetGroupsCommand({ TargetGroupArns: [group] });
  const answer = await caller.read(ask, (options) => clients.loadBalancing.in(region).send(command, options));
  return TargetGroups.parse(answer.TargetGroups)[0].TargetType;
}

const Attributes = z.array(z.object({ Key: z.string(), Value: z.string() })).default([]);
const DELAY = "deregistration_delay.timeout_seconds";
/** Where the target group does not say it. */
const DEFAULT_DELAY_SECONDS = 300;

async function readDelay({ caller, clients }: By, { region, site, signal }: Wanted): Promise<number> {
  const { target_group: group } = site;
  if (group === undefined) return 0;
  const ask = { api: "loadbalancing", region, doing: `describe the attributes of target group ${group}`, signal };
  const command = new DescribeTargetGroupAttributesCommand({ TargetGroupArn: group });
  const answer = await caller.read(ask, (options) => clients.loadBalancing.in(region).send(command, options));
  const said = Attributes.parse(answer.Attributes).find(({ Key }) => Key === DELAY);
  return said ? Number(said.Value) : DEFAULT_DELAY_SECONDS;
}

/** Fargate asks nothing of the cluster. */
const dependsOnCluster = ({ launchType, capacityProviders = [] }: Wanted["facts"]): boolean =>
  capacityProviders.length > 0 || (launchType !== undefined && launchType !== "FARGATE");

async function readCluster({ caller, clients }: By, { region, site, signal }: Wanted) {
  const ask = { api: "ecs", region, doing: `describe cluster ${site.cluster}`, signal };
  const command = new DescribeClustersCommand({ clusters: [site.cluster] });
  const answer = await caller.read(ask, (options) => clients.ecs.in(region).send(command, options));
  const [found] = Clusters.parse(answer.clusters);
  if (!found) return undefined;
  const { status, registeredContainerInstancesCount: machines, capacityProviders } = found;
  return { status, machines, capacityProviders };
}
