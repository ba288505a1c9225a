import { z } from "zod";
import { partitionOf } from "./arn.ts";
import type { ServiceScheduler } from "./ecs-scheduler.ts";
import { clusterIn, definitionOf, type EcsSpec, imageOf, isBroken, resolveTaskDefinition } from "./ecs-spec.ts";
import { refusedInput } from "./refused-input.ts";
import { type AwsCall, AwsError, type AwsOperation } from "./service.ts";

/** Nothing here has tags, so that an answer with them is the same. */
export const Include = z.array(z.literal("TAGS")).optional();

const Paging = {
  maxResults: z.number().int().min(1).max(100).optional(),
  nextToken: z.string().optional(),
};
const ListClusters = z.strictObject(Paging);
const ListServices = z.strictObject({
  cluster: z.string().default("default"),
  launchType: z.enum(["FARGATE", "EC2", "EXTERNAL"]).optional(),
  schedulingStrategy: z.enum(["REPLICA", "DAEMON"]).optional(),
  ...Paging,
});
const DescribeTaskDefinition = z.strictObject({ taskDefinition: z.string(), include: Include });

export interface EcsBook {
  readonly spec: EcsSpec;
  readonly accountId: string;
  readonly schedulers: readonly ServiceScheduler[];
}

/** What people ask who look around: which clusters and services there are, and what a task is made of. */
export function ecsLists(book: EcsBook): Readonly<Record<string, AwsOperation>> {
  return {
    ListClusters: { mutates: false, handle: (call) => listClusters(book, call) },
    ListServices: { mutates: false, handle: (call) => listServices(book, call) },
    DescribeTaskDefinition: { mutates: false, handle: (call) => describeTaskDefinition(book, call) },
  };
}

function listClusters({ spec, schedulers, accountId }: EcsBook, { input, region }: AwsCall) {
  const wanted = parsed(ListClusters, input);
  const all = [...spec.clusters, ...schedulers.map((one) => ({ region: one.spec.region, name: one.spec.cluster }))];
  const names = new Set(all.filter((each) => each.region === region).map(({ name }) => name));
  const { entries, nextToken } = tokenPage([...names], { size: wanted.maxResults ?? 100, token: wanted.nextToken });
  return { clusterArns: entries.map((name) => arnIn(region, accountId, `cluster/${name}`)), nextToken };
}

function listServices(book: EcsBook, { input, region }: AwsCall) {
  const { schedulers, accountId } = book;
  const wanted = parsed(ListServices, input);
  const cluster = wanted.cluster.slice(wanted.cluster.lastIndexOf("/") + 1);
  const here = schedulers.filter(({ spec }) => spec.region === region && spec.cluster === cluster);
  if (!clusterIn(book, region, cluster)) throw new AwsError("ClusterNotFoundException", "Cluster not found.");
  const found = here
    .filter(({ spec }) => wanted.launchType === undefined || spec.launchType === wanted.launchType)
    .filter(({ status }) => status === "ACTIVE")
    .filter(() => wanted.schedulingStrategy !== "DAEMON")
    .map(({ spec }) => arnIn(region, accountId, `service/${cluster}/${spec.name}`));
  // The vendor's default is 10.
  const { entries, nextToken } = tokenPage(found, { size: wanted.maxResults ?? 10, token: wanted.nextToken });
  return { serviceArns: entries, nextToken };
}

/** What a container is given that says nothing of it. */
const ECS_STOP_SECONDS = 30;

function describeTaskDefinition({ spec, accountId }: EcsBook, { input, region }: AwsCall) {
  const found = resolveTaskDefinition(spec, parsed(DescribeTaskDefinition, input).taskDefinition);
  if (found === undefined) throw new AwsError("ClientException", "Unable to describe task definition.");
  const [family = "", revision = ""] = found.split(":");
  const {
    networkMode,
    image: specified,
    stopTimeoutSeconds,
    executionRoleArn,
    cpuUnits,
  } = definitionOf(spec, found) ?? {};
  const stopTimeout = stopTimeoutSeconds ?? (spec.stopSeconds > ECS_STOP_SECONDS ? spec.stopSeconds : undefined);
  const image = specified ?? imageOf({ accountId, region }, family, revision);
  return {
    taskDefinition: {
      taskDefinitionArn: arnIn(region, accountId, `task-definition/${found}`),
      ...{ family, revision: Number(revision), status: "ACTIVE", networkMode },
      ...(executionRoleArn !== undefined && { executionRoleArn }),
      ...{ requiresCompatibilities: ["FARGATE"], cpu: String(cpuUnits), memory: "512" },
      containerDefinitions: [
        {
          ...{ name: family, essential: true, portMappings: [{ containerPort: 8080, protocol: "tcp" }] },
          // What a broken revision lacks is its image.
          image: isBroken(spec, found) ? `${image}-missing` : image,
          ...(stopTimeout !== undefined && { stopTimeout }),
        },
      ],
    },
    tags: [],
  };
}

const arnIn = (region: string, accountId: string, resource: string): string =>
  `arn:${partitionOf(region)}:ecs:${region}:${accountId}:${resource}`;

function parsed<T>(schema: z.ZodType<T>, input: unknown): T {
  const answer = schema.safeParse(input);
  if (!answer.success) throw refusedInput(answer.error, input, "InvalidParameterException");
  return answer.data;
}

/** Throws for a token that was never handed out. */
export function tokenPage<T>(
  all: readonly T[],
  { size, token }: { readonly size: number; readonly token: string | undefined },
): { readonly entries: readonly T[]; readonly nextToken?: string } {
  const from = Number(token ?? 0);
  if (!Number.isInteger(from) || from < 0 || from > all.length || token === "") {
    throw new AwsError("InvalidParameterException", "Invalid token");
  }
  const to = from + size;
  return { entries: all.slice(from, to), ...(to < all.length && { nextToken: String(to) }) };
}
