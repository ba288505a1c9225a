import { z } from "zod";
import type { World } from "../world/world.ts";
import { partitionOf } from "./arn.ts";
import { addEcsControls } from "./ecs-controls.ts";
import { createService } from "./ecs-create.ts";
import { ecsLists, Include, tokenPage } from "./ecs-lists.ts";
import { readingParameters } from "./ecs-parameters.ts";
import type { ServiceScheduler } from "./ecs-scheduler.ts";
import {
  followTargets,
  interfacesIn,
  isCalled,
  makeRoom,
  opening,
  type RunningTask,
  targetGroupsOf,
  taskAt,
} from "./ecs-schedulers.ts";
import { clusterIn, definitionOf, type EcsSpec, resolveTaskDefinition, type Task } from "./ecs-spec.ts";
import { type ServiceNames, showCluster, showService, showTask } from "./ecs-views.ts";
import type { Elb } from "./elb.ts";
import { refusedInput } from "./refused-input.ts";
import { type AwsCall, AwsError, type AwsService } from "./service.ts";
import type { InterfacesIn } from "./subnets.ts";

export interface Ecs {
  readonly service: AwsService;
  readonly schedulers: readonly ServiceScheduler[];
  find(region: string, cluster: string, name: string): ServiceScheduler | undefined;
  /** The task behind a target address, with its service. */
  taskAt(ip: string): RunningTask | undefined;
  /** Each task that has not ended has one, in the first subnet of its service. */
  readonly interfacesIn: InterfacesIn;
  stop(): void;
}

const MAX_SERVICES_PER_CALL = 10;
const MAX_TASKS_PER_CALL = 100;

const Update = z.strictObject({
  cluster: z.string().default("default"),
  service: z.string(),
  desiredCount: z.number().int().min(0).optional(),
  taskDefinition: z.string().optional(),
  forceNewDeployment: z.boolean().optional(),
});
const Delete = z.strictObject({
  ...{ cluster: z.string().default("default"), service: z.string(), force: z.boolean().default(false) },
});
const Describe = z.strictObject({
  cluster: z.string().default("default"),
  services: z.array(z.string()).min(1),
  include: Include,
});
const ListTasks = z.strictObject({
  cluster: z.string().default("default"),
  serviceName: z.string().optional(),
  desiredStatus: z.enum(["RUNNING", "PENDING", "STOPPED"]).default("RUNNING"),
  family: z.string().optional(),
  startedBy: z.string().optional(),
  launchType: z.enum(["FARGATE", "EC2", "EXTERNAL"]).optional(),
  containerInstance: z.string().optional(),
  maxResults: z.number().int().min(1).max(100).default(100),
  nextToken: z.string().optional(),
});
const DescribeClusters = z.strictObject({
  clusters: z.array(z.string()).max(100).default(["default"]),
  include: Include,
});
const DescribeTasks = z.strictObject({
  cluster: z.string().default("default"),
  tasks: z.array(z.string()).min(1),
  include: Include,
});

export function createEcs(
  world: World,
  spec: EcsSpec,
  { elb, accountId }: { readonly elb: Elb; readonly accountId: string },
): Ecs {
  const open = opening(world, spec, { elb, accountId });
  const schedulers = spec.services.map((entry) => open(entry, false));
  followTargets(elb, schedulers);
  const book = bookOf(spec, schedulers, { elb, accountId });
  addEcsControls(world, book);
  return {
    schedulers,
    find: (region, cluster, name) =>
      schedulers.find((one) => isCalled(one, { region, cluster, name }) && one.status === "ACTIVE"),
    taskAt: (ip) => taskAt(schedulers, ip),
    interfacesIn: (region, subnet) => interfacesIn(schedulers, { region, subnet }),
    stop: () => {
      for (const scheduler of schedulers) scheduler.stop();
    },
    service: {
      name: "ecs",
      protocol: "json-1.1",
      operations: readingParameters({
        ...serviceOperations(book),
        CreateService: {
          mutates: true,
          handle: createService({ ...book, world, elb }, (entry) => {
            makeRoom(schedulers, entry);
            const made = open(entry, true);
            schedulers.push(made);
            return showService(made, book.names(made));
          }),
        },
      }),
    },
  };
}

