import { z } from "zod";
import { Mode, Roles } from "../../../domain/plan-run/plan.ts";
import { ROLES } from "../../../domain/service/resource.ts";

/** One resource of the old side: what is closed of it, and how a write proves that it is. */
export const FencePart = z.object({
  resource: z.string(),
  role: z.enum(ROLES),
  kind: z.string(),
  things: z.record(z.string(), z.unknown()),
  /** Roles by which it is entered, where it lies in another account. */
  roles: Roles.exactOptional(),
  /** URL that tries one write on exactly this store; absent for what keeps no data. */
  writeCheck: z.string().exactOptional(),
});
export type FencePart = z.infer<typeof FencePart>;

/** What people who moved back are noticed by: the promoted copy of a store, or an entrance. */
export const NewSide = z.object({
  role: z.enum(ROLES),
  kind: z.string(),
  copy: z.record(z.string(), z.unknown()),
  roles: Roles.exactOptional(),
});

/**
 * Stops every writer of the old side: first what works, then what keeps the data. Only a failing write on the old side
 * proves it. What gives no answer cannot be fenced: then nobody knows, and the key holders must have accepted that beforehand.
 * Denied is not dark: it is a failure.
 */
export const FenceInput = z.object({
  region: z.string(),
  mode: Mode,
  /** For how long what is stopped may go on, as it was seen for a planned move: its end is waited for. */
  drainsMs: z.number().exactOptional(),
  /** In the order in which they are closed. */
  parts: z.array(FencePart).min(1),
  /** Resources of these that gave no answer a moment ago, and are left alone; the watch comes back for them. */
  leaveAlone: z.array(z.string()).exactOptional(),
  /** What undo puts back, by resource, as seen when the plan was made; null where nothing was. The rest as each was seen on its return. */
  captured: z.record(z.string(), z.record(z.string(), z.unknown())).nullable(),
  /** Resources of these that an earlier run of this move has begun to close: of them `captured` says what stood before that. */
  touched: z.array(z.string()).exactOptional(),
  /** What stands there has to be written down before it is touched, or nobody could give it back. */
  mustCapture: z.boolean().exactOptional(),
  /** Two people said in this run that they did it by hand: what became of open sessions is their word. */
  byHand: z.boolean().exactOptional(),
  /** Stores that stayed closed since every other session of theirs was seen to end, each with the sentence that says so. */
  ended: z.record(z.string(), z.string()).exactOptional(),
  /** Resources of these that gave no answer when the plan was made: the key holders accepted that each may stay as it is. */
  unseenAccepted: z.array(z.string()),
  /** Stores whose write check gave no answer then: the key holders accepted that no failing write proves them closed. */
  unprovenAccepted: z.array(z.string()),
  newSide: z.array(NewSide),
});
