import type { Timer } from "../world/clock.ts";
import type { Random } from "../world/random.ts";
import type { World } from "../world/world.ts";
import { partitionOf } from "./arn.ts";
import { type Deployment, type EcsServiceSpec, type EcsSpec, isBroken, type Task } from "./ecs-spec.ts";
import type { TargetRegistry } from "./elb-targets.ts";

export interface TaskDeps {
  readonly accountId: string;
  readonly random: Random;
  readonly targets: TargetRegistry;
  /** ARNs of the service's target groups. */
  readonly targetGroupArns: readonly string[];
  readonly nextIp: () => string;
  /** How many of its tasks the quotas of the account allow now. */
  readonly quotaRoom: () => number;
}

/** Shares of the start-up time spent before PENDING and before ACTIVATING. */
const PROVISIONING_SHARE = 0.2;
const PENDING_SHARE = 0.85;
const DEPROVISIONING_MS = 3_000;
/** What stopping takes for a task that never ran. */
const ABANDON_MS = 5_000;

/** Walks the tasks of one service through their life: PROVISIONING … RUNNING … DEACTIVATING … STOPPED. */
export class TaskRunner {
  readonly #world: World;
  readonly #ecs: EcsSpec;
  readonly #service: EcsServiceSpec;
  readonly #deps: TaskDeps;
  readonly #changed: (task: Task) => void;
  readonly #starting = new Map<Task, Timer[]>();

  constructor(
    world: World,
    { ecs, service }: { readonly ecs: EcsSpec; readonly service: EcsServiceSpec },
    { deps, changed }: { readonly deps: TaskDeps; readonly changed: (task: Task) => void },
  ) {
    this.#world = world;
    this.#ecs = ecs;
    this.#service = service;
    this.#deps = deps;
    this.#changed = changed;
  }

  /** A task that runs and is healthy already: only for the start of the world. */
  running(deployment: Deployment): Task {
    const task = this.#create(deployment);
    task.status = "RUNNING";
    task.startedMs = task.createdMs;
    for (const arn of this.#deps.targetGroupArns) this.#deps.targets.register(arn, task.ip, "healthy");
    return task;
  }

  start(deployment: Deployment): Task {
    const task = this.#create(deployment);
    const { clock } = this.#world;
    const totalMs = this.#deps.random.between(...this.#ecs.startSeconds) * 1_000;
    const isDoomed = isBroken(this.#ecs, task.taskDefinition);
    const atShare = (share: number, reach: () => void) => clock.at(task.createdMs + totalMs * share, reach);
    this.#starting.set(task, [
      atShare(PROVISIONING_SHARE, () => this.#enter(task, "PENDING")),
      atShare(PENDING_SHARE, () => (isDoomed ? this.#fail(task) : this.#enter(task, "ACTIVATING"))),
      ...(isDoomed ? [] : [atShare(1, () => this.#run(task))]),
    ]);
    return task;
  }

  /** Deregisters, waits out the deregistration delay, sends SIGTERM and waits for the stop. */
  stop(task: Task, reason: string): void {
    if (task.desiredStatus === "STOPPED") return;
    const wasRunning = task.status === "RUNNING";
    task.desiredStatus = "STOPPED";
    task.stopCode = "ServiceSchedulerInitiated";
    task.stoppedReason = reason;
    this.#abandonStart(task);
    const { clock } = this.#world;
    if (!wasRunning) {
      task.status = "DEPROVISIONING";
      clock.after(ABANDON_MS, () => this.#end(task));
      return;
    }
    task.status = "DEACTIVATING";
    const delays = this.#deps.targetGroupArns.map((arn) => this.#deps.targets.deregister(arn, task.ip));
    const drainedMs = clock.now() + Math.max(0, ...delays);
    const stoppedMs = drainedMs + this.#ecs.stopSeconds * 1_000;
    clock.at(drainedMs, () => this.#enter(task, "STOPPING"));
    clock.at(stoppedMs, () => this.#enter(task, "DEPROVISIONING"));
    clock.at(stoppedMs + DEPROVISIONING_MS, () => this.#end(task));
  }

  /** Runs, and is healthy in every target group. */
  isReady(task: Task): boolean {
    if (task.status !== "RUNNING") return false;
    return this.#deps.targetGroupArns.every((arn) => this.#deps.targets.healthy(arn).some(({ id }) => id === task.ip));
  }

  unhealthyTargets(tasks: readonly Task[]): { ip: string; targetGroup: string }[] {
    const ips = new Set(tasks.map((task) => task.ip));
    return this.#deps.targetGroupArns.flatMap((arn) =>
      this.#deps.targets
        .targets(arn)
        .filter((target) => target.state === "unhealthy" && ips.has(target.id))
        .map((target) => ({ ip: target.id, targetGroup: arn })),
    );
  }

  #create(deployment: Deployment): Task {
    const id = this.#deps.random.hex(32);
    const { region, cluster } = this.#service;
    return {
      ...{
        id,
        arn: `arn:${partitionOf(region)}:ecs:${region}:${this.#deps.accountId}:task/${cluster}/${id}`,
        ip: this.#deps.nextIp(),
      },
      ...{ taskDefinition: deployment.taskDefinition, deploymentId: deployment.id, createdMs: this.#world.clock.now() },
      ...{ status: "PROVISIONING", desiredStatus: "RUNNING", startedMs: undefined, stoppedMs: undefined },
      ...{ stopCode: undefined, stoppedReason: undefined },
    };
  }

  #enter(task: Task, status: Task["status"]): void {
    task.status = status;
  }

  #run(task: Task): void {
    this.#starting.delete(task);
    task.status = "RUNNING";
    task.startedMs = this.#world.clock.now();
    for (const arn of this.#deps.targetGroupArns) this.#deps.targets.register(arn, task.ip);
    this.#changed(task);
  }

  #fail(task: Task): void {
    task.desiredStatus = "STOPPED";
    task.stopCode = "TaskFailedToStart";
    task.stoppedReason = `CannotPullContainerError: pull image manifest has been retried 5 time(s): failed to resolve ref ${task.taskDefinition}: not found`;
    this.#abandonStart(task);
    task.status = "STOPPED";
    task.stoppedMs = this.#world.clock.now();
    this.#changed(task);
  }

  #end(task: Task): void {
    task.status = "STOPPED";
    task.stoppedMs = this.#world.clock.now();
    const { region, cluster, name } = this.#service;
    this.#world.log.append("ecs.task-stopped", { region, cluster, service: name, task: task.id });
    this.#changed(task);
  }

  #abandonStart(task: Task): void {
    for (const timer of this.#starting.get(task) ?? []) timer.cancel();
    this.#starting.delete(task);
  }
}
