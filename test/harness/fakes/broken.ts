import type { Broken } from "../../../src/engine/delivery/duty-outcome.ts";

/** Hears of every attempt that broke, and tells nobody. */
export const TELLS_NOBODY: Broken = { failed: async () => undefined, succeeded: () => undefined };
