import { z } from "zod";
import { StepFailed } from "../../domain/errors.ts";
import { replyOf, sayFailure } from "../../domain/service/health.ts";
import { FAMILIES } from "../../ports/probe.ts";
import type { LookContext, Step } from "../../ports/step.ts";
import { digged, fetched } from "./by-hand.ts";
import { type Lost, ledOf } from "./dns-answers.ts";
import { leftoverOf } from "./record-sets.ts";
import { concerned } from "./records.ts";
import { MINUTE, NoData, SECOND } from "./schemas.ts";

/** Verifies as clients see it: name servers and resolvers give the new side, and the application writes under its public name. */
const Input = z.object({
  /** Each name that users resolve, with where it has to lead, and in which families it has records of its own. */
  names: z
    .array(z.object({ name: z.string(), newSide: z.string(), families: z.array(z.enum(FAMILIES)).exactOptional() }))
    .min(1),
  url: z.string(),
  /** The sets of each name that the plan has moved: whatever else could lead users somewhere was added since. */
  sets: z.array(
    z.object({
      ...{ zone: z.string(), name: z.string() },
      moved: z.array(z.object({ type: z.string(), setIdentifier: z.string().exactOptional() })).readonly(),
    }),
  ),
});
type Input = z.infer<typeof Input>;

/** One good answer may be one server's luck: so many in a row from each place that is asked, this far apart in world time. */
const IN_A_ROW = 3;
const EVERY_MS = SECOND / 2;

const Output = z.object({ verifiedAtMs: z.number() });

export const checkPublic: Step<Input, Record<string, never>, z.infer<typeof Output>> = {
  name: "check-public",
  role: "proves",
  input: Input,
  data: NoData,
  dataByHand: () => ({}),
  output: Output,
  title: () => "Verify as users see it",
  times: () => ({ expectedMs: 4 * SECOND, deadlineMs: 15 * MINUTE }),
  byHand: ({ names, url }) => [...names.map(({ name, newSide }) => digged(name, `as ${newSide} does`)), fetched(url)],
  permissions: () => [],
  run: async () => ({ requestIds: [], data: {} }),
  async verify(input, _data, context) {
    const { clock } = context.cloud;
    for (let round = 1; ; round += 1) {
      const seen = await lookOnce(input, context);
      if (seen.wrong !== undefined) return { done: false, ...seen.wrong };
      if (round === IN_A_ROW) {
        const unseen = await refuseAdded(input, context);
        const says = `${seen.servers} DNS servers point to the new side, the application writes: ${IN_A_ROW} times in a row`;
        return { done: true, says: says + unseen, output: { verifiedAtMs: clock.now() } };
      }
      await clock.sleep(EVERY_MS, context.signal);
    }
  },
  undo: "nothing-to-undo",
};

/**
 * Name servers draw among sets by their weights, so that no number of answers shows that there is not one more (G21). What Route 53
 * does not tell is said, and holds nobody up: users are there.
 */
async function refuseAdded(
  { sets }: Pick<Input, "sets">,
  { cloud, signal }: Pick<LookContext, "cloud" | "signal">,
): Promise<string> {
  const unseen = await Promise.all(
    sets.map(async ({ zone, name, moved }) => {
      const found = await cloud.traffic.records(zone, name, signal);
      if (!found.known) return `; whether somebody has added records to ${name} cannot be seen: ${found.why}`;
      const added = leftoverOf(found.value, concerned(found.value, moved));
      if (added === undefined) return "";
      const why = `${name} also has ${added}, which the plan does not move: it could lead users elsewhere. See where it leads, take it away if it is not yours, and retry`;
      throw new StepFailed("records-added", why, { facts: { mustAsk: true } });
    }),
  );
  return unseen.join("");
}

interface Seen {
  readonly servers: number;
  readonly wrong?: { readonly says: string; readonly reply?: string };
}

/**
 * No waiting brings a name back that a name server of the zone gives to nobody: people are called at once. What a resolver keeps
 * as empty runs out, and is waited for.
 */
function refuseLost(name: string, { server, family }: Lost): never {
  const why = `${server} gives no ${family === "AAAA" ? "IPv6 address" : "address"} for ${name}: users may reach nothing. Look at the records of that name, and write them again`;
  throw new StepFailed("records-lost", why, { facts: { mustAsk: true } });
}

async function lookOnce(
  { names, url }: Input,
  { cloud, signal }: Pick<LookContext, "cloud" | "signal">,
): Promise<Seen> {
  const [led, health] = await Promise.all([
    Promise.all(names.map((each) => ledOf(each, { cloud, signal }))),
    cloud.probe.health(url, { signal }),
  ]);
  for (const { name, lost } of led) if (lost) refuseLost(name, lost);
  const servers = led.reduce((sum, each) => sum + each.servers, 0);
  const wrong = led.find((each) => each.wrong !== undefined)?.wrong;
  if (wrong !== undefined) return { servers, wrong: { says: wrong } };
  if (health.kind !== "healthy")
    return { servers, wrong: { says: `users get ${sayFailure(health)}`, ...replyOf(health) } };
  // A machine without IPv6 of its own cannot ask over it, and that says nothing of users who have it: what answers has to be well.
  const over6 = await Promise.all(
    led.flatMap(({ addresses6 }) => addresses6.map((via) => cloud.probe.health(url, { via, signal }))),
  );
  const unwell = over6.find(({ kind }) => kind === "unhealthy");
  return unwell?.kind === "unhealthy"
    ? { servers, wrong: { says: `users get ${sayFailure(unwell)} over IPv6`, ...replyOf(unwell) } }
    : { servers };
}
