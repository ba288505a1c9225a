import { z } from "zod";
import type { Step } from "../../ports/step.ts";
import { NoData } from "./schemas.ts";

/** Proves with a write that the new primary takes writes; a status alone does not. */
const Input = z.object({ region: z.string(), writeCheck: z.string() });
type Input = z.infer<typeof Input>;

export const checkWritable: Step<Input, Record<string, never>> = {
  name: "check-writable",
  input: Input,
  data: NoData,
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
