import { z } from "zod";
import type { DnsAnswer } from "../../ports/probe.ts";
import type { Step } from "../../ports/step.ts";
import { MINUTE, NoData, SECOND } from "./schemas.ts";

/** Verifies as clients see it: name servers and resolvers give the new side, and the application writes under its public name. */
const Input = z.object({ name: z.string(), newSide: z.string(), url: z.string() });
type Input = z.infer<typeof Input>;

const Output = z.object({ verifiedAtMs: z.number() });

export const checkPublic: Step<Input, Record<string, never>, z.infer<typeof Output>> = {
  name: "check-public",
  role: "proves",
  input: Input,
  data: NoData,
  output: Output,
  title: () => "Verify as users see it",
  times: () => ({ expectedMs: 2 * SECOND, deadlineMs: 15 * MINUTE }),
  byHand: ({ name, url }) => [`dig ${name}`, `curl -i ${url}`],
  permissions: [],
  run: async () => ({ requestIds: [], data: {} }),
  async verify(input, _data, { cloud, signal }) {
    const { probe } = cloud;
    const [wanted, authoritative, resolvers, health] = await Promise.all([
      probe.resolve(input.newSide, signal),
      probe.resolveAuthoritative(input.name, signal),
      probe.resolve(input.name, signal),
      probe.health(input.url, { signal }),
    ]);
    const wrong = [...authoritative, ...resolvers].find(({ values }) => !pointTo(input.newSide, wanted, values));
    if (authoritative.length === 0) return { done: false, says: "no name server answers" };
    if (wrong)
      return { done: false, says: `${wrong.server} answers ${wrong.values.join(", ") || wrong.error || "nothing"}` };
    if (health.kind !== "healthy")
      return { done: false, says: `under its public name the application says: ${health.why}` };
    return {
      done: true,
      says: `${authoritative.length + resolvers.length} DNS servers point to the new side, the application writes`,
      output: { verifiedAtMs: cloud.clock.now() },
    };
  },
  undo: "nothing-to-undo",
};

/** Every value is the new side's own name, or an address that its name has by `wanted`. */
export function pointTo(newSide: string, wanted: readonly DnsAnswer[], values: readonly string[]): boolean {
  const addresses = new Set(wanted.flatMap((answer) => answer.values));
  return values.length > 0 && values.every((value) => addresses.has(value) || value === newSide);
}
