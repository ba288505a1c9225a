import { z } from "zod";

/** World time for which one person's word to lift a freeze waits for the next one. */
const LIFT_COUNTS_FOR_MS = 15 * 60_000;
/** People who must say that changes may go on again. */
export const LIFTED_BY = 2;

const Said = { by: z.string(), atMs: z.number() };

/** One person stopped every change of this installation at once; two lift it. */
export const Freeze = z.strictObject({
  ...Said,
  why: z.string(),
  /** Approvers who said that it may go on. */
  lifts: z.array(z.strictObject(Said)),
});
export type Freeze = z.infer<typeof Freeze>;

/** What is stored: null once it was lifted. */
export const FreezeDocument = z.strictObject({ freeze: Freeze.nullable() });
export type FreezeDocument = z.infer<typeof FreezeDocument>;

/** The one document of them. */
export const FREEZE_ID = "installation";

/** The freeze after one more person has said that it may go on; null: it is lifted. */
export function liftedBy(freeze: Freeze, by: string, nowMs: number): Freeze | null {
  const others = freeze.lifts.filter((lift) => lift.by !== by && nowMs - lift.atMs < LIFT_COUNTS_FOR_MS);
  const lifts = [...others, { by, atMs: nowMs }];
  return lifts.length >= LIFTED_BY ? null : { ...freeze, lifts };
}

export const sayFrozen = ({ by, why }: Freeze): string =>
  `${by} stopped every change (${why}). Two approvers lift that: /dr unfreeze`;
