import { z } from "zod";

/**
 * How far what people agree to may go: a number that may not fall below it or rise above it, or a time that may not come earlier.
 * `limit`: how far the number that is measured may rise or fall, where that is further than itself.
 */
export const Bound = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("at-least"), value: z.number(), limit: z.number().exactOptional() }),
  z.strictObject({ kind: z.literal("at-most"), value: z.number(), limit: z.number().exactOptional() }),
  z.strictObject({ kind: z.literal("not-before"), atMs: z.number() }),
]);
export type Bound = z.infer<typeof Bound>;

export const atLeast = (value: number): Bound => ({ kind: "at-least", value });
export const atMost = (value: number): Bound => ({ kind: "at-most", value });
/** Measured to be this much, and agreed to down to `limit`. */
export const downTo = (limit: number, value: number): Bound => ({ kind: "at-least", value, limit });
/** The same up to `limit`. */
export const upTo = (limit: number, value: number): Bound => ({ kind: "at-most", value, limit });
export const notBefore = (atMs: number): Bound => ({ kind: "not-before", atMs });

/** True where what would have to be signed now goes further than what was signed. Without a bound nothing goes further. */
export function isWorse(now: Bound | undefined, signed: Bound | undefined): boolean {
  if (!signed) return false;
  if (now?.kind === "at-least" && signed.kind === "at-least") return now.value < (signed.limit ?? signed.value);
  if (now?.kind === "at-most" && signed.kind === "at-most") return now.value > (signed.limit ?? signed.value);
  if (now?.kind === "not-before" && signed.kind === "not-before") return now.atMs < signed.atMs;
  return true;
}
