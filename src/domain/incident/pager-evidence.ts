import { z } from "zod";

export const NOTIFICATIONS_KEPT = 50;

/** What the pager itself says, merged so that it only moves forward. */
export const PagerEvidence = z.strictObject({
  id: z.string().optional(),
  url: z.string().optional(),
  status: z.enum(["triggered", "acknowledged", "resolved"]).optional(),
  /** When its incident came into being there. */
  createdAtMs: z.number().optional(),
  readAtMs: z.number().optional(),
  /** Newest last, at most NOTIFICATIONS_KEPT. */
  notifications: z.array(z.strictObject({ user: z.string(), channel: z.string(), atMs: z.number() })),
  /** Acknowledgements that did not count: pager user ids. */
  uncounted: z.array(z.string()),
  /** When the pager last took acknowledgements back. */
  lapsedAtMs: z.number().optional(),
  /** How often it was found open after it had been resolved. */
  reopened: z.number().int(),
  /** How often it took a page and showed no incident of it afterwards, so that the page was sent again. */
  lost: z.number().int(),
});
