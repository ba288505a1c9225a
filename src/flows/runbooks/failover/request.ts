import type { Mode } from "../../../domain/plan-run/plan.ts";
import type { RunState } from "../../../domain/plan-run/run.ts";
import type { Inventory } from "../../../domain/service/inventory.ts";
import type { Observation } from "../../../domain/service/observed.ts";
import type { Region, Service } from "../../../domain/service/service.ts";

/** What somebody asked for, with the one look at the world it is planned on. */
export interface FailoverRequest {
  readonly id: string;
  readonly service: Service;
  readonly to: Region;
  readonly mode: Mode;
  readonly reason: string;
  readonly requester: string;
  readonly incident: string | undefined;
  /** World time at which the trouble was first seen; undefined: nobody knows. */
  readonly outageAtMs?: number | undefined;
  readonly inventory: Inventory;
  readonly observed: Observation;
  readonly nowMs: number;
  /** The run that waits for people and whose rest is planned; absent for a plan that begins anew. */
  readonly continues?: RunState;
}
