import { RegisterScalableTargetCommand } from "@aws-sdk/client-application-auto-scaling";
import { UpdateServiceCommand } from "@aws-sdk/client-ecs";
import type { Region } from "../../domain/service/service.ts";
import type { Compute, ComputeSite, Scaling, Suspended } from "../../ports/compute.ts";
import type { Caller } from "./caller.ts";
import { ComputeReader } from "./compute-facts.ts";
import { readGround } from "./compute-ground.ts";
import type { By } from "./lookups.ts";

interface Target {
  readonly region: Region;
  readonly site: ComputeSite;
  readonly signal?: AbortSignal | undefined;
}

/** ECS services with awsvpc networking (targets registered by IP address), with or without Application Auto Scaling. */
export function awsCompute(by: By): Compute {
  const { caller, lookups } = by;
  const reader = new ComputeReader(lookups);
  const writer = computeWriter(caller);
  return {
    describe: (region, site, signal) => caller.known(() => reader.facts({ region, site, signal })),
    service: (region, site, signal) => caller.known(() => reader.serviceFacts({ region, site, signal })),
    ground: (wish, signal) => caller.known(() => readGround(by, { ...wish, signal })),
    tasksLeft: (region, site, signal) => caller.known(() => reader.tasks.left({ region, site, signal })),
    scaleOut: ({ region, site, tasks }, signal) =>
      caller.act(async (requestIds) => {
        const target = { region, site, signal };
        const scaling = await reader.scalingNow(target);
        if (scaling) await writer.register(target, raised(scaling, site, tasks), requestIds);
        // Read after the registration, which may have raised it: a service is never told to shrink here.
        const { desired } = await reader.serviceNow(target);
        if (desired < tasks) await writer.setDesired(target, tasks, requestIds);
        return {};
      }),
    stop: (region, site, signal) =>
      caller.act(async (requestIds) => {
        const target = { region, site, signal };
        // Only where there is one: registering would make a scalable target that nothing could put back.
        if (await reader.scalingNow(target)) {
          // One call: any registration pulls the count into its bounds, so suspending alone would restart tasks.
          await writer.register(target, { min: 0, max: 0, suspended: all(true) }, requestIds);
        }
        await writer.setDesired(target, 0, requestIds);
        return {};
      }),
    restore: ({ region, site, saved }, signal) =>
      caller.act(async (requestIds) => {
        const target = { region, site, signal };
        if (saved.scaling) await writer.register(target, saved.scaling, requestIds);
        // The stop may never have happened, and the service may have grown since it was looked at. It is told in any case: what
        // is read here may be older than the stop.
        const { desired } = await reader.serviceNow(target);
        await writer.setDesired(target, Math.max(desired, saved.desired), requestIds);
        return {};
      }),
  };
}

function raised({ min, max }: Scaling, site: ComputeSite, tasks: number): Scaling {
  return { min: Math.max(min, tasks), max: Math.max(max, site.max_tasks ?? 0, tasks), suspended: all(false) };
}

const all = (is: boolean): Suspended => ({ scaleIn: is, scaleOut: is, scheduled: is });

function computeWriter(caller: Caller) {
  return {
    register: async (target: Target, { min, max, suspended }: Scaling, requestIds: string[]) => {
      const { region, site, signal } = target;
      const doing = `set the auto scaling of ${site.cluster}/${site.service} to ${min}..${max}`;
      const command = new RegisterScalableTargetCommand({
        ServiceNamespace: "ecs",
        ResourceId: `service/${site.cluster}/${site.service}`,
        ScalableDimension: "ecs:service:DesiredCount",
        MinCapacity: min,
        MaxCapacity: max,
        SuspendedState: {
          DynamicScalingInSuspended: suspended.scaleIn,
          DynamicScalingOutSuspended: suspended.scaleOut,
          ScheduledScalingSuspended: suspended.scheduled,
        },
      });
      const ask = { api: "autoscaling", region, doing, signal };
      await caller.write(ask, requestIds, (acting, options) => acting.autoScaling.in(region).send(command, options));
    },
    setDesired: async ({ region, site, signal }: Target, desired: number, requestIds: string[]) => {
      const ask = { api: "ecs", region, doing: `set ${site.cluster}/${site.service} to ${desired} tasks`, signal };
      const command = new UpdateServiceCommand({
        cluster: site.cluster,
        service: site.service,
        desiredCount: desired,
      });
      await caller.write(ask, requestIds, (acting, options) => acting.ecs.in(region).send(command, options));
    },
  };
}
