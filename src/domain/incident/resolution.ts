import { z } from "zod";

/** The four parts of a resolution. None may be empty. */
export const ResolutionFields = z.strictObject({
  details: z.string().min(1),
  impact: z.string().min(1),
  followUps: z.string().min(1),
  lessons: z.string().min(1),
});
export type ResolutionFields = z.infer<typeof ResolutionFields>;

/** How an incident ended, in the words of the person who closed it. */
export const Resolution = z.strictObject({
  fields: ResolutionFields,
  by: z.string(),
  /** What spoke against closing it, and why it was closed all the same. */
  despite: z
    .strictObject({
      alarms: z.array(z.string()),
      unknownIn: z.array(z.string()),
      down: z.array(z.strictObject({ service: z.string(), gives: z.string() })),
      plans: z.array(z.string()),
      why: z.string(),
    })
    .optional(),
  rtoMs: z.number().optional(),
  rpoMs: z.number().optional(),
});
