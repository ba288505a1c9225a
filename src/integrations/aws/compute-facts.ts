import { z } from "zod";
import type { ComputeFacts, ComputeSite, Scaling, ServiceFacts } from "../../ports/compute.ts";
import { TaskReader, type WantedService as Wanted } from "./compute-tasks.ts";
import { CallFailed } from "./errors.ts";
import type { Lookups } from "./lookups.ts";
import type { ServiceOrFailure } from "./lookups-ecs.ts";
import type { Wish } from "./together.ts";

interface WantedFacts extends Wanted {
  readonly site: ComputeSite;
}

const MOST_REASONS = 5;

const Service = z.object({
  serviceName: z.string(),
  status: z.string(),
  desiredCount: z.number(),
  runningCount: z.number(),
  pendingCount: z.number(),
  taskDefinition: z.string().optional(),
  deployments: z
    .array(
      z.object({
        id: z.string(),
        status: z.string(),
        rolloutState: z.string().default(""),
        failedTasks: z.number().default(0),
      }),
    )
    .default([]),
  events: z.array(z.object({ message: z.string() })).default([]),
  loadBalancers: z.array(z.object({ targetGroupArn: z.string().optional() })).default([]),
  deploymentController: z.object({ type: z.string() }).optional(),
  launchType: z.string().optional(),
  networkConfiguration: z
    .object({ awsvpcConfiguration: z.object({ subnets: z.array(z.string()).default([]) }).optional() })
    .optional(),
  capacityProviderStrategy: z.array(z.object({ capacityProvider: z.string() })).default([]),
});
const Failure = z.object({ arn: z.string().default(""), reason: z.string().default("") });
const TargetHealth = z
  .array(z.object({ Target: z.object({ Id: z.string() }), TargetHealth: z.object({ State: z.string() }) }))
  .default([]);
const ScalableTarget = z.object({
  MinCapacity: z.number(),
  MaxCapacity: z.number(),
  SuspendedState: z
    .object({
      DynamicScalingInSuspended: z.boolean().default(false),
      DynamicScalingOutSuspended: z.boolean().default(false),
      ScheduledScalingSuspended: z.boolean().default(false),
    })
    .prefault({}),
});

/** Reads of one ECS service. All throw CallFailed. */
export class ComputeReader {
  readonly #lookups: Lookups;
  readonly tasks: TaskReader;

  constructor(lookups: Lookups) {
    this.#lookups = lookups;
    this.tasks = new TaskReader(lookups);
  }

