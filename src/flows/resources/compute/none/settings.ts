import { z } from "zod";

export const ABOUT =
  "No tasks that TwoKey starts or stops: whatever uses the stores runs in each region already, or people start it.";

/** A service without tasks of its own. */
export const None = z.strictObject({ kind: z.literal("none").describe(ABOUT) });
export type None = z.infer<typeof None>;
