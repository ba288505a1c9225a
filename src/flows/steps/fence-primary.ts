import { z } from "zod";
import { StepFailed, TransientError } from "../../domain/errors.ts";
import { canonicalJson } from "../../domain/json.ts";
import { Mode } from "../../domain/plan-run/plan.ts";
import { FenceOutput } from "../../domain/plan-run/run.ts";
import type { FirewallRule, Known } from "../../domain/service/observed.ts";
import { type Cloud, type Step, type StepContext, UNCAPTURED } from "../../ports/step.ts";
import * as byHand from "./by-hand.ts";
import { ComputeInput, FenceCaptured, MINUTE, SECOND } from "./schemas.ts";

/**
 * Stops every writer of the old side: service and auto scaling to zero, database security group closed. Only a failing
 * write on the old side proves it. A dark region cannot be fenced: then nobody knows, and the key holders must have
 * accepted that beforehand. Denied is not dark: it is a failure.
 */
export const FenceInput = z.object({
  region: z.string(),
  mode: Mode,
  compute: ComputeInput,
  securityGroup: z.string(),
  writeCheck: z.string(),
  /** What undo puts back, captured when the plan was made; null where the region could not be seen. Then what was seen on its return. */
  captured: FenceCaptured.nullable(),
  /** What stands there has to be written down before it is touched, or nobody could give it back. */
  mustCapture: z.boolean().exactOptional(),
  /** The key holders accepted that the old side may stay unfenced. */
  unfencedAccepted: z.boolean(),
});
type Input = z.infer<typeof FenceInput>;

const Data = z.object({ closed: z.array(z.string()), unreachable: z.boolean(), why: z.string() });
type Data = z.infer<typeof Data>;

export const fencePrimary: Step<Input, Data, FenceOutput> = {
  name: "fence-primary",
  role: "protects",
  input: FenceInput,
  data: Data,
  output: FenceOutput,
  title: ({ region, mode }) =>
    mode === "planned" ? `Stop the writers of ${region}` : `Fence ${region}: stop its service, close its database`,
  times: () => ({ expectedMs: 5 * SECOND, deadlineMs: 3 * MINUTE }),
  controlPlane: ({ region }) => region,
  byHand: byHand.fence,
  permissions: [
    "application-autoscaling:RegisterScalableTarget",
    "ecs:UpdateService",
    "ec2:RevokeSecurityGroupIngress",
    "ec2:AuthorizeSecurityGroupIngress",
  ],

  async run(input, context) {
    const { cloud, signal } = context;
    const rules = await firewallOf(input, context);
    if (!rules.known) {
      if (rules.cause !== "unreachable")
        throw notFenced(input, `the old side's security group could not be read: ${rules.why}`);
      return { requestIds: [], data: { closed: [], unreachable: true, why: rules.why } };
    }
    if (input.mustCapture)
      throw new TransientError(
        UNCAPTURED,
        `${input.region} answers again, and what stands there is not written down yet`,
      );
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

/** Machine time for a region whose silence was accepted: users wait for the promotion, and the watch fences it on its return. */
const ACCEPTED_SILENCE_MS = 2_000;

async function firewallOf(input: Input, { cloud, signal }: StepContext): Promise<Known<readonly FirewallRule[]>> {
  const read = (until: AbortSignal) => cloud.firewall.rules(input.region, input.securityGroup, until);
  if (!input.unfencedAccepted) return read(signal);
  const patience = AbortSignal.timeout(ACCEPTED_SILENCE_MS);
  const silent = {
    known: false,
    cause: "unreachable",
    why: `no answer for ${ACCEPTED_SILENCE_MS / 1_000} s`,
    atMs: cloud.clock.now(),
  } as const;
  try {
    const rules = await read(AbortSignal.any([signal, patience]));
    return rules.known || !patience.aborted ? rules : silent;
  } catch (error) {
    if (signal.aborted || !patience.aborted) throw error;
    return silent;
  }
}

async function stopService(input: Input, cloud: Cloud, signal: AbortSignal): Promise<readonly string[]> {
  const now = await cloud.compute.describe(input.region, input.compute, signal);
  const scaling = now.known ? now.value.scaling : undefined;
  const isStopped =
    now.known && now.value.desired === 0 && (scaling === undefined || (scaling.max === 0 && scaling.suspended));
  return isStopped ? [] : (await cloud.compute.stop(input.region, input.compute, signal)).requestIds;
}

async function closeDatabase(
  { region, securityGroup }: Input,
  rules: readonly FirewallRule[],
  cloud: Cloud,
  signal: AbortSignal,
): Promise<readonly string[]> {
  return rules.length === 0 ? [] : (await cloud.firewall.close({ region, securityGroup, rules }, signal)).requestIds;
}

function notFenced(input: Input, why: string): StepFailed {
  // Without an acceptance people decide, even before the point of no return: going on might let both sides write.
  return new StepFailed("not-fenced", `${input.region} is not fenced: ${why}`, {
    facts: { mustAsk: true, region: input.region },
  });
}

async function undoFence(input: Input, { cloud, signal }: StepContext) {
  const { captured } = input;
  if (!captured) return { says: `${input.region} was not touched: it did not answer`, requestIds: [] };
  return {
    says: `security group open, ${captured.desired} tasks asked for, as before`,
    requestIds: [
      ...(await reopenDatabase(input, captured, cloud, signal)),
      ...(await restoreService(input, captured, cloud, signal)),
    ],
  };
}

type Captured = NonNullable<Input["captured"]>;

/** Looks first: a fence that was refused has closed nothing, and whoever refused it would refuse its undo as well. */
async function reopenDatabase(input: Input, { rules }: Captured, cloud: Cloud, signal: AbortSignal) {
  const { region, securityGroup } = input;
  const now = await cloud.firewall.rules(region, securityGroup, signal);
  const open = new Set(now.known ? now.value.map(canonicalJson) : []);
  const missing = rules.filter((rule) => !open.has(canonicalJson(rule)));
  if (missing.length === 0) return [];
  return (await cloud.firewall.open({ region, securityGroup, rules: missing }, signal)).requestIds;
}

async function restoreService(input: Input, { desired, scaling }: Captured, cloud: Cloud, signal: AbortSignal) {
  const now = await cloud.compute.describe(input.region, input.compute, signal);
  const isRestored =
    now.known &&
    now.value.desired >= desired &&
    (scaling === null || canonicalJson(now.value.scaling ?? null) === canonicalJson(scaling));
  if (isRestored) return [];
  const saved = { desired, scaling: scaling ?? undefined };
  return (await cloud.compute.restore(input.region, input.compute, saved, signal)).requestIds;
}
