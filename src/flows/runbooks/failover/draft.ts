import type { PlannedStep } from "../../../domain/plan-run/plan.ts";

/** World milliseconds. Expected durations are what AWS documents or drills showed; deadlines are when people must look. */
export const SECOND = 1_000;
export const MINUTE = 60 * SECOND;
/** People change DNS elsewhere, or wait for Route 53 to answer again. */
export const BY_HAND_WITHIN_MS = 4 * 60 * MINUTE;

/** A step as a runbook writes it; its way back is told by the step itself. */
export type Draft = Omit<PlannedStep, "wayBack" | "input" | "controlPlane"> & {
  readonly input: object;
  readonly controlPlane?: string;
};
