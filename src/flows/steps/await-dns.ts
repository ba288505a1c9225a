import { z } from "zod";
import { ByHandBlock } from "../../domain/plan-run/by-hand.ts";
import type { PlannedStep } from "../../domain/plan-run/plan.ts";
import type { DnsAnswer } from "../../ports/probe.ts";
import type { LookContext, Step } from "../../ports/step.ts";
import { digged } from "./by-hand.ts";
import { givenBy, pointTo } from "./dns-answers.ts";
import { BY_HAND_WITHIN_MS, LedSince, MINUTE, NoData } from "./schemas.ts";

/**
 * Waits until every name server of the zone gives the new side, whoever made it so: a person, or Route 53's own health
 * checks. Resolvers may give the old answer for one TTL longer; counting that from here is `settle-dns`.
 */
const Input = z.object({ name: z.string(), newSide: z.string(), region: z.string(), blocks: z.array(ByHandBlock) });
type Input = z.infer<typeof Input>;

export const awaitDns: Step<Input, Record<string, never>, z.infer<typeof LedSince>> = {
  name: "await-dns",
  role: "waits-for-people",
  input: Input,
  data: NoData,
  dataByHand: () => ({}),
  output: LedSince,
  title: ({ name, region }) => `Wait for ${name} to be pointed at ${region} by hand`,
  times: () => ({ expectedMs: 5 * MINUTE, deadlineMs: BY_HAND_WITHIN_MS }),
  byHand: ({ name, newSide, blocks }) => [...blocks, digged(name, `as ${newSide} does`)],
  permissions: () => [],
  run: async () => ({ requestIds: [], data: {} }),
  async verify({ name, newSide }, _data, { cloud, signal }) {
    const { isThere, says } = await givenBy({ name, newSide }, { cloud, signal });
    return isThere ? { done: true, says, output: { inSyncAtMs: cloud.clock.now() } } : { done: false, says };
  },
  undo: "nothing-to-undo",
};

/**
 * Why users do not reach the new side any more, after people had led them there: every name server answers, and none of
 * them gives the new side. Undefined for any other step, and where a name server is silent.
 */
export async function ledAway(
  { does, input }: Pick<PlannedStep, "does" | "input">,
  { cloud: { probe }, signal }: Pick<LookContext, "cloud" | "signal">,
): Promise<{ readonly why: string; readonly isToOldSide: false } | undefined> {
  if (does !== awaitDns.name) return undefined;
  const { name, newSide } = Input.parse(input);
  const [wanted, answers] = await Promise.all([
    probe.resolve(newSide, signal),
    probe.resolveAuthoritative(name, signal),
  ]);
  const isAway = ({ values, error }: DnsAnswer) =>
    error === undefined && values.length > 0 && !pointTo(newSide, wanted, values);
  const isLed = answers.length === 0 || !answers.every(isAway);
  return isLed ? undefined : { why: `${name} does not lead to the new side any more`, isToOldSide: false };
}
