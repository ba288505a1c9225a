import { startTicker } from "../application/ticker.ts";
import type { Timer } from "../world/clock.ts";
import type { World } from "../world/world.ts";
import type { TargetGroup } from "./elb-spec.ts";

export type TargetState = "initial" | "healthy" | "unhealthy" | "draining";

export interface Target {
  readonly id: string;
  readonly port: number;
  state: TargetState;
  reason: string | undefined;
  description: string | undefined;
}

/** Fetches the health path of one target from inside its region: the HTTP status, or undefined without an answer. */
export type TargetCheck = (group: TargetGroup, targetId: string) => number | undefined;

export type TargetListener = (group: TargetGroup, target: Target) => void;

interface Tracked extends Target {
  successes: number;
  failures: number;
  timer: Timer | undefined;
}

/**
 * Registered targets and their health. A new target is `initial` until its threshold of checks in a row agrees; a
 * deregistered one is `draining` for the group's delay and then gone.
 */
export class TargetRegistry {
  readonly #world: World;
  readonly #check: TargetCheck;
  readonly #groups: ReadonlyMap<string, TargetGroup>;
  readonly #targets = new Map<string, Tracked[]>();
  readonly #listeners: TargetListener[] = [];
  readonly #phase;

  constructor(world: World, groups: readonly TargetGroup[], check: TargetCheck) {
    this.#world = world;
    this.#check = check;
    this.#groups = new Map(groups.map((group) => [group.arn, group]));
    this.#phase = world.random.fork("target-health");
  }

  group(arn: string): TargetGroup | undefined {
    return this.#groups.get(arn);
  }

  targets(groupArn: string): readonly Target[] {
    return this.#targets.get(groupArn) ?? [];
  }

  /** Healthy targets, those that requests go to. */
  healthy(groupArn: string): readonly Target[] {
    return this.targets(groupArn).filter((target) => target.state === "healthy");
  }

  onChange(listener: TargetListener): void {
    this.#listeners.push(listener);
  }

  /** `state` is `healthy` only for targets that a world starts with. */
  register(groupArn: string, id: string, state: "initial" | "healthy" = "initial"): void {
    const group = this.#groups.get(groupArn);
    if (!group) throw new Error(`There is no target group ${groupArn}`);
    const target: Tracked = {
      ...{ id, port: group.port, state, reason: undefined, description: undefined, successes: 0, failures: 0 },
      timer: undefined,
    };
    if (state === "initial") explain(target, "Elb.RegistrationInProgress", "Target registration is in progress");
    this.#targets.set(groupArn, [...(this.#targets.get(groupArn) ?? []), target]);
    const intervalMs = group.healthCheckIntervalSeconds * 1_000;
    // Checks have their own rhythm: the first comes within one interval after the full one.
    const firstMs = intervalMs + this.#phase.between(0, intervalMs);
    target.timer = startTicker(this.#world.clock, { intervalMs, firstMs }, () => this.#examine(group, target));
    if (state === "healthy") this.#changed(group, target);
  }

  /** Resolves to the delay in world milliseconds until the target is gone. */
  deregister(groupArn: string, id: string): number {
    const group = this.#groups.get(groupArn);
    const target = this.#targets.get(groupArn)?.find((other) => other.id === id && other.state !== "draining");
    if (!group || !target) return 0;
    target.timer?.cancel();
    // Draining lets requests in flight finish; a target that never took requests has none.
    const delayMs = target.state === "healthy" ? group.deregistrationDelaySeconds * 1_000 : 0;
    target.state = "draining";
    explain(target, "Target.DeregistrationInProgress", "Target deregistration is in progress");
    const remove = () => {
      const left = (this.#targets.get(groupArn) ?? []).filter((other) => other !== target);
      this.#targets.set(groupArn, left);
    };
    if (delayMs === 0) remove();
    else this.#world.clock.after(delayMs, remove);
    this.#changed(group, target);
    return delayMs;
  }

  stop(): void {
    for (const targets of this.#targets.values()) for (const target of targets) target.timer?.cancel();
  }

  #examine(group: TargetGroup, target: Tracked): void {
    // Nobody can tell what goes on inside a region that is out of reach: what was known stays.
    if (this.#world.regions.isUnreachable(group.region)) return;
    const status = this.#check(group, target.id);
    const isGood = status !== undefined && status >= 200 && status < 400;
    target.successes = isGood ? target.successes + 1 : 0;
    target.failures = isGood ? 0 : target.failures + 1;
    if (target.state === "initial") explain(target, "Elb.InitialHealthChecking", "Initial health checks in progress");
    if (target.state !== "healthy" && target.successes >= group.healthyThreshold) {
      target.state = "healthy";
      target.reason = undefined;
      target.description = undefined;
      this.#changed(group, target);
    }
    if (target.state !== "unhealthy" && target.failures >= group.unhealthyThreshold) {
      target.state = "unhealthy";
      if (status === undefined) explain(target, "Target.Timeout", "Request timed out");
      else explain(target, "Target.ResponseCodeMismatch", `Health checks failed with these codes: [${status}]`);
      this.#changed(group, target);
    }
  }

  #changed(group: TargetGroup, target: Target): void {
    this.#world.log.append("elb.targets-healthy", {
      ...{ region: group.region, targetGroup: group.name, targetGroupArn: group.arn },
      ...{ target: target.id, state: target.state },
      healthy: this.healthy(group.arn).length,
      registered: this.targets(group.arn).filter((other) => other.state !== "draining").length,
    });
    for (const listener of this.#listeners) listener(group, target);
  }
}

function explain(target: Target, reason: string, description: string): void {
  target.reason = reason;
  target.description = description;
}
