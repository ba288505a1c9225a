import { z } from "zod";

/** Through which door something was asked, or `engine` where nobody asked. */
export const DoorName = z.enum(["slack", "terminal", "web", "pager", "sns", "pipeline", "engine"]);
export type DoorName = z.infer<typeof DoorName>;

/**
 * One thing that happened. Every state change appends its events in the same atomic step; timeline and ledger are
 * projections of this one stream.
 */
export const Event = z.strictObject({
  /** `incident.opened`, `page.accepted`, `run.key-turned`, `step.asked` … */
  kind: z.string(),
  /** World time, epoch milliseconds. */
  atMs: z.number(),
  incident: z.string().optional(),
  run: z.string().optional(),
  service: z.string().optional(),
  /** Person id, or absent where TwoKey acted by itself. */
  by: z.string().optional(),
  door: DoorName,
  /** One plain sentence for the timeline. */
  says: z.string(),
  facts: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null(), z.array(z.string())])),
});
export type Event = z.infer<typeof Event>;
