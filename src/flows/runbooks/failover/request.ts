import { z } from "zod";
import { Mode } from "../../../domain/plan-run/plan.ts";
import type { Region } from "../../../domain/service/service.ts";
import type { PlanRequest } from "../runbook.ts";

/** What can be wished for: where to, and how. `to` absent: the first other region of the list that is ready. */
export const FailoverWish = z.object({ to: z.string().optional(), mode: Mode.default("unplanned") });
export type FailoverWish = z.infer<typeof FailoverWish>;

/** What somebody asked for, with every choice made. */
export interface FailoverRequest extends PlanRequest {
  readonly to: Region;
  readonly mode: Mode;
  /** Why it does not go to a region of higher priority; absent where people named the target. */
  readonly passedOver?: readonly string[];
}
