import { z } from "zod";
import { StepFailed } from "../../domain/errors.ts";
import type { FirewallRule } from "../../domain/observed.ts";
import type { Cloud, Step, StepContext } from "../../ports/step.ts";
import { ComputeInput, FirewallRuleInput } from "./schemas.ts";

/**
 * Stops every writer of the old side: service and auto scaling to zero, database security group closed. Only a failing
 * write on the old side proves it. A dark region cannot be fenced: then nobody knows, and the key holders must have
 * accepted that beforehand. Denied is not dark: it is a failure.
 */
const Input = z.object({
  region: z.string(),
  compute: ComputeInput,
  securityGroup: z.string(),
  writeCheck: z.string(),
  /** Captured when the plan was made: what undo puts back. Null where the region could not be seen. */
  captured: z
    .object({
      rules: z.array(FirewallRuleInput),
      desired: z.number(),
      scaling: z.object({ min: z.number(), max: z.number(), suspended: z.boolean() }).nullable(),
    })
    .nullable(),
  /** The key holders accepted that the old side may stay unfenced. */
  unfencedAccepted: z.boolean(),
});
type Input = z.infer<typeof Input>;

const Data = z.object({ closed: z.array(z.string()), unreachable: z.boolean(), why: z.string() });
type Data = z.infer<typeof Data>;

export const fencePrimary: Step<Input, Data> = {
  name: "fence-primary",
  input: Input,
  data: Data,

  async run(input, { cloud, signal }) {
    const rules = await cloud.databases.firewall(input.region, input.securityGroup, signal);
    if (!rules.known) {
      if (rules.cause !== "unreachable")
        throw notFenced(input, `the old side's security group could not be read: ${rules.why}`);
      return { requestIds: [], data: { closed: [], unreachable: true, why: rules.why } };
    }
    const requestIds = [
      ...(await stopService(input, cloud, signal)),
      ...(await closeDatabase(input, rules.value, cloud, signal)),
    ];
    return {
      requestIds,
      data: {
        closed: rules.value.map((rule) => `${rule.protocol} ${rule.fromPort ?? "all"}`),
        unreachable: false,
        why: "",
      },
    };
  },

  async verify(input, data, { cloud, signal }) {
    if (data.unreachable) {
      if (!input.unfencedAccepted)
        throw notFenced(input, `${input.region} does not answer, and nobody accepted that it stays unfenced`);
      return {
        done: true,
        says: `cannot know whether ${input.region} still writes: it does not answer (accepted by the key holders)`,
        output: { fence: "cannot-know" },
      };
    }
    const write = await cloud.probe.writeCheck(input.writeCheck, signal);
    switch (write.kind) {
      case "refused":
        return {
          done: true,
          says: `fenced: a write on the old database fails (${write.reason})`,
          output: { fence: "fenced" },
        };
      case "written":
        return { done: false, says: "the old database still takes writes" };
      case "unknown": {
        if (!input.unfencedAccepted)
          return { done: false, says: `the write check on the old side gives no answer (${write.why})` };
        return {
          done: true,
          says: `closed, but no failing write proves it (${write.why}); accepted by the key holders`,
          output: { fence: "not-proven" },
        };
      }
    }
  },

  async undo(input, context) {
    return undoFence(input, context);
  },
};

async function stopService(input: Input, cloud: Cloud, signal: AbortSignal): Promise<readonly string[]> {
  const now = await cloud.compute.describe(input.region, input.compute, signal);
  const scaling = now.known ? now.value.scaling : undefined;
  const isStopped =
    now.known && now.value.desired === 0 && (scaling === undefined || (scaling.max === 0 && scaling.suspended));
  return isStopped ? [] : (await cloud.compute.stop(input.region, input.compute, signal)).requestIds;
}

async function closeDatabase(
  input: Input,
  rules: readonly FirewallRule[],
  cloud: Cloud,
  signal: AbortSignal,
): Promise<readonly string[]> {
  return rules.length === 0
    ? []
    : (await cloud.databases.closeFirewall(input.region, input.securityGroup, rules, signal)).requestIds;
}

function notFenced(input: Input, why: string): StepFailed {
  // Without an acceptance people decide, even before the point of no return: going on might let both sides write.
  return new StepFailed("not-fenced", `${input.region} is not fenced: ${why}`, {
    facts: { mustAsk: true, region: input.region },
  });
}

async function undoFence(input: Input, { cloud, signal }: StepContext) {
  if (!input.captured) return { says: `${input.region} was not touched: it did not answer`, requestIds: [] };
  const opened = await cloud.databases.openFirewall(input.region, input.securityGroup, input.captured.rules, signal);
  const restored = await cloud.compute.restore(
    input.region,
    input.compute,
    { desired: input.captured.desired, scaling: input.captured.scaling ?? undefined },
    signal,
  );
  return {
    says: `security group reopened, ${input.captured.desired} tasks asked for again`,
    requestIds: [...opened.requestIds, ...restored.requestIds],
  };
}
