import { createHmac } from "node:crypto";
import type { Random } from "../world/random.ts";
import type { World } from "../world/world.ts";
import type { Account } from "./spec.ts";

/** A receiver must answer within this (machine time), else the attempt counts as failed. */
const ANSWER_WITHIN_MS = 5_000;
/** World time: an event is tried for two days; after three dropped in a row a subscription sleeps for one. */
const GIVE_UP_AFTER_MS = 48 * 3_600_000;
const DISABLED_FOR_MS = 24 * 3_600_000;
const DROPS_BEFORE_DISABLED = 3;

export interface Delivery {
  /** `X-Webhook-Id`: the same on every attempt. */
  readonly webhookId: string;
  readonly eventType: string;
  readonly incidentId: string | undefined;
  readonly body: string;
  readonly queuedMs: number;
}

export interface Subscription {
  readonly id: string;
  url: string;
  secrets: readonly string[];
  readonly events: readonly string[] | undefined;
  readonly service: string | undefined;
  queue: Delivery[];
  readonly sent: Delivery[];
  droppedInARow: number;
  /** World time until which nothing is sent, or undefined. */
  disabledUntilMs: number | undefined;
  isDraining: boolean;
  /** Somebody switched it off, or on. */
  isActive: boolean;
}

export interface WebhookEvent {
  readonly eventType: string;
  readonly about: { readonly incidentId: string; readonly serviceId: string };
  readonly agent: Record<string, unknown> | null;
  readonly data: Record<string, unknown>;
}

/**
 * v3 webhooks: one event a POST, signed with every secret, at least once, in order. A failing event holds up those
 * behind it; 4xx (but 429) drops it for good.
 */
export class Webhooks {
  readonly subscriptions: readonly Subscription[];
  readonly #world: World;
  readonly #random: Random;
  readonly #retryMs: readonly number[];
  readonly #stopped = new AbortController();

  constructor(world: World, account: Account) {
    this.#world = world;
    this.#random = world.random.fork("pagerduty-webhooks");
    this.#retryMs = account.webhookRetryMs;
    this.subscriptions = account.webhookSubscriptions.map((subscription) => ({
      ...subscription,
      events: subscription.events,
      service: subscription.service,
      queue: [],
      sent: [],
      droppedInARow: 0,
      disabledUntilMs: undefined,
      isDraining: false,
      isActive: true,
    }));
  }

  /** Sends the event to every enabled subscription that wants it. `agent` is null for automation. */
  emit({ eventType, about, agent, data }: WebhookEvent): void {
    const body = this.#eventBody({ eventType, resourceType: "incident", agent, data });
    for (const subscription of this.subscriptions) {
      if (!subscription.isActive) continue;
      if (subscription.service !== undefined && subscription.service !== about.serviceId) continue;
      if (subscription.events !== undefined && !subscription.events.includes(eventType)) continue;
      this.#enqueue(subscription, { eventType, incidentId: about.incidentId, body });
    }
  }

