import { z } from "zod";
import { sayDuration } from "../../domain/duration.ts";
import type { Step } from "../../ports/step.ts";
import { NoData } from "./schemas.ts";

/** One TTL after the change was in sync: until then resolvers may still send users to the old side. */
const Input = z.object({ afterStep: z.string(), ttlMs: z.number() });
type Input = z.infer<typeof Input>;
const InSync = z.object({ inSyncAtMs: z.number() });

export const settleDns: Step<Input, Record<string, never>> = {
  name: "settle-dns",
  input: Input,
  data: NoData,
  run: async () => ({ requestIds: [], data: {} }),
  async verify(input, _data, { cloud, outputOf, signal }) {
    const changed = InSync.safeParse(outputOf(input.afterStep));
    // Nothing was changed, or it was done by hand: then nobody knows since when, so one whole TTL counts from now.
    const sinceMs = changed.success ? changed.data.inSyncAtMs : cloud.clock.now();
    const leftMs = sinceMs + input.ttlMs - cloud.clock.now();
    if (leftMs > 0) await cloud.clock.sleep(leftMs, signal);
    return { done: true, says: `${sayDuration(input.ttlMs)} of old answers have run out`, output: {} };
  },
  undo: "nothing-to-undo",
};
