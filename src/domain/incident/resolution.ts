import { z } from "zod";
import { LostIn } from "../plan-run/lost-writes.ts";

/** What is known when an incident is resolved. The other three parts may be written later; none that is there is empty. */
export const ResolutionFields = z.strictObject({
  details: z.string().min(1),
  impact: z.string().min(1).optional(),
  followUps: z.string().min(1).optional(),
  lessons: z.string().min(1).optional(),
});
export type ResolutionFields = z.infer<typeof ResolutionFields>;

export type LaterPart = Exclude<keyof ResolutionFields, "details">;
export const LATER_PARTS = ["impact", "followUps", "lessons"] as const satisfies readonly LaterPart[];

/** How an incident ended, in the words of the person who closed it. */
export const Resolution = z.strictObject({
  fields: ResolutionFields,
  by: z.string(),
  /** Who owes what is still to be written. */
  person: z.string().optional(),
  /** Parts that were written later, in that order. */
  added: z.array(z.strictObject({ parts: z.array(z.enum(LATER_PARTS)), by: z.string(), atMs: z.number() })),
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
  lost: z.array(LostIn).optional(),
});

/** Parts that nobody has written so far. */
export const stillToWrite = (fields: ResolutionFields): LaterPart[] =>
  LATER_PARTS.filter((part) => fields[part] === undefined);