  ping(subscription: Subscription): void {
    const body = this.#eventBody({
      eventType: "pagey.ping",
      resourceType: "pagey",
      agent: null,
      data: { message: "Ping", type: "ping" },
    });
    this.#enqueue(subscription, { eventType: "pagey.ping", incidentId: undefined, body });
  }

  enable(subscription: Subscription): void {
    subscription.disabledUntilMs = undefined;
    subscription.droppedInARow = 0;
  }

  disable(subscription: Subscription): void {
    subscription.disabledUntilMs = this.#world.clock.now() + DISABLED_FOR_MS;
  }

  isDisabled(subscription: Subscription): boolean {
    return subscription.disabledUntilMs !== undefined && this.#world.clock.now() < subscription.disabledUntilMs;
  }

  /** Sends everything again that was ever delivered there, with the same `X-Webhook-Id`s. */
  replay(subscription: Subscription): number {
    const again = subscription.sent.splice(0);
    subscription.queue.push(...again.map((delivery) => ({ ...delivery, queuedMs: this.#world.clock.now() })));
    void this.#drain(subscription);
    return again.length;
  }

  stop(): void {
    this.#stopped.abort();
  }

  #eventBody({
    eventType,
    resourceType,
    agent,
    data,
  }: Omit<WebhookEvent, "about"> & { readonly resourceType: string }): string {
    const occurredAt = new Date(this.#world.clock.now()).toISOString();
    const event = {
      id: this.#uuid(),
      event_type: eventType,
      resource_type: resourceType,
      occurred_at: occurredAt,
      agent,
      client: null,
      data,
    };
    return JSON.stringify({ event });
  }

  #enqueue(
    subscription: Subscription,
    { eventType, incidentId, body }: Pick<Delivery, "eventType" | "incidentId" | "body">,
  ): void {
    if (this.isDisabled(subscription)) {
      this.#log("pagerduty.webhook-dropped", subscription, { eventType, incident: incidentId, why: "disabled" });
      return;
    }
    const queuedMs = this.#world.clock.now();
    subscription.queue.push({ webhookId: this.#uuid(), eventType, incidentId, body, queuedMs });
    void this.#drain(subscription);
  }

  #uuid(): string {
    const hex = this.#random.hex(32);
    return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
  }

  async #drain(subscription: Subscription): Promise<void> {
    if (subscription.isDraining) return;
    subscription.isDraining = true;
    for (let next = subscription.queue[0]; next && !this.#stopped.signal.aborted; next = subscription.queue[0]) {
      const outcome = await this.#deliver(subscription, next);
      if (outcome === "dropped") this.#countDrop(subscription);
      else subscription.droppedInARow = 0;
      if (subscription.queue[0] === next) subscription.queue.shift();
      if (outcome === "delivered") subscription.sent.push(next);
    }
    subscription.isDraining = false;
  }

  #countDrop(subscription: Subscription): void {
    subscription.droppedInARow += 1;
    if (subscription.droppedInARow < DROPS_BEFORE_DISABLED) return;
    this.disable(subscription);
    this.#log("pagerduty.webhook-disabled", subscription, { thrownAway: Math.max(0, subscription.queue.length - 1) });
    subscription.queue = [];
  }

  async #deliver(subscription: Subscription, delivery: Delivery): Promise<"delivered" | "dropped"> {
    for (let attempt = 1; ; attempt += 1) {
      const status = await this.#post(subscription, delivery);
      const facts = { eventType: delivery.eventType, incident: delivery.incidentId, attempt, status };
      if (typeof status === "number" && status >= 200 && status < 300) {
        this.#log("pagerduty.webhook-delivered", subscription, { ...facts, webhookId: delivery.webhookId });
        return "delivered";
      }
      const isPermanent = typeof status === "number" && status < 500 && status !== 429;
      const isTooOld = this.#world.clock.now() - delivery.queuedMs > GIVE_UP_AFTER_MS;
      if (isPermanent || isTooOld || this.#stopped.signal.aborted) {
        this.#log("pagerduty.webhook-dropped", subscription, { ...facts, why: isPermanent ? "answer" : "too old" });
        return "dropped";
      }
      this.#log("pagerduty.webhook-failed", subscription, facts);
      await this.#pause(this.#retryMs[Math.min(attempt, this.#retryMs.length) - 1] ?? 0);
    }
  }

  /** One attempt: the receiver's status, or why there is none. A planned fault `webhook` costs the attempt. */
  async #post(subscription: Subscription, delivery: Delivery): Promise<number | string> {
    const fault = this.#world.faults.take("pagerduty", "webhook");
    if (fault?.kind === "delay") await this.#pause(fault.machineMs);
    else if (fault !== undefined && fault.kind !== "drop-after" && fault.kind !== "hang-after") return fault.kind;
    try {
      const response = await fetch(subscription.url, {
        method: "POST",
        body: delivery.body,
        headers: {
          "content-type": "application/json",
          "user-agent": "PagerDuty-Webhook/V3.0",
          "x-webhook-id": delivery.webhookId,
          "x-webhook-subscription": subscription.id,
          "x-pagerduty-signature": subscription.secrets.map((secret) => signature(secret, delivery.body)).join(","),
        },
        redirect: "manual",
        signal: AbortSignal.any([AbortSignal.timeout(ANSWER_WITHIN_MS), this.#stopped.signal]),
      });
      await response.body?.cancel();
      // The receiver has it, but its answer got lost: the same event comes again.
      return fault !== undefined && fault.kind !== "delay" ? fault.kind : response.status;
    } catch (error) {
      return error instanceof Error ? error.name : "unreachable";
    }
  }

  #pause(machineMs: number): Promise<void> {
    const { signal } = this.#stopped;
    return new Promise((resolve) => {
      const timer = setTimeout(done, machineMs);
      function done(): void {
        clearTimeout(timer);
        signal.removeEventListener("abort", done);
        resolve();
      }
      if (signal.aborted) done();
      else signal.addEventListener("abort", done);
    });
  }

  #log(kind: string, subscription: Subscription, facts: Record<string, unknown>): void {
    this.#world.log.append(kind, { subscription: subscription.id, ...facts });
  }
}

function signature(secret: string, body: string): string {
  return `v1=${createHmac("sha256", secret).update(body).digest("hex")}`;
}
