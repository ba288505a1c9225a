import { type Mode, type Plan, planDigest } from "../../src/domain/plan-run/plan.ts";
import { proposedRun, type RunState } from "../../src/domain/plan-run/run.ts";
import type { Inventory } from "../../src/domain/service/inventory.ts";
import { planFailover } from "../../src/flows/runbooks/failover/plan.ts";
import { AT, type Day, quietDay, seenOn } from "./observed.ts";
import { standbyOf } from "./site.ts";

interface Wish {
  readonly observed?: Day;
  readonly mode?: Mode;
  readonly requester?: string;
  readonly id?: string;
  /** The standby unless said otherwise. */
  readonly to?: string;
  /** The waiting run whose rest is planned. */
  readonly continues?: RunState;
  readonly outageAtMs?: number;
  readonly reason?: string;
}

export function serviceIn(inventory: Inventory) {
  const [service] = inventory.services;
  if (!service) throw new Error("the example has a service");
  return service;
}

export function planned(inventory: Inventory, wish: Wish = {}) {
  const service = serviceIn(inventory);
  return planFailover({
    id: wish.id ?? "F-1",
    service,
    to: wish.to ?? standbyOf(service),
    mode: wish.mode ?? "unplanned",
    reason: wish.reason ?? "eu-west-1 is gone",
    requester: wish.requester ?? "farid",
    incident: undefined,
    outageAtMs: wish.outageAtMs,
    inventory,
    observed: seenOn(service, wish.observed ?? quietDay(service)),
    nowMs: AT,
    ...(wish.continues ? { continues: wish.continues } : {}),
  });
}

export function planFor(inventory: Inventory, wish: Wish = {}): Plan {
  const answer = planned(inventory, wish);
  if (answer.kind === "refused") throw new Error(answer.reasons.join(" "));
  return answer.plan;
}

export function proposed(inventory: Inventory, wish: Wish = {}): RunState {
  const plan = planFor(inventory, wish);
  return proposedRun(plan, planDigest(plan));
}

/** What a plan could not check, as its card says it. */
export const uncheckedIn = ({ unchecked }: Pick<Plan, "unchecked">): string =>
  unchecked.map((each) => (typeof each === "string" ? each : each.says)).join("; ");
