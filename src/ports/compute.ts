import type { Known } from "../domain/service/observed.ts";
import type { Region } from "../domain/service/service.ts";
import type { Act } from "./databases.ts";

/** What shows that the tasks of a service work. `running-tasks`: they run, and no load balancer asks them anything. */
export const MEANINGS = ["writable-database", "process", "running-tasks"] as const;

/** One ECS service of one site, with what registers its tasks. */
export interface ComputeSite {
  readonly cluster: string;
  readonly service: string;
  readonly tasks: number;
  readonly max_tasks?: number | undefined;
  /** Absent: it takes its work from a queue, and nobody reaches it by name. */
  readonly target_group?: string | undefined;
  readonly target_health: (typeof MEANINGS)[number];
}

export interface Scaling {
  readonly min: number;
  readonly max: number;
  readonly suspended: Suspended;
}

/** Which parts of auto scaling do nothing. Each is switched by itself, as by people who keep a service from shrinking. */
export interface Suspended {
  readonly scaleIn: boolean;
  readonly scaleOut: boolean;
  readonly scheduled: boolean;
}

/** What is left of one that is suspended in part still moves the number of tasks. */
export const isSuspended = ({ suspended }: Scaling): boolean =>
  suspended.scaleIn && suspended.scaleOut && suspended.scheduled;

/** A service by itself, without what stands behind its load balancer. */
export interface ServiceFacts {
  readonly status: string;
  readonly desired: number;
  readonly running: number;
  readonly pending: number;
  readonly deployments: readonly {
    readonly id: string;
    readonly primary: boolean;
    readonly rollout: string;
    readonly failedTasks: number;
  }[];
  /** Absent: each of its task sets has one of its own, as where somebody else rolls it out. */
  readonly taskDefinition?: string;
  /** Absent where the service is not auto-scaled. */
  readonly scaling: Scaling | undefined;
  /** Newest service events and stop reasons, for the report of a failure. */
  readonly reasons: readonly string[];
  /** Who rolls out its revisions: `ECS`, `CODE_DEPLOY` or `EXTERNAL`; absent: not told. */
  readonly controller?: string;
  /** `FARGATE`, `EC2` or `EXTERNAL`; absent: not told, or its capacity providers say it. */
  readonly launchType?: string;
  /** Names of its capacity providers; absent: none. */
  readonly capacityProviders?: readonly string[];
  /** Where the interfaces of its tasks stand; absent: they have none of their own. */
  readonly subnets?: readonly string[];
}

export interface ComputeFacts extends ServiceFacts {
  /** Absent where the service has no target group. */
  readonly targets?: { readonly healthy: number; readonly total: number } | undefined;
}

/** What the tasks of a service would start on, beside the service itself. */
export interface ComputeGround {
  /** Absent where neither machines nor capacity providers of the cluster decide. */
  readonly cluster?: {
    readonly status: string;
    /** Machines of its own. */
    readonly machines: number;
    readonly capacityProviders: readonly string[];
  };
  /** Those of the service's subnets that there are, each with its free addresses; absent: its tasks have no interface. */
  readonly subnets?: readonly { readonly id: string; readonly free: number }[];
  /**
   * Its tasks that have an interface there: those that start, run, or drain and give their address back when they have ended. Absent: not
   * looked at, since the free ones are enough, or nobody may see it.
   */
  readonly held?: number;
  /** Those that the service names and EC2 does not have; absent: none. */
  readonly absentSubnets?: readonly string[];
  /** Network mode of the task definition: `awsvpc`, `bridge`, `host` or `none`. */
  readonly networkMode?: string;
  /** What its containers are started from. */
  readonly images?: readonly string[];
  /** Names of the roles that its tasks are started by and run with; absent: none. */
  readonly roles?: readonly string[];
  /** Those of ECR that the registry does not have which their names say, in whatever region. */
  readonly absentImages?: readonly string[];
  /** Those of ECR of which nobody could see that, each with why; `isSilent`: its registry gave no answer. */
  readonly unseenImages?: readonly { readonly image: string; readonly why: string; readonly isSilent?: boolean }[];
  /** What the account may run at once in the region, of each kind that its tasks are started on; absent: not told, or no kind has one. */
  readonly quotas?: readonly { readonly name: string; readonly code: string; readonly vcpus: number }[];
  /** Why nobody could see that. */
  readonly unseenQuota?: string;
  /** What one of its tasks takes of that; absent: its task definition does not say. */
  readonly vcpusOfTask?: number;
  /** For how long a task may go on once it is told to stop: its target group waits first, then its containers are given theirs. */
  readonly drain?: { readonly deregistrationSeconds: number; readonly stopSeconds: number };
  /** Why nobody could see that. */
  readonly unseenDrain?: string;
  /** By what the target group knows a target: `ip` or `instance`; absent: it has none. */
  readonly targetType?: string;
}

export interface ScaleOut {
  readonly region: Region;
  readonly site: ComputeSite;
  readonly tasks: number;
}

export interface Restoration {
  readonly region: Region;
  readonly site: ComputeSite;
  readonly saved: { desired: number; scaling: Scaling | undefined };
}

export interface GroundWish {
  readonly region: Region;
  readonly site: ComputeSite;
  /** The service as it was seen right before. */
  readonly facts: ServiceFacts;
}

/** ECS services behind target groups. Errors as in `Databases`. */
export interface Compute {
  describe(region: Region, site: ComputeSite, signal?: AbortSignal): Promise<Known<ComputeFacts>>;
  /** The same without its targets, which cost three calls more. */
  service(region: Region, site: ComputeSite, signal?: AbortSignal): Promise<Known<ServiceFacts>>;
  ground(wish: GroundWish, signal?: AbortSignal): Promise<Known<ComputeGround>>;
  /** How many tasks have not ended: those that start, run or drain. A task that drains goes on writing. */
  tasksLeft(region: Region, site: ComputeSite, signal?: AbortSignal): Promise<Known<number>>;
  /** Raises desired tasks and the auto-scaling minimum to at least `tasks`, and resumes scaling; never lowers either. */
  scaleOut(wish: ScaleOut, signal?: AbortSignal): Promise<Act>;
  /** Auto scaling to 0..0 and suspended, desired tasks to 0. */
  stop(region: Region, site: ComputeSite, signal?: AbortSignal): Promise<Act>;
  /** Puts back what `stop` took. */
  restore(wish: Restoration, signal?: AbortSignal): Promise<Act>;
}
