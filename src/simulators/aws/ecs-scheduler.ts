import { startTicker } from "../application/ticker.ts";
import type { Random } from "../world/random.ts";
import type { World } from "../world/world.ts";
import { clusterOf, type Deployment, type EcsServiceSpec, type EcsSpec, isBroken, type Task } from "./ecs-spec.ts";
import { type TaskDeps, TaskRunner } from "./ecs-task-runner.ts";

export interface ServiceEvent {
  readonly id: string;
  readonly createdMs: number;
  readonly message: string;
}

const MAX_EVENTS = 100;
/** How often a service that could not place its tasks, or whose tasks failed, tries again. */
const RETRY_MS = 15_000;
const STOPPED_TASKS_KEPT_MS = 3_600_000;
/** A deleted service is described for some time, and then is missing. ECS names no time. */
const DELETED_SHOWN_MS = 600_000;
/** Why ECS finds no room, in its own words. */
const NO_CAPACITY =
  ". Reason: Capacity is unavailable at this time. Please try again later or in a different availability zone.";
const NO_QUOTA =
  ". Reason: You've reached the limit on the number of vCPUs you can run concurrently. For more information, see the Troubleshooting section of the Amazon ECS Developer Guide.";
const NO_MACHINES =
  " because no container instance met all of its requirements. Reason: No Container Instances were found in your cluster.";

interface Opening {
  readonly ecs: EcsSpec;
  readonly spec: EcsServiceSpec;
  /** None of its tasks runs yet. */
  readonly isNew: boolean;
}

/**
 * One ECS service: its deployments (first is PRIMARY), its tasks and its events. Tasks of older deployments are stopped
 * as those of the PRIMARY become ready (minimum healthy 100 %, maximum 200 %).
 */
export class ServiceScheduler {
  readonly spec: EcsServiceSpec;
  readonly createdMs: number;
  desired: number;
  capacityTasks: number;
  deployments: Deployment[];
  tasks: Task[] = [];
  events: ServiceEvent[] = [];
  readonly #world: World;
  readonly #ecs: EcsSpec;
  readonly #random: Random;
  readonly #runner: TaskRunner;
  readonly #quotaRoom: () => number;
  readonly #retry;
  readonly #staleness: Random;
  #stale: { readonly desired: number; readonly untilMs: number };
  #deletedMs: number | undefined;
  #isSteady: boolean;
  #lastRunning: number;

