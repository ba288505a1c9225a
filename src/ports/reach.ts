/**
 * Machine time for which nobody outside, no region and no vendor, has answered this process, so that it cannot look. Undefined: somebody
 * has answered `lately`, while a run goes on; or `now`, since anything failed.
 */
export type CutOffForMs = (asOf: "lately" | "now") => Promise<number | undefined>;
