import type { SlackSpec } from "./spec.ts";

/** Calls per minute of Slack's tiers; `post` is the special rule of chat.postMessage, `none` has no limit. */
export type Tier = 1 | 2 | 3 | 4 | "post" | "none";

const PER_MINUTE: Readonly<Record<1 | 2 | 3 | 4, number>> = { 1: 1, 2: 20, 3: 50, 4: 100 };

/** Documented: about one message per second and channel with short bursts, several hundred a minute and workspace. */
const POST = { perChannelPerMinute: 60, channelBurst: 3, perWorkspacePerMinute: 300 } as const;

interface Bucket {
  tokens: number;
  filledMs: number;
}

/** Token buckets in machine time, per app and method; a full bucket holds one minute's worth. */
export class RateLimits {
  readonly #buckets = new Map<string, Bucket>();
  readonly #now: () => number;
  readonly #overrides: Readonly<Record<string, number>>;
  readonly #minuteMs: number;

  constructor(now: () => number, { rateLimits, minuteMs }: Pick<SlackSpec, "rateLimits" | "minuteMs">) {
    this.#now = now;
    this.#overrides = rateLimits;
    this.#minuteMs = minuteMs;
  }

  /** Seconds to wait (whole, at least 1), or undefined where the call may go on and was counted. */
  retryAfterSeconds(call: { appId: string; method: string; tier: Tier; channel: string }): number | undefined {
    const override = this.#overrides[call.method];
    const key = `${call.appId} ${call.method}`;
    if (call.tier === "none" && override === undefined) return undefined;
    if (call.tier === "post") {
      const perMinute = override ?? POST.perChannelPerMinute;
      const inChannel = this.#waitMs(`${key} ${call.channel}`, Math.min(POST.channelBurst, perMinute), perMinute);
      const inWorkspace = inChannel > 0 ? 0 : this.#waitMs(key, POST.perWorkspacePerMinute, POST.perWorkspacePerMinute);
      return toSeconds(Math.max(inChannel, inWorkspace));
    }
    const perMinute = override ?? (call.tier === "none" ? Number.POSITIVE_INFINITY : PER_MINUTE[call.tier]);
    return toSeconds(this.#waitMs(key, Math.max(1, perMinute), perMinute));
  }

  reset(): void {
    this.#buckets.clear();
  }

  /** Takes a token and returns 0, or returns the milliseconds until there is one. */
  #waitMs(key: string, capacity: number, perMinute: number): number {
    const nowMs = this.#now();
    const bucket = this.#buckets.get(key) ?? { tokens: capacity, filledMs: nowMs };
    this.#buckets.set(key, bucket);
    bucket.tokens = Math.min(capacity, bucket.tokens + ((nowMs - bucket.filledMs) * perMinute) / this.#minuteMs);
    bucket.filledMs = nowMs;
    if (bucket.tokens < 1) return ((1 - bucket.tokens) * this.#minuteMs) / perMinute;
    bucket.tokens -= 1;
    return 0;
  }
}

function toSeconds(waitMs: number): number | undefined {
  return waitMs > 0 ? Math.max(1, Math.ceil(waitMs / 1000)) : undefined;
}
