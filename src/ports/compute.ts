import type { ComputeFacts, ComputeGround, Known, Scaling } from "../domain/service/observed.ts";
import type { ComputeSite, Region } from "../domain/service/service.ts";
import type { Act } from "./databases.ts";

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
  readonly facts: ComputeFacts;
}

/** ECS services behind target groups. Errors as in `Databases`. */
export interface Compute {
  describe(region: Region, site: ComputeSite, signal?: AbortSignal): Promise<Known<ComputeFacts>>;
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
