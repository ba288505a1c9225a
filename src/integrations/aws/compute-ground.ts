import { z } from "zod";
import type { ComputeGround, GroundWish } from "../../ports/compute.ts";
import { aside, sayLate } from "./aside.ts";
import { TaskReader } from "./compute-tasks.ts";
import { NotGiven } from "./errors.ts";
import { readQuotas, vcpusOf } from "./fargate-quotas.ts";
import { readImages } from "./images.ts";
import type { By, Lookups } from "./lookups.ts";

const Cluster = z
  .object({
    status: z.string(),
    registeredContainerInstancesCount: z.number().default(0),
    capacityProviders: z.array(z.string()).default([]),
  })
  .optional();

interface Wanted extends GroundWish {
  readonly signal: AbortSignal | undefined;
}

/** What a service's tasks would start on. Throws CallFailed. */
export async function readGround(by: By, wanted: Wanted): Promise<ComputeGround> {
  const { caller, lookups } = by;
  const [cluster, definition, subnets, targetType, quotas, delay] = await Promise.all([
    dependsOnCluster(wanted.facts) ? readCluster(lookups, wanted) : undefined,
    readDefinition(lookups, wanted),
    readSubnets(by, wanted),
    readTargetType(lookups, wanted),
    // A role from before these were asked may not look: nothing else is hidden by that.
    aside(
      caller.known(() => readQuotas(by, wanted)),
      () => ({
        known: false as const,
        cause: "failed" as const,
        why: sayLate("Service Quotas", wanted.region),
        atMs: 0,
      }),
    ),
    caller.known(() => readDelay(lookups, wanted)),
  ]);
  const { networkMode, containerDefinitions } = definition;
  const images = containerDefinitions.flatMap(({ image }) => image ?? []);
  const { region, signal } = wanted;
  return {
    ...(cluster && { cluster }),
    ...subnets,
    ...(networkMode !== undefined && { networkMode }),
    images,
    ...rolesOf(definition),
    ...(await readImages(by, { region, images, signal })),
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
  /** One that nobody understands hides nothing else. */
  cpu: z.coerce.number().positive().optional().catch(undefined),
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

async function readDefinition(lookups: Lookups, { region, facts, signal }: Wanted) {
  const { taskDefinition: id } = facts;
  if (id === undefined) throw new NotGiven("the service has no task definition of its own");
  const wish = { id, doing: `describe task definition ${id}`, signal };
  return Definition.parse(await lookups.taskDefinitions(region).ask(wish));
}

/** `arn:aws:iam::123456789012:role/team/app` → `app`: as AWS itself calls it. */
function rolesOf({ executionRoleArn, taskRoleArn }: z.infer<typeof Definition>): Pick<ComputeGround, "roles"> {
  const arns = [executionRoleArn, taskRoleArn].filter((arn) => arn !== undefined);
  return arns.length === 0 ? {} : { roles: [...new Set(arns.map((arn) => arn.split("/").at(-1) ?? arn))] };
}

const Subnets = z.array(z.object({ SubnetId: z.string(), AvailableIpAddressCount: z.number() })).default([]);

type Ground = Pick<ComputeGround, "subnets" | "held" | "absentSubnets">;

async function readSubnets({ lookups, caller }: By, { region, facts, site, signal }: Wanted): Promise<Ground> {
  const { subnets: ids = [] } = facts;
  if (ids.length === 0) return {};
  const wish = { doing: `describe the subnets of ${site.service}`, signal };
  const found = Subnets.parse(await lookups.subnets(region).askEach(ids, wish));
  const subnets = found.map(({ SubnetId: id, AvailableIpAddressCount: free }) => ({ id, free }));
  const absent = ids.filter((id) => !subnets.some((subnet) => subnet.id === id));
  const free = subnets.reduce((sum, each) => sum + each.free, 0);
  // After the subnets: a task that ends in between counts as neither, and never as both.
  const held =
    free + facts.running + facts.pending < site.tasks
      ? await caller.known(() => new TaskReader(lookups).holding({ region, site, signal }))
      : undefined;
  return { subnets, ...(held?.known && { held: held.value }), ...(absent.length > 0 && { absentSubnets: absent }) };
}

const TargetGroup = z.object({ TargetType: z.string().optional() });

async function readTargetType(lookups: Lookups, { region, site: { target_group: id }, signal }: Wanted) {
  if (id === undefined) return undefined;
  const wish = { id, doing: `describe target group ${id}`, signal };
  return TargetGroup.parse(await lookups.targetGroups(region).ask(wish)).TargetType;
}

const Attributes = z.array(z.object({ Key: z.string(), Value: z.string() })).default([]);
const DELAY = "deregistration_delay.timeout_seconds";
/** Where the target group does not say it. */
const DEFAULT_DELAY_SECONDS = 300;

async function readDelay(lookups: Lookups, { region, site: { target_group: id }, signal }: Wanted): Promise<number> {
  if (id === undefined) return 0;
  const wish = { id, doing: `describe the attributes of target group ${id}`, signal };
  const attributes = Attributes.parse(await lookups.targetGroupAttributes(region).ask(wish));
  const said = attributes.find(({ Key }) => Key === DELAY);
  return said ? Number(said.Value) : DEFAULT_DELAY_SECONDS;
}

/** Fargate asks nothing of the cluster. */
const dependsOnCluster = ({ launchType, capacityProviders = [] }: Wanted["facts"]): boolean =>
  capacityProviders.length > 0 || (launchType !== undefined && launchType !== "FARGATE");

async function readCluster(lookups: Lookups, { region, site: { cluster: id }, signal }: Wanted) {
  const wish = { id, doing: `describe cluster ${id}`, signal };
  const found = Cluster.parse(await lookups.ecsClusters(region).ask(wish));
  if (!found) return undefined;
  const { status, registeredContainerInstancesCount: machines, capacityProviders } = found;
  return { status, machines, capacityProviders };
}
