import { z } from "zod";
import type { World } from "../world/world.ts";
import { partitionOf } from "./arn.ts";
import type { Ecs } from "./ecs.ts";
import type { ServiceScheduler } from "./ecs-scheduler.ts";
import { type AwsCall, AwsError, type AwsService } from "./service.ts";

const SuspendedState = z.strictObject({
  DynamicScalingInSuspended: z.boolean().optional(),
  DynamicScalingOutSuspended: z.boolean().optional(),
  ScheduledScalingSuspended: z.boolean().optional(),
});
type SuspendedState = z.infer<typeof SuspendedState>;

export const AutoscalingSpec = z.strictObject({
  targets: z
    .array(
      z.strictObject({
        region: z.string(),
        /** `service/<cluster>/<service>`. */
        resourceId: z.string(),
        minCapacity: z.number().int().min(0),
        maxCapacity: z.number().int().min(0),
        suspended: z.boolean().default(false),
      }),
    )
    .default([]),
  /** World seconds until an accepted registration reaches the service, drawn evenly. */
  effectSeconds: z.tuple([z.number(), z.number()]).default([1, 3]),
});
export type AutoscalingSpec = z.infer<typeof AutoscalingSpec>;

const Dimension = { ServiceNamespace: z.literal("ecs"), ScalableDimension: z.literal("ecs:service:DesiredCount") };
const Register = z.looseObject({
  ...Dimension,
  ResourceId: z.string(),
  MinCapacity: z.number().int().min(0).optional(),
  MaxCapacity: z.number().int().min(0).optional(),
  SuspendedState: SuspendedState.default({}),
});
const Describe = z.looseObject({
  ServiceNamespace: z.literal("ecs"),
  ScalableDimension: Dimension.ScalableDimension.optional(),
  ResourceIds: z.array(z.string()).max(50).optional(),
  MaxResults: z.number().int().min(1).max(50).default(50),
  NextToken: z.string().optional(),
});

interface ScalableTarget {
  readonly region: string;
  readonly resourceId: string;
  readonly arn: string;
  readonly createdMs: number;
  minCapacity: number;
  maxCapacity: number;
  suspended: Required<SuspendedState>;
}

export interface Autoscaling {
  readonly service: AwsService;
}

/** Application Auto Scaling of ECS services. There are no scaling policies: only registration moves the count. */
export function createAutoscaling(
  world: World,
  spec: AutoscalingSpec,
  { ecs, accountId }: { readonly ecs: Ecs; readonly accountId: string },
): Autoscaling {
  const random = world.random.fork("autoscaling");
  const targets: Targets = new Map();
  const create = ({ region, resourceId, minCapacity, maxCapacity }: Bounds): ScalableTarget => ({
    ...{ region, resourceId, minCapacity, maxCapacity, createdMs: world.clock.now() },
    arn: `arn:${partitionOf(region)}:application-autoscaling:${region}:${accountId}:scalable-target/${random.hex(36)}`,
    suspended: allSuspended(false),
  });
  for (const entry of spec.targets) {
    const target = create(entry);
    target.suspended = allSuspended(entry.suspended);
    targets.set(`${entry.region} ${entry.resourceId}`, target);
  }

  const register = (call: AwsCall) => {
    const wanted = parse(Register, call);
    const service = serviceOf(ecs, call.region, wanted.ResourceId);
    if (!service) throw new AwsError("ValidationException", `ECS service doesn't exist: ${wanted.ResourceId}`);
    const target = registered(targets, { wanted, region: call.region, create });
    // Every registration pulls the count into its bounds, whatever it changed and whatever is suspended.
    world.clock.after(random.between(...spec.effectSeconds) * 1_000, () => clamp(service, target));
    return { ScalableTargetARN: target.arn };
  };

  return {
    service: {
      name: "application-autoscaling",
      protocol: "json-1.1",
      operations: {
        RegisterScalableTarget: { mutates: true, handle: register },
        DescribeScalableTargets: { mutates: false, handle: (call) => describe(targets, call) },
      },
    },
  };
}

