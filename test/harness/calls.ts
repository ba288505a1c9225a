import { type RunState, stateOf } from "../../src/domain/plan-run/run.ts";
import { ROUTE53_CONTROL_PLANE } from "../../src/domain/service/service.ts";
import type { FaultInput } from "../../src/simulators/world/faults.ts";
import type { FailoverWorld } from "./failover-world.ts";

/** One call that changes the world, and the step that makes it. */
export type Call = readonly [step: string, operation: string, side: "home" | "standby" | "dns"];

export const CALLS: Readonly<Record<"inventory" | "regami", readonly Call[]>> = {
  inventory: [
    ["fence", "RegisterScalableTarget", "home"],
    ["fence", "UpdateService", "home"],
    ["fence", "RevokeSecurityGroupIngress", "home"],
    ["scale-out", "RegisterScalableTarget", "standby"],
    ["promote", "PromoteReadReplica", "standby"],
    ["point-application", "ChangeResourceRecordSets", "dns"],
    ["shift-traffic", "ChangeResourceRecordSets", "dns"],
  ],
  regami: [
    ["fence", "UpdateService", "home"],
    ["fence", "RevokeSecurityGroupIngress", "home"],
    ["promote", "PromoteReadReplica", "standby"],
    ["scale-out", "UpdateService", "standby"],
    ["shift-traffic", "ChangeResourceRecordSets", "dns"],
  ],
};

export function regionOf({ service: { home, standby } }: FailoverWorld, [, , side]: Call): string {
  return { home, standby, dns: ROUTE53_CONTROL_PLANE }[side];
}

/** The call's misbehaviour; without `times` for good. */
export function fault(
  at: FailoverWorld,
  call: Call,
  { effect, times }: { readonly effect: FaultInput["effect"]; readonly times?: number | undefined },
): FaultInput {
  return {
    ...{ vendor: "aws", operation: call[1], region: regionOf(at, call), effect },
    ...(times === undefined ? {} : { times }),
  };
}

const sorted = (calls: readonly string[]) => calls.toSorted((one, other) => one.localeCompare(other));

/**
 * Calls that took effect, as `operation region`, sorted. Where auto scaling is registered, the registration moves the count
 * by itself: whether `UpdateService` still had anything to ask is a race, and it asks for the same.
 */
export function effectsOf({ whole }: FailoverWorld): string[] {
  const mutations = whole.world.log.read(0, "aws.mutation").map(({ facts }) => facts);
  const registered = new Set(
    mutations.filter((each) => each["operation"] === "RegisterScalableTarget").map((each) => each["region"]),
  );
  return sorted(
    mutations
      .filter((each) => each["operation"] !== "UpdateService" || !registered.has(each["region"]))
      .map((each) => `${String(each["operation"])} ${String(each["region"])}`),
  );
}

/** What a run that did not unwind has to have done: every call of the steps that are done, once, and no other. */
export function effectsOfDone(at: FailoverWorld, example: keyof typeof CALLS, run: RunState): string[] {
  const done = CALLS[example].filter(([step]) => {
    const { state, says } = stateOf(run, step);
    return state === "done" && !says.includes("(by hand: ");
  });
  const isRegistered = ([step]: Call) =>
    done.some((other) => other[0] === step && other[1] === "RegisterScalableTarget");
  return sorted(
    done
      .filter((call) => call[1] !== "UpdateService" || !isRegistered(call))
      .map((call) => `${call[1]} ${regionOf(at, call)}`),
  );
}
