import type { World } from "../world/world.ts";
import { ServiceScheduler } from "./ecs-scheduler.ts";
import type { EcsServiceSpec, EcsSpec, Task } from "./ecs-spec.ts";
import type { Elb } from "./elb.ts";
import { fargateRoom } from "./fargate.ts";

/** A task, with its service. */
export interface RunningTask {
  readonly scheduler: ServiceScheduler;
  readonly task: Task;
}

/** Starts the scheduler of a service. Each task takes the next address. */
export function opening(
  world: World,
  spec: EcsSpec,
  { elb, accountId }: { readonly elb: Elb; readonly accountId: string },
) {
  const random = world.random.fork("ecs");
  let addresses = 0;
  const nextIp = () => {
    addresses += 1;
    return `10.${(addresses >> 16) & 255}.${(addresses >> 8) & 255}.${addresses & 255}`;
  };
  const all: ServiceScheduler[] = [];
  return (entry: EcsServiceSpec, isNew: boolean) => {
    const scheduler = new ServiceScheduler(
      world,
      { ecs: spec, spec: entry, isNew },
      {
        ...{ accountId, nextIp, targets: elb.targets, targetGroupArns: targetGroupsOf(elb, entry) },
        quotaRoom: () => fargateRoom(spec, entry, all),
        random: random.fork(`${entry.region}/${entry.cluster}/${entry.name}`),
      },
    );
    all.push(scheduler);
    return scheduler;
  };
}

export function followTargets(elb: Elb, schedulers: readonly ServiceScheduler[]): void {
  elb.targets.onChange((group, target) => {
    const scheduler = schedulers.find((other) => other.tasks.some((task) => task.ip === target.id));
    if (target.state === "unhealthy") scheduler?.targetUnhealthy(target.id, group.arn);
    else if (target.state === "healthy") scheduler?.reconcile();
  });
}

/** One of that name that is over goes. */
export function makeRoom(schedulers: ServiceScheduler[], entry: EcsServiceSpec): void {
  const over = schedulers.findIndex((one) => isCalled(one, entry));
  for (const old of over < 0 ? [] : schedulers.splice(over, 1)) old.stop();
}

export const isCalled = (
  { spec: one }: ServiceScheduler,
  { region, cluster, name }: Pick<EcsServiceSpec, "region" | "cluster" | "name">,
): boolean => one.region === region && one.cluster === cluster && one.name === name;

export function taskAt(schedulers: readonly ServiceScheduler[], ip: string): RunningTask | undefined {
  for (const scheduler of schedulers) {
    const task = scheduler.tasks.find((other) => other.ip === ip);
    if (task) return { scheduler, task };
  }
  return undefined;
}

/** Of tasks that start, run or drain. */
export const interfacesIn = (
  schedulers: readonly ServiceScheduler[],
  { region, subnet }: { readonly region: string; readonly subnet: string },
): number =>
  schedulers
    .filter(({ spec }) => spec.region === region && spec.subnets[0] === subnet)
    .reduce((sum, { tasks }) => sum + tasks.filter(({ status }) => status !== "STOPPED").length, 0);

export function targetGroupsOf(elb: Elb, service: EcsServiceSpec): string[] {
  const here = elb.loadBalancers.filter(({ region }) => region === service.region).flatMap((one) => one.targetGroups);
  return service.targetGroups.map((name) => {
    const group = here.find((other) => other.name === name);
    if (!group)
      throw new Error(`Service ${service.name} names target group ${name}, which ${service.region} does not have`);
    return group.arn;
  });
}