  constructor(world: World, { ecs, spec, isNew }: Opening, deps: TaskDeps) {
    this.#world = world;
    this.#ecs = ecs;
    this.spec = spec;
    this.#random = deps.random;
    this.createdMs = world.clock.now();
    this.desired = spec.desiredCount;
    this.#staleness = deps.random.fork("stale");
    this.#quotaRoom = deps.quotaRoom;
    this.#stale = { desired: this.desired, untilMs: 0 };
    this.capacityTasks = spec.capacityTasks;
    this.deployments = [this.#newDeployment(spec.taskDefinition, isNew ? "IN_PROGRESS" : "COMPLETED")];
    this.#runner = new TaskRunner(world, { ecs, service: spec }, { deps, changed: (task) => this.#taskChanged(task) });
    const running = isNew ? 0 : spec.desiredCount;
    for (let i = 0; i < running; i++) this.tasks.push(this.#runner.running(this.primary));
    this.#isSteady = !isNew;
    this.#lastRunning = running;
    this.#retry = startTicker(world.clock, { intervalMs: RETRY_MS }, () => this.#lookAfter());
    if (isNew) this.reconcile();
  }

  /** As a description shows it now. */
  get shownDesired(): number {
    return this.#world.clock.now() < this.#stale.untilMs ? this.#stale.desired : this.desired;
  }

  get status(): "ACTIVE" | "DRAINING" | "INACTIVE" | "MISSING" {
    if (this.#deletedMs === undefined) return "ACTIVE";
    if (this.tasks.some(({ status }) => status !== "STOPPED")) return "DRAINING";
    return this.#world.clock.now() < this.#deletedMs + DELETED_SHOWN_MS ? "INACTIVE" : "MISSING";
  }

  /** Its tasks drain as those of any other service. */
  delete(): void {
    this.scale(0, "DeleteService");
    this.#deletedMs = this.#world.clock.now();
    const { region, cluster, name } = this.spec;
    this.#world.log.append("ecs.service-deleted", { region, cluster, service: name });
  }

  get primary(): Deployment {
    const primary = this.deployments[0];
    if (!primary) throw new Error(`Service ${this.spec.name} lost its deployments`);
    return primary;
  }

  count(status: "running" | "pending", tasks: readonly Task[] = this.tasks): number {
    const starting = ["PROVISIONING", "PENDING", "ACTIVATING"];
    return tasks.filter((task) => (status === "running" ? task.status === "RUNNING" : starting.includes(task.status)))
      .length;
  }

  tasksOf(deployment: Deployment): Task[] {
    return this.tasks.filter((task) => task.deploymentId === deployment.id);
  }

  /** Changes how many tasks should run; no deployment comes of it. */
  scale(desired: number, by: string): void {
    const from = this.desired;
    const [low, high] = this.#ecs.staleSeconds;
    this.#stale = {
      desired: this.shownDesired,
      untilMs: this.#world.clock.now() + this.#staleness.between(low, high) * 1_000,
    };
    this.desired = desired;
    const { region, cluster, name } = this.spec;
    this.#world.log.append("ecs.scale-accepted", { region, cluster, service: name, from, desired, by });
    if (desired === from) return;
    this.#isSteady = false;
    this.primary.updatedMs = this.#world.clock.now();
    this.reconcile();
  }

  deploy(taskDefinition: string): void {
    for (const older of this.deployments) older.status = "ACTIVE";
    this.deployments = [this.#newDeployment(taskDefinition, "IN_PROGRESS"), ...this.deployments];
    const { region, cluster, name } = this.spec;
    const facts = { region, cluster, service: name, taskDefinition, deployment: this.primary.id };
    this.#world.log.append("ecs.deployment-started", facts);
    this.#isSteady = false;
    this.reconcile();
  }

  /** Starts what is missing, stops what is too much, notices when there is nothing left to do. */
  reconcile(): void {
    const live = this.tasks.filter((task) => task.desiredStatus === "RUNNING");
    const fresh = live.filter((task) => task.deploymentId === this.primary.id);
    const old = live.filter((task) => task.deploymentId !== this.primary.id);
    if (this.primary.rolloutState !== "FAILED") this.#place(this.desired - fresh.length, this.#room - live.length);
    const ready = fresh.filter((task) => this.#runner.isReady(task)).length;
    // Tasks that do not serve yet go first, so that scaling in takes no capacity from users.
    const surplus = fresh.toSorted((a, b) => Number(this.#runner.isReady(a)) - Number(this.#runner.isReady(b)));
    const excess = [
      ...surplus.slice(0, Math.max(0, fresh.length - this.desired)),
      ...old.slice(0, Math.max(0, old.length - Math.max(0, this.desired - ready))),
    ];
    for (const task of excess)
      this.#runner.stop(task, `Scaling activity initiated by (deployment ${task.deploymentId})`);
    if (excess.length > 0) this.#event(`has stopped ${excess.length} running tasks: ${taskList(excess)}.`);
    this.#reportRunning();
    const remainingOld = old.length - excess.filter((task) => old.includes(task)).length;
    if (ready === this.desired && fresh.length <= this.desired && remainingOld === 0) this.#settle();
  }

  /** The load balancer calls a task unhealthy: past its grace period it is replaced. */
  targetUnhealthy(ip: string, targetGroup: string): void {
    const task = this.tasks.find((other) => other.ip === ip && other.status === "RUNNING");
    if (!task || task.startedMs === undefined) return;
    if (this.#world.clock.now() < task.startedMs + this.spec.healthCheckGracePeriodSeconds * 1_000) return;
    this.#event(
      `(task ${task.id}) is unhealthy in (target-group ${targetGroup}) due to (reason Health checks failed).`,
    );
    this.#runner.stop(task, `Task failed ELB health checks in (target-group ${targetGroup})`);
    this.#isSteady = false;
    this.reconcile();
  }

  stop(): void {
    this.#retry.cancel();
  }

  #newDeployment(taskDefinition: string, rolloutState: Deployment["rolloutState"]): Deployment {
    const now = this.#world.clock.now();
    const id = `ecs-svc/${String(this.#random.integer(1e9, 1e10 - 1)).padStart(19, "9")}`;
    const verb = rolloutState === "COMPLETED" ? "completed" : "in progress";
    const rolloutStateReason = `ECS deployment ${id} ${verb}.`;
    return {
      id,
      taskDefinition,
      createdMs: now,
      updatedMs: now,
      status: "PRIMARY",
      failedTasks: 0,
      rolloutState,
      rolloutStateReason,
    };
  }

  #place(missing: number, room: number): void {
    const started = Array.from({ length: Math.max(0, Math.min(missing, room)) }, () =>
      this.#runner.start(this.primary),
    );
    this.tasks.push(...started);
    if (started.length > 0) this.#event(`has started ${started.length} tasks: ${taskList(started)}.`);
    if (missing > Math.max(0, room)) this.#event(`was unable to place a task${this.#whyNoRoom}`);
  }

  get #whyNoRoom(): string {
    if (this.#needsMachines) return NO_MACHINES;
    return this.#quotaRoom() < this.capacityTasks ? NO_QUOTA : NO_CAPACITY;
  }

  get #needsMachines(): boolean {
    const { launchType, capacityProviders } = this.spec;
    return launchType !== "FARGATE" && capacityProviders.length === 0;
  }

  /** Most tasks that may live. */
  get #room(): number {
    const hasNone = this.#needsMachines && clusterOf(this.#ecs, this.spec).containerInstances === 0;
    return hasNone ? 0 : Math.min(this.capacityTasks, this.#quotaRoom());
  }

  /** Retries placement and replacement, forgets old tasks and looks at targets that stay unhealthy past their grace. */
  #lookAfter(): void {
    const now = this.#world.clock.now();
    this.tasks = this.tasks.filter(
      (task) => task.stoppedMs === undefined || now - task.stoppedMs < STOPPED_TASKS_KEPT_MS,
    );
    for (const { ip, targetGroup } of this.#runner.unhealthyTargets(this.tasks)) this.targetUnhealthy(ip, targetGroup);
    if (!this.#isSteady) this.reconcile();
  }

  #taskChanged(task: Task): void {
    const deployment = this.deployments.find((other) => other.id === task.deploymentId);
    if (task.stopCode === "TaskFailedToStart" && deployment) {
      deployment.failedTasks += 1;
      this.#breakCircuit(deployment);
      // Its replacement waits for the next retry, as the scheduler throttles tasks that keep failing.
      this.#isSteady = false;
      return;
    }
    this.reconcile();
  }

  /** Threshold: half the desired count, at least 10 and at most 200 failures. Only deployments have a breaker. */
  #breakCircuit(deployment: Deployment): void {
    const { enable, rollback } = this.spec.circuitBreaker;
    const threshold = Math.min(200, Math.max(10, Math.ceil(this.desired / 2)));
    if (!enable || deployment.rolloutState !== "IN_PROGRESS" || deployment.failedTasks < threshold) return;
    deployment.rolloutState = "FAILED";
    deployment.rolloutStateReason = "ECS deployment circuit breaker: tasks failed to start.";
    for (const task of this.tasksOf(deployment)) {
      if (task.desiredStatus === "RUNNING") this.#runner.stop(task, "ECS deployment circuit breaker");
    }
    this.#event(`(deployment ${deployment.id}) deployment failed: tasks failed to start.`);
    const previous = this.deployments.find((other) => other.rolloutState === "COMPLETED");
    if (rollback && previous && !isBroken(this.#ecs, previous.taskDefinition)) {
      this.#event(`rolling back to deployment ${previous.id}.`);
      this.deploy(previous.taskDefinition);
    }
  }

  #settle(): void {
    if (this.#isSteady || this.primary.rolloutState === "FAILED") return;
    this.#isSteady = true;
    const primary = this.primary;
    this.deployments = [primary];
    if (primary.rolloutState === "IN_PROGRESS") {
      primary.rolloutState = "COMPLETED";
      primary.rolloutStateReason = `ECS deployment ${primary.id} completed.`;
      this.#event(`(deployment ${primary.id}) deployment completed.`);
    }
    this.#event("has reached a steady state.");
    const { region, cluster, name } = this.spec;
    this.#world.log.append("ecs.steady", { region, cluster, service: name, desired: this.desired });
  }

  #reportRunning(): void {
    const running = this.count("running");
    if (running === this.#lastRunning) return;
    this.#lastRunning = running;
    const { region, cluster, name } = this.spec;
    this.#world.log.append("ecs.tasks-running", { region, cluster, service: name, running, desired: this.desired });
  }

  #event(message: string): void {
    const event = {
      id: this.#random.hex(32),
      createdMs: this.#world.clock.now(),
      message: `(service ${this.spec.name}) ${message}`,
    };
    this.events = [event, ...this.events].slice(0, MAX_EVENTS);
  }
}

function taskList(tasks: readonly Task[]): string {
  return tasks.map((task) => `(task ${task.id})`).join(" ");
}