const serviceOperations = (book: ServiceBook): AwsService["operations"] => ({
  UpdateService: { mutates: true, handle: (call) => updateService(book, call) },
  DeleteService: { mutates: true, handle: (call) => deleteService(book, call) },
  DescribeServices: { mutates: false, handle: (call) => describeServices(book, call) },
  ListTasks: { mutates: false, handle: (call) => listTasks(book, call) },
  DescribeTasks: { mutates: false, handle: (call) => describeTasks(book, call) },
  DescribeClusters: { mutates: false, handle: (call) => describeClusters(book, call) },
  ...ecsLists(book),
});

const bookOf = (
  spec: EcsSpec,
  schedulers: readonly ServiceScheduler[],
  { elb, accountId }: { readonly elb: Elb; readonly accountId: string },
): ServiceBook => ({
  spec,
  accountId,
  schedulers,
  names: (scheduler) => ({
    accountId,
    targetGroupArns: targetGroupsOf(elb, scheduler.spec),
    networkMode: definitionOf(spec, scheduler.primary.taskDefinition)?.networkMode ?? "awsvpc",
  }),
});

interface ServiceBook {
  readonly spec: EcsSpec;
  readonly accountId: string;
  readonly schedulers: readonly ServiceScheduler[];
  readonly names: (scheduler: ServiceScheduler) => ServiceNames;
}

/** Names and ARNs are accepted alike: what counts is the last part. */
function lastPart(nameOrArn: string): string {
  return nameOrArn.slice(nameOrArn.lastIndexOf("/") + 1);
}

function parse<T>(schema: z.ZodType<T>, input: unknown): T {
  const parsed = schema.safeParse(input);
  if (!parsed.success) throw refusedInput(parsed.error, input, "InvalidParameterException");
  return parsed.data;
}

function inCluster(book: ServiceBook, region: string, cluster: string): ServiceScheduler[] {
  const found = book.schedulers.filter((one) => one.spec.region === region && one.spec.cluster === lastPart(cluster));
  if (!clusterIn(book, region, lastPart(cluster))) {
    throw new AwsError("ClusterNotFoundException", "Cluster not found.");
  }
  return found;
}

/** One that can be changed. */
function activeService(book: ServiceBook, region: string, wanted: { cluster: string; service: string }) {
  const found = inCluster(book, region, wanted.cluster).find(
    ({ spec, status }) => spec.name === lastPart(wanted.service) && status !== "MISSING",
  );
  if (!found) throw new AwsError("ServiceNotFoundException", "Service not found.");
  if (found.status !== "ACTIVE") throw new AwsError("ServiceNotActiveException", "Service was not ACTIVE.");
  return found;
}

function deleteService(book: ServiceBook, call: AwsCall): Record<string, unknown> {
  const wanted = parse(Delete, call.input);
  const scheduler = activeService(book, call.region, wanted);
  if (!wanted.force && scheduler.desired > 0)
    throw new AwsError("InvalidParameterException", "The service cannot be stopped while it is scaled above 0.");
  scheduler.delete();
  return { service: showService(scheduler, book.names(scheduler)) };
}

function updateService(book: ServiceBook, call: AwsCall): Record<string, unknown> {
  const wanted = parse(Update, call.input);
  const scheduler = activeService(book, call.region, wanted);
  const current = scheduler.primary.taskDefinition;
  const definition =
    wanted.taskDefinition === undefined ? current : resolveTaskDefinition(book.spec, wanted.taskDefinition);
  if (definition === undefined) throw new AwsError("ClientException", "Unable to describe task definition.");
  const { deploymentController: controller } = scheduler.spec;
  if (controller !== "ECS" && (wanted.forceNewDeployment || definition !== current)) {
    const why = `Unable to update task definition on services with a ${controller} deployment controller.`;
    throw new AwsError("InvalidParameterException", why);
  }
  // The deployment first: tasks that the same call adds belong to it.
  if (wanted.forceNewDeployment || definition !== current) scheduler.deploy(definition);
  if (wanted.desiredCount !== undefined) scheduler.scale(wanted.desiredCount, "UpdateService");
  return { service: showService(scheduler, book.names(scheduler)) };
}

