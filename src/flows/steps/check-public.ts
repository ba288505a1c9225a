import { z } from "zod";
import type { DnsAnswer } from "../../ports/probe.ts";
import type { LookContext, Step } from "../../ports/step.ts";
import { digged, fetched } from "./by-hand.ts";
import { MINUTE, NoData, SECOND } from "./schemas.ts";

/** Verifies as clients see it: name servers and resolvers give the new side, and the application writes under its public name. */
const Input = z.object({
  /** Each name that users resolve, with where it has to lead. */
  names: z.array(z.object({ name: z.string(), newSide: z.string() })).min(1),
  url: z.string(),
});
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
  byHand: ({ names, url }) => [
    ...names.flatMap(({ name, newSide }) => digged(name, `as ${newSide} does`)),
    ...fetched(url),
  ],
  permissions: [],
  run: async () => ({ requestIds: [], data: {} }),
  async verify({ names, url }, _data, { cloud, signal }) {
    const [led, health] = await Promise.all([
      Promise.all(names.map((each) => leadOf(each, { cloud, signal }))),
      cloud.probe.health(url, { signal }),
    ]);
    const wrong = led.find((each) => each.wrong !== undefined);
    if (wrong?.wrong !== undefined) return { done: false, says: wrong.wrong };
    if (health.kind !== "healthy")
      return { done: false, says: `under its public name the application says: ${health.why}` };
    const servers = led.reduce((sum, each) => sum + each.servers, 0);
    const says = `${servers} DNS servers point to the new side, the application writes`;
    return { done: true, says, output: { verifiedAtMs: cloud.clock.now() } };
  },
  undo: "nothing-to-undo",
};

/** Where name servers and resolvers lead a name: how many were asked, and what is wrong with the first that is. */
async function leadOf(
  { name, newSide }: Input["names"][number],
  { cloud: { probe }, signal }: Pick<LookContext, "cloud" | "signal">,
): Promise<{ readonly servers: number; readonly wrong?: string }> {
  const [wanted, authoritative, resolvers] = await Promise.all([
    probe.resolve(newSide, signal),
    probe.resolveAuthoritative(name, signal),
    probe.resolve(name, signal),
  ]);
  const answers = [...authoritative, ...resolvers];
  if (authoritative.length === 0) return { servers: 0, wrong: `no name server answers for ${name}` };
  const wrong = answers.find(({ values }) => !pointTo(newSide, wanted, values));
  if (!wrong) return { servers: answers.length };
  return {
    servers: answers.length,
    wrong: `${wrong.server} answers ${wrong.values.join(", ") || wrong.error || "nothing"}`,
  };
}

/** Every value is the new side's own name, or an address that its name has by `wanted`. */
export function pointTo(newSide: string, wanted: readonly DnsAnswer[], values: readonly string[]): boolean {
  const addresses = new Set(wanted.flatMap((answer) => answer.values));
  return values.length > 0 && values.every((value) => addresses.has(value) || value === newSide);
}
