import { z } from "zod";
import type { Step } from "../../../../ports/step.ts";
import { alsoLookAt, directly, unwellThere } from "../../../steps/directly.ts";
import { ByHandFirst, ComputeInput, NoData } from "../../../steps/schemas.ts";
import { scaleOut } from "./scale-out.ts";

/** Asks the new side straight at its load balancer, before any user is sent there: healthy targets, and a write that works. */
const Input = z.object({
  region: z.string(),
  service: z.string(),
  url: z.string(),
  via: z.string(),
  compute: ComputeInput,
  tasks: z.number(),
  /** The step that scales out. Where people went on without all tasks, those that run have to be healthy. */
  scaledBy: z.string(),
  /** What people do elsewhere before this can succeed. */
  byHandFirst: z.array(ByHandFirst),
  /** The steps that lead the application to its databases. */
  ledBy: z.array(z.string()).readonly(),
});
const Output = z.object({ healthy: z.number() });
type Input = z.infer<typeof Input>;

export const checkDirect: Step<Input, Record<string, never>, z.infer<typeof Output>> = {
  name: "check-direct",
  role: "proves",
  // The service, and its tasks. What they are is asked of each only once.
  callsALook: 2,
  input: Input,
  data: NoData,
  dataByHand: () => ({}),
  output: Output,
  ...directly,
  permissions: () => [],
  run: async () => ({ requestIds: [], data: {} }),
  async verify(input, _data, { cloud, signal, outputOf }) {
    const alsoLook = alsoLookAt(input, { outputOf });
    const [compute, health] = await Promise.all([
      cloud.compute.describe(input.region, input.compute, signal),
      cloud.probe.health(input.url, { via: input.via, signal }),
    ]);
    if (!compute.known) return { done: false, says: `targets cannot be seen: ${compute.why}` };
    const { healthy = 0 } = compute.value.targets ?? {};
    const wanted = outputOf(input.scaledBy, scaleOut) ? input.tasks : Math.max(1, compute.value.running);
    if (healthy < wanted) return { done: false, says: `${healthy} of ${wanted} targets are healthy`, ...alsoLook };
    if (health.kind !== "healthy") return { ...unwellThere(input, health), ...alsoLook };
    return { done: true, says: `${healthy} targets healthy, the application writes`, output: { healthy } };
  },
  undo: "nothing-to-undo",
};
