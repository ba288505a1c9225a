import { z } from "zod";
import { sayDuration } from "../../domain/duration.ts";
import type { HandOnAlike, Step } from "../../ports/step.ts";
import { LedSince, MINUTE, NoData, NoOutput } from "./schemas.ts";

/** One TTL after the change was in sync: until then resolvers may still send users to the old side. */
const Input = z.object({ name: z.string(), afterStep: z.string(), ttlMs: z.number() });
type Input = z.infer<typeof Input>;
/** The step that has led users, whether TwoKey did or people. */
const LEADING = { roles: ["moves-users", "waits-for-people"], output: LedSince } satisfies HandOnAlike<unknown>;

export const settleDns: Step<Input, Record<string, never>, Record<string, never>> = {
  name: "settle-dns",
  role: "settles",
  input: Input,
  data: NoData,
  dataByHand: () => ({}),
  output: NoOutput,
  title: () => "Wait until old DNS answers have run out",
  times: ({ ttlMs }) => ({ expectedMs: ttlMs, deadlineMs: ttlMs + 5 * MINUTE, alike: `ttl-${ttlMs}` }),
  byHand: ({ name, ttlMs }) => [
    { commands: [`dig +short ${name}`], goOn: `${sayDuration(ttlMs)} after the records were changed.` },
  ],
  permissions: () => [],
  run: async () => ({ requestIds: [], data: {} }),
  async verify(input, _data, { cloud, outputOf, signal }) {
    // Nothing was changed, or people went on without it: then nobody knows since when, so one whole TTL counts from now.
    const sinceMs = outputOf(input.afterStep, LEADING)?.inSyncAtMs ?? cloud.clock.now();
    const leftMs = sinceMs + input.ttlMs - cloud.clock.now();
    if (leftMs > 0) await cloud.clock.sleep(leftMs, signal);
    return { done: true, says: `${sayDuration(input.ttlMs)} of old answers have run out`, output: {} };
  },
  undo: "nothing-to-undo",
};
