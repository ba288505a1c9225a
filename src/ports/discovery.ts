import type { FoundDatabase, FoundLoadBalancer, FoundService, FoundZone } from "../domain/service/discovered.ts";
import type { Known } from "../domain/service/observed.ts";
import type { Region } from "../domain/service/service.ts";
import type { Scaling } from "./compute.ts";

interface EcsId {
  readonly cluster: string;
  readonly service: string;
}

/** What AWS knows of the resources that the file names: reads only, for `check`, `explain` and the plan. */
export interface Discovery {
  /** Of an ECS service: its target groups. */
  service(region: Region, id: EcsId, signal?: AbortSignal): Promise<Known<FoundService>>;
  /** The scalable target of an ECS service; `not-scaled`: it is not auto-scaled. */
  scaling(region: Region, id: EcsId, signal?: AbortSignal): Promise<Known<Scaling | "not-scaled">>;
  /** Load balancers that send to this target group; empty where it hangs in the air. */
  loadBalancers(
    region: Region,
    targetGroup: string,
    signal?: AbortSignal,
  ): Promise<Known<readonly FoundLoadBalancer[]>>;
  database(region: Region, instance: string, signal?: AbortSignal): Promise<Known<FoundDatabase>>;
  /**
   * The zones that answer for this name: of the public ones and of the private ones each those with the longest suffix
   * of it. Several private zones may share a name. Empty where the account has none.
   */
  zones(name: string, signal?: AbortSignal): Promise<Known<readonly FoundZone[]>>;
}
