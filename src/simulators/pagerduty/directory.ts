import type { Timer } from "../world/clock.ts";
import type { Random } from "../world/random.ts";
import type { World } from "../world/world.ts";
import type { Incident, Notification } from "./incident.ts";
import type { Account, EscalationPolicy, Service, Target } from "./spec.ts";
import type { Webhooks } from "./webhooks.ts";

/**
 * `accept-and-silence`: events get their 202 and reach nobody until the mode changes.
 * `reject`: every call is answered 500. The last two are what a gateway in trouble sends.
 */
export type Mode = "normal" | "accept-and-silence" | "reject" | "429-without-headers" | "html-502";

export interface OnCall {
  readonly userId: string;
  readonly level: number;
  readonly scheduleId: string | undefined;
  readonly startMs: number | undefined;
  readonly endMs: number | undefined;
}

const ID_LETTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";

/** One PagerDuty account: who is in it, what is open, and in what condition the vendor is. */
export class Directory {
  readonly world: World;
  readonly account: Account;
  readonly webhooks: Webhooks;
  readonly incidents: Incident[] = [];
  readonly notifications: Notification[] = [];
  /** Alerts that wait before they become incidents, by service and key. */
  readonly paused: Map<string, Timer> = new Map<string, Timer>();
  mode: Mode = "normal";
  /** False: somebody took the API token, or the integration keys, out of the account. */
  takesToken: boolean = true;
  takesKeys: boolean = true;
  /** Called when somebody's phone rings for the first time since they were assigned or asked. */
  onFirstRing: (incident: Incident, userId: string, reason: Notification["reason"]) => void = () => {};
  readonly #random: Random;
  #dueMs: number | undefined;

  constructor(world: World, account: Account, webhooks: Webhooks) {
    this.world = world;
    this.account = account;
    this.webhooks = webhooks;
    this.#random = world.random.fork("pagerduty");
  }

  /** World time; inside something that `at` scheduled, the time it was due, so that a jump keeps every distance. */
  get nowMs(): number {
    return this.#dueMs ?? this.world.clock.now();
  }

  /** Runs `act` at a world time. */
  at(dueMs: number, act: () => void): Timer {
    return this.world.clock.at(dueMs, () => {
      this.#dueMs = dueMs;
      try {
        act();
      } finally {
        this.#dueMs = undefined;
      }
    });
  }

  newId(prefix: string): string {
    let id = prefix;
    while (id.length < 14) id += ID_LETTERS[this.#random.integer(0, ID_LETTERS.length - 1)];
    return id;
  }

  user(id: string): Account["users"][number] | undefined {
    return this.account.users.find((user) => user.id === id);
  }

  userName(id: string): string {
    return this.user(id)?.name ?? id;
  }

  policy(id: string): EscalationPolicy | undefined {
    return this.account.escalationPolicies.find((policy) => policy.id === id);
  }

  service(id: string): Service | undefined {
    return this.account.services.find((service) => service.id === id);
  }

  serviceOfKey(routingKey: string): Service | undefined {
    if (!this.takesKeys) return undefined;
    return this.account.services.find((service) => service.integrationKeys.includes(routingKey));
  }

  incident(id: string): Incident | undefined {
    return this.incidents.find((incident) => incident.id === id);
  }

  openIncident(match: (incident: Incident) => boolean): Incident | undefined {
    return this.incidents.find((incident) => incident.status !== "resolved" && match(incident));
  }

  /** Who is on call now, one row per policy, level and user. */
  onCall(policy: EscalationPolicy): OnCall[] {
    return policy.rules.flatMap((rule, index) =>
      rule.targets.flatMap((target) => this.#onCallOf(target).map((row) => ({ ...row, level: index + 1 }))),
    );
  }

  #onCallOf(target: Target): Omit<OnCall, "level">[] {
    if ("user" in target) {
      return [{ userId: target.user, scheduleId: undefined, startMs: undefined, endMs: undefined }];
    }
    const schedule = this.account.schedules.find((candidate) => candidate.id === target.schedule);
    const nowMs = this.nowMs;
    return (schedule?.shifts ?? [])
      .map((shift) => ({
        userId: shift.user,
        scheduleId: target.schedule,
        startMs: shift.start === undefined ? undefined : Date.parse(shift.start),
        endMs: shift.end === undefined ? undefined : Date.parse(shift.end),
      }))
      .filter((row) => (row.startMs ?? -Infinity) <= nowMs && nowMs < (row.endMs ?? Infinity));
  }
}
