import type { Likeness, StepTime } from "../domain/plan-run/learned-times.ts";

/** How long steps took, by kind and region. What a rehearsal took is never read for production, nor the other way round. */
export interface LearnedTimes {
  /** The last times of steps like this one, oldest first. */
  of(likeness: Likeness): Promise<readonly StepTime[]>;
  /** Keeps it once, however often it is told. */
  add(likeness: Likeness, time: StepTime): Promise<void>;
}

/** Whose times they are. */
export type TimesOf = "production" | "rehearsal";
