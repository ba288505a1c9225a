import type { Guard } from "../../../src/ports/guard.ts";

/** Of somebody who acts in AWS and asks nobody. */
export const UNASKED: Guard = { prove: async () => ({ holds: () => true }) };