/** By region and resource. */
type Targets = Map<string, ScalableTarget>;
type Bounds = Pick<ScalableTarget, "region" | "resourceId" | "minCapacity" | "maxCapacity">;

interface Registration {
  readonly wanted: z.infer<typeof Register>;
  readonly region: string;
  readonly create: (bounds: Bounds) => ScalableTarget;
}

/** The target as it stands after that; throws what AWS answers to bounds that are missing or cross. */
function registered(targets: Targets, { wanted, region, create }: Registration): ScalableTarget {
  const key = `${region} ${wanted.ResourceId}`;
  const current = targets.get(key);
  const minCapacity = wanted.MinCapacity ?? current?.minCapacity;
  const maxCapacity = wanted.MaxCapacity ?? current?.maxCapacity;
  if (minCapacity === undefined || maxCapacity === undefined) {
    throw new AwsError(
      "ValidationException",
      "Min capacity and max capacity are both required to register a new scalable target.",
    );
  }
  if (minCapacity > maxCapacity) {
    throw new AwsError("ValidationException", "Maximum capacity cannot be less than minimum capacity");
  }
  const target = current ?? create({ region, resourceId: wanted.ResourceId, minCapacity, maxCapacity });
  target.minCapacity = minCapacity;
  target.maxCapacity = maxCapacity;
  target.suspended = merged(target.suspended, wanted.SuspendedState);
  targets.set(key, target);
  return target;
}

function describe(targets: Targets, call: AwsCall) {
  const wanted = parse(Describe, call);
  const found = [...targets.values()].filter(
    (target) =>
      target.region === call.region && (!wanted.ResourceIds || wanted.ResourceIds.includes(target.resourceId)),
  );
  const from = Number(wanted.NextToken ?? 0);
  const to = from + wanted.MaxResults;
  return { ScalableTargets: found.slice(from, to).map(shown), ...(to < found.length && { NextToken: String(to) }) };
}

function parse<T>(schema: z.ZodType<T>, call: AwsCall): T {
  const parsed = schema.safeParse(call.input);
  if (!parsed.success) throw new AwsError("ValidationException", z.prettifyError(parsed.error));
  return parsed.data;
}

function serviceOf(ecs: Ecs, region: string, resourceId: string): ServiceScheduler | undefined {
  const [kind, cluster, name] = resourceId.split("/");
  return kind === "service" && cluster && name ? ecs.find(region, cluster, name) : undefined;
}

function clamp(service: ServiceScheduler, { minCapacity, maxCapacity }: ScalableTarget): void {
  const within = Math.min(maxCapacity, Math.max(minCapacity, service.desired));
  if (within !== service.desired) service.scale(within, "Application Auto Scaling");
}

function allSuspended(isSuspended: boolean): Required<SuspendedState> {
  return {
    DynamicScalingInSuspended: isSuspended,
    DynamicScalingOutSuspended: isSuspended,
    ScheduledScalingSuspended: isSuspended,
  };
}

/** Members that a call leaves out keep their state. */
function merged(current: Required<SuspendedState>, wanted: SuspendedState): Required<SuspendedState> {
  return {
    DynamicScalingInSuspended: wanted.DynamicScalingInSuspended ?? current.DynamicScalingInSuspended,
    DynamicScalingOutSuspended: wanted.DynamicScalingOutSuspended ?? current.DynamicScalingOutSuspended,
    ScheduledScalingSuspended: wanted.ScheduledScalingSuspended ?? current.ScheduledScalingSuspended,
  };
}

function shown(target: ScalableTarget): Record<string, unknown> {
  return {
    ServiceNamespace: "ecs",
    ResourceId: target.resourceId,
    ScalableDimension: "ecs:service:DesiredCount",
    MinCapacity: target.minCapacity,
    MaxCapacity: target.maxCapacity,
    SuspendedState: { ...target.suspended },
    CreationTime: target.createdMs / 1_000,
    ScalableTargetARN: target.arn,
  };
}