function describeServices(book: ServiceBook, call: AwsCall): Record<string, unknown> {
  const wanted = parse(Describe, call.input);
  if (wanted.services.length > MAX_SERVICES_PER_CALL) {
    throw new AwsError(
      "InvalidParameterException",
      `Services cannot have more than ${MAX_SERVICES_PER_CALL} elements.`,
    );
  }
  const here = inCluster(book, call.region, wanted.cluster);
  const found = wanted.services.map((name) => ({
    name,
    scheduler: here.find(({ spec, status }) => spec.name === lastPart(name) && status !== "MISSING"),
  }));
  const cluster = lastPart(wanted.cluster);
  return {
    services: found.flatMap(({ scheduler }) =>
      scheduler ? [showService(scheduler, book.names(scheduler), scheduler.shownDesired)] : [],
    ),
    failures: found
      .filter(({ scheduler }) => !scheduler)
      .map(({ name }) => ({
        arn: `arn:${partitionOf(call.region)}:ecs:${call.region}:${book.accountId}:service/${cluster}/${lastPart(name)}`,
        reason: "MISSING",
      })),
  };
}

function describeClusters(book: ServiceBook, call: AwsCall): Record<string, unknown> {
  const names = parse(DescribeClusters, call.input).clusters.map(lastPart);
  const found = names.map((name) => ({ name, cluster: clusterIn(book, call.region, name) }));
  return {
    clusters: found.flatMap(({ cluster }) => (cluster ? [showCluster(cluster, book.accountId)] : [])),
    failures: found
      .filter(({ cluster }) => !cluster)
      .map(({ name }) => ({
        arn: `arn:${partitionOf(call.region)}:ecs:${call.region}:${book.accountId}:cluster/${name}`,
        reason: "MISSING",
      })),
  };
}

function listTasks(book: ServiceBook, call: AwsCall): Record<string, unknown> {
  const wanted = parse(ListTasks, call.input);
  const here = inCluster(book, call.region, wanted.cluster);
  const service = wanted.serviceName === undefined ? undefined : lastPart(wanted.serviceName);
  if (service !== undefined && !here.some(({ spec, status }) => spec.name === service && status !== "MISSING")) {
    throw new AwsError("ServiceNotFoundException", "Service not found.");
  }
  const arns = here
    .filter((one) => service === undefined || one.spec.name === service)
    .filter((one) => wanted.launchType === undefined || one.spec.launchType === wanted.launchType)
    .flatMap((one) => one.tasks)
    // The model: a filter of PENDING returns nothing, as no task's desired status is ever PENDING.
    .filter((task) => task.desiredStatus === wanted.desiredStatus)
    .filter((task) => isListed(task, wanted))
    .map((task) => task.arn);
  const { entries, nextToken } = tokenPage(arns, { size: wanted.maxResults, token: wanted.nextToken });
  return { taskArns: entries, nextToken };
}

/** No task here is known to run on a machine that has a name. */
function isListed(task: Task, { family, startedBy, containerInstance }: z.infer<typeof ListTasks>): boolean {
  const isOfFamily = family === undefined || task.taskDefinition.split(":")[0] === family;
  return isOfFamily && (startedBy ?? task.deploymentId) === task.deploymentId && containerInstance === undefined;
}

function describeTasks(book: ServiceBook, call: AwsCall): Record<string, unknown> {
  const wanted = parse(DescribeTasks, call.input);
  if (wanted.tasks.length > MAX_TASKS_PER_CALL) {
    throw new AwsError("InvalidParameterException", `Tasks cannot have more than ${MAX_TASKS_PER_CALL} elements.`);
  }
  const here = inCluster(book, call.region, wanted.cluster);
  const prefix = `arn:${partitionOf(call.region)}:ecs:${call.region}:${book.accountId}:task/${lastPart(wanted.cluster)}`;
  const taskArn = (name: string) => (name.startsWith("arn:") ? name : `${prefix}/${lastPart(name)}`);
  const known = here.flatMap((scheduler) => scheduler.tasks.map((task) => ({ scheduler, task })));
  const found = wanted.tasks.map((name) => ({ name, entry: known.find(({ task }) => task.id === lastPart(name)) }));
  return {
    tasks: found.flatMap(({ entry }) => (entry ? [showTask(entry.scheduler, entry.task, book.accountId)] : [])),
    failures: found.filter(({ entry }) => !entry).map(({ name }) => ({ arn: taskArn(name), reason: "MISSING" })),
  };
}
