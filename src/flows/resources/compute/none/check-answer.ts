import { z } from "zod";
import type { Step } from "../../../../ports/step.ts";
import { BY_HAND_WITHIN_MS, ByHandFirst, MINUTE, NoData, NoOutput, SECOND } from "../../../steps/schemas.ts";

/** Asks the new side straight, before any user is sent there: the application there has to write its database. */
const Input = z.object({
  region: z.string(),
  service: z.string(),
  url: z.string(),
  /** Host name that leads there whoever is active. */
  via: z.string(),
  byHandFirst: z.array(ByHandFirst),
});
type Input = z.infer<typeof Input>;

export const checkAnswer: Step<Input, Record<string, never>, Record<string, never>> = {
  name: "check-answer",
  role: "proves",
  input: Input,
  data: NoData,
  output: NoOutput,
  title: ({ region, service, byHandFirst: [first] }) =>
    first
      ? `Wait for ${first.name} to be pointed at the database in ${region} by hand, then check ${service} there directly`
      : `Check ${service} in ${region} directly, before users come`,
  times: ({ byHandFirst }) => ({
    ...{ expectedMs: 30 * SECOND, deadlineMs: byHandFirst.length > 0 ? BY_HAND_WITHIN_MS : 15 * MINUTE },
    ...(byHandFirst.length > 0 ? { alike: "by-hand-first" } : {}),
  }),
  byHand: ({ url, via, byHandFirst }) => [
    ...byHandFirst.flatMap(({ commands }) => commands),
    `curl --connect-to ::${via}: ${url}`,
  ],
  permissions: [],
  run: async () => ({ requestIds: [], data: {} }),
  async verify({ url, via }, _data, { cloud, signal }) {
    const health = await cloud.probe.health(url, { via, signal });
    return health.kind === "healthy"
      ? { done: true, says: "the application writes", output: {} }
      : { done: false, says: `the application says: ${health.why}` };
  },
  undo: "nothing-to-undo",
};
