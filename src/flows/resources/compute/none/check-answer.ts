import { z } from "zod";
import type { Step } from "../../../../ports/step.ts";
import { alsoLookAt, directly, unwellThere } from "../../../steps/directly.ts";
import { ByHandFirst, NoData, NoOutput } from "../../../steps/schemas.ts";

/** Asks the new side straight, before any user is sent there: the application there has to write its database. */
const Input = z.object({
  region: z.string(),
  service: z.string(),
  url: z.string(),
  /** Host name that leads there, whichever region is active. */
  via: z.string(),
  byHandFirst: z.array(ByHandFirst),
  /** The steps that lead the application to its databases. */
  ledBy: z.array(z.string()).readonly(),
});
type Input = z.infer<typeof Input>;

export const checkAnswer: Step<Input, Record<string, never>, Record<string, never>> = {
  name: "check-answer",
  role: "proves",
  input: Input,
  data: NoData,
  dataByHand: () => ({}),
  output: NoOutput,
  ...directly,
  permissions: () => [],
  run: async () => ({ requestIds: [], data: {} }),
  async verify({ region, service, url, via, ledBy }, _data, { cloud, signal, outputOf }) {
    const health = await cloud.probe.health(url, { via, signal });
    return health.kind === "healthy"
      ? { done: true, says: "the application writes", output: {} }
      : { ...unwellThere({ region, service }, health), ...alsoLookAt({ ledBy }, { outputOf }) };
  },
  undo: "nothing-to-undo",
};