  async service(wanted: Wanted) {
    const { region, site } = wanted;
    return serviceIn(await this.#lookups.services(region, site.cluster).ask(serviceWish(wanted)), wanted);
  }

  /** The same for a write, which waits for no other look. */
  async serviceNow(wanted: Wanted) {
    const { region, site } = wanted;
    return serviceIn(await this.#lookups.services(region, site.cluster).askAlone(serviceWish(wanted)), wanted);
  }

  /** Undefined where the service is not auto-scaled. */
  async scaling(wanted: Wanted): Promise<Scaling | undefined> {
    return scalingOf(await this.#lookups.scalableTargets(wanted.region).ask(scalingWish(wanted)));
  }

  /** The same for a write. */
  async scalingNow(wanted: Wanted): Promise<Scaling | undefined> {
    return scalingOf(await this.#lookups.scalableTargets(wanted.region).askAlone(scalingWish(wanted)));
  }

  /** Of the service's own tasks; undefined where it has no target group. */
  async #targets(wanted: WantedFacts): Promise<ComputeFacts["targets"]> {
    const { target_group: group } = wanted.site;
    if (group === undefined) return undefined;
    const [addresses, health] = await Promise.all([this.tasks.addresses(wanted), this.#targetHealth(wanted, group)]);
    const own = new Set(addresses);
    const targets = health.filter(({ Target }) => own.has(Target.Id));
    const healthy = targets.filter(({ TargetHealth: { State } }) => State === "healthy").length;
    return { healthy, total: targets.length };
  }

  async #targetHealth({ region, site, signal }: Wanted, group: string) {
    const wish = { id: group, doing: `describe the targets of ${site.service}`, signal };
    return TargetHealth.parse(await this.#lookups.targetHealth(region).ask(wish));
  }

  async facts(wanted: WantedFacts): Promise<ComputeFacts> {
    const asked = [this.serviceFacts(wanted), this.#targets(wanted)] as const;
    await Promise.allSettled(asked);
    // Of several failures the service's own is told: that it is not there says more than that its tasks cannot be listed.
    const [found, targets] = await Promise.all(asked);
    return { ...found, targets };
  }

  async serviceFacts(wanted: Wanted): Promise<ServiceFacts> {
    const asked = [this.service(wanted), this.scaling(wanted)] as const;
    await Promise.allSettled(asked);
    const [found, scalingNow] = await Promise.all(asked);
    const stopped = mayTell(found) ? await this.tasks.all(wanted, "STOPPED") : [];
    const stopReasons = stopped.flatMap(({ stoppedReason }) => stoppedReason ?? []);
    return {
      status: found.status,
      desired: found.desired,
      running: found.runningCount,
      pending: found.pendingCount,
      deployments: found.deployments.map(({ id, status, rolloutState: rollout, failedTasks }) => ({
        ...{ id, primary: status === "PRIMARY", rollout, failedTasks },
      })),
      ...(found.taskDefinition !== undefined && { taskDefinition: found.taskDefinition }),
      scaling: scalingNow,
      reasons: [
        ...new Set([
          ...stopReasons.slice(0, MOST_REASONS),
          ...found.events.slice(0, MOST_REASONS).map(({ message }) => message),
        ]),
      ],
      ...setUp(found),
    };
  }
}

const serviceWish = ({ site: { cluster, service: id }, signal }: Wanted): Wish => ({
  ...{ id, doing: `describe ${cluster}/${id}`, signal },
});

const scalingWish = ({ site: { cluster, service }, signal }: Wanted): Wish => ({
  ...{ id: `service/${cluster}/${service}`, doing: `describe the auto scaling of ${service}`, signal },
});

/** ECS answers 200 for a service that it does not have. */
function serviceIn(found: ServiceOrFailure | undefined, wanted: Wanted) {
  if (found?.failure) {
    const { arn: said, reason: code } = Failure.parse(found.failure);
    const kind = code === "MISSING" ? "absent" : "refused";
    const attempted = { doing: serviceWish(wanted).doing, region: wanted.region, nature: "read" } as const;
    throw new CallFailed(attempted, { kind, code, said, met: "answer", requestId: undefined });
  }
  const service = Service.parse(found?.service);
  return { ...service, desired: service.desiredCount };
}

function scalingOf(found: unknown): Scaling | undefined {
  if (found === undefined) return undefined;
  const { MinCapacity: min, MaxCapacity: max, SuspendedState: state } = ScalableTarget.parse(found);
  const suspended = {
    scaleIn: state.DynamicScalingInSuspended,
    scaleOut: state.DynamicScalingOutSuspended,
    scheduled: state.ScheduledScalingSuspended,
  };
  return { min, max, suspended };
}

/** Reasons of stopped tasks cost two calls more; they are worth it only while tasks are missing because some failed. */
const mayTell = ({
  runningCount,
  desired,
  deployments,
}: z.infer<typeof Service> & { readonly desired: number }): boolean =>
  runningCount < desired && (deployments.length === 0 || deployments.some(({ failedTasks }) => failedTasks > 0));

/** How somebody has set the service up, as far as ECS tells it. */
function setUp(found: z.infer<typeof Service>) {
  const { deploymentController, launchType, networkConfiguration, capacityProviderStrategy: providers } = found;
  const subnets = networkConfiguration?.awsvpcConfiguration?.subnets;
  return {
    ...(subnets && { subnets }),
    ...(deploymentController && { controller: deploymentController.type }),
    ...(launchType !== undefined && { launchType }),
    ...(providers.length > 0 && { capacityProviders: providers.map(({ capacityProvider }) => capacityProvider) }),
  };
}
