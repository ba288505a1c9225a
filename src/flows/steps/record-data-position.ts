import { z } from "zod";
import { sayTime } from "../../domain/duration.ts";
import type { Step } from "../../ports/step.ts";
import { NoData } from "./schemas.ts";

/**
 * Writes down how far the standby had followed, right before it is cut loose. A position never goes back, so what the plan
 * knew stays true when the lag can no longer be measured. In planned mode nothing may be missing.
 */
const Input = z.object({
  region: z.string(),
  instance: z.string(),
  /** Planned: wait until the replica has everything. */
  mustReachZero: z.boolean(),
  /** World time until which the plan knew that every commit is on the standby; null: unknown, accepted as such. */
  knownUntilMs: z.number().nullable(),
});
type Input = z.infer<typeof Input>;

export const recordDataPosition: Step<Input, Record<string, never>> = {
  name: "record-data-position",
  input: Input,
  data: NoData,
  run: async () => ({ requestIds: [], data: {} }),

  async verify(input, _data, { cloud, signal }) {
    const lag = await cloud.databases.lag(input.region, input.instance, signal);
    if (input.mustReachZero && !(lag.known && lag.value.seconds === 0)) {
      return {
        done: false,
        says: lag.known ? `the standby is ${lag.value.seconds} s behind` : `lag is unknown: ${lag.why}`,
      };
    }
    const measuredMs = lag.known ? lag.value.measuredAtMs - lag.value.seconds * 1_000 : 0;
    const lastCommitMs = Math.max(measuredMs, input.knownUntilMs ?? 0);
    if (lastCommitMs === 0)
      return {
        done: true,
        says: "how far the standby had followed is unknown, as accepted",
        output: { lastCommitMs: null },
      };
    return { done: true, says: `commits until ${sayTime(lastCommitMs)} are on the standby`, output: { lastCommitMs } };
  },

  undo: "nothing-to-undo",
};
