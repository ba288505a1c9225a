import { z } from "zod";
import type { Step } from "../../ports/step.ts";
import { written } from "./by-hand.ts";
import { MINUTE, NoData, SECOND } from "./schemas.ts";

/** Proves with a write that the new primary takes writes; a status alone does not. */
const Input = z.object({ region: z.string(), instance: z.string(), writeCheck: z.string() });
type Input = z.infer<typeof Input>;

const Output = z.object({ writtenAtMs: z.number() });

export const checkWritable: Step<Input, Record<string, never>, z.infer<typeof Output>> = {
  name: "check-writable",
  role: "proves",
  input: Input,
  data: NoData,
  dataByHand: () => ({}),
  output: Output,
  title: ({ instance, region }) => `Prove that ${instance} in ${region} takes writes`,
  times: () => ({ expectedMs: 1 * SECOND, deadlineMs: 10 * MINUTE }),
  byHand: ({ writeCheck }) => [written(writeCheck)],
  permissions: () => [],
  run: async () => ({ requestIds: [], data: {} }),
  async verify(input, _data, { cloud, signal }) {
    const write = await cloud.probe.writeCheck(input.writeCheck, signal);
    if (write.kind === "written")
      return { done: true, says: "a write succeeds", output: { writtenAtMs: cloud.clock.now() } };
    return {
      done: false,
      says:
        write.kind === "refused"
          ? `a write is refused: ${write.reason}`
          : `no answer from the write check: ${write.why}`,
    };
  },
  undo: "nothing-to-undo",
};
