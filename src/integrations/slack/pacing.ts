import { TransientError } from "../../domain/errors.ts";

/** Calls a minute of Slack's tiers (docs.slack.dev, rate limits). Machine time throughout. */
const PER_MINUTE = { 2: 20, 3: 50, 4: 100 } as const;
export type Tier = keyof typeof PER_MINUTE;

/** Documented: about one message a second in a channel and several hundred a minute in a workspace. */
const CHANNEL = { perMinute: 60, burst: 2 } as const;
const WORKSPACE = { perMinute: 200, burst: 50 } as const;

/** Part of a minute's calls that may come at once; the rest comes evenly, so that no minute sees more than the limit. */
const BURST_SHARE = 0.4;

/** A caller waits at most so long in line; beyond it the outbox is the better place to wait. */
const LONGEST_WAIT_MS = 5_000;
const MOST_CHANNELS_REMEMBERED = 1_000;
const MINUTE_MS = 60_000;

export interface PacedCall {
  readonly method: string;
  readonly tier: Tier | "post";
  /** Of a post or an edit. */
  readonly messageIn?: string | undefined;
}

/**
 * Our own pace below Slack's limits: one line per method, and one per channel for posts and edits. Lines do not wait for
 * each other, so a storm of posts holds up no ephemeral message.
 */
export class Pacing {
  readonly #lines = new Map<string, Line>();
  readonly #channels = new Map<string, Line>();
  readonly #now: () => number;
  readonly #minuteMs: number;

  /** `minuteMs`: how long Slack's minute is; a rehearsal of many days shortens it. */
  constructor(now: () => number = Date.now, minuteMs = MINUTE_MS) {
    this.#now = now;
    this.#minuteMs = minuteMs;
  }

  /** Resolves when it is the call's turn. Throws TransientError where that would take too long. */
  async turn(call: PacedCall): Promise<void> {
    const nowMs = this.#now();
    const lines = [this.#line(call), ...(call.messageIn === undefined ? [] : [this.#channel(call.messageIn, nowMs)])];
    const startMs = Math.max(nowMs, ...lines.map((line) => line.nextMs(nowMs)));
    const waitMs = Math.ceil(startMs - nowMs);
    if (waitMs > LONGEST_WAIT_MS)
      throw new TransientError("slack-pace", "Slack's rate limit leaves no room for this call yet", {
        facts: { method: call.method, retryAfterMs: waitMs },
      });
    for (const line of lines) line.take(startMs);
    if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
  }

  /** Slack's own Retry-After: the method rests, the others go on. */
  rest(call: PacedCall, forMs: number): void {
    this.#line(call).rest(this.#now() + forMs);
  }

  #line({ method, tier }: PacedCall): Line {
    const known = this.#lines.get(method);
    if (known) return known;
    const line = tier === "post" ? this.#newLine(WORKSPACE) : this.#newLine(paceOf(tier));
    this.#lines.set(method, line);
    return line;
  }

  #channel(channel: string, nowMs: number): Line {
    const known = this.#channels.get(channel);
    if (known) return known;
    if (this.#channels.size >= MOST_CHANNELS_REMEMBERED)
      for (const [id, line] of this.#channels) if (line.isIdle(nowMs)) this.#channels.delete(id);
    const line = this.#newLine(CHANNEL);
    this.#channels.set(channel, line);
    return line;
  }

  #newLine({ perMinute, burst }: Pace): Line {
    return new Line({ intervalMs: this.#minuteMs / perMinute, burst });
  }
}

interface Pace {
  readonly perMinute: number;
  readonly burst: number;
}

export function paceOf(tier: Tier): Pace {
  const burst = Math.floor(PER_MINUTE[tier] * BURST_SHARE);
  return { perMinute: PER_MINUTE[tier] - burst, burst };
}

/** A token bucket kept as one number: the moment at which it would be full again. First come, first served. */
export class Line {
  readonly #intervalMs: number;
  readonly #burst: number;
  #fullMs = 0;
  #restMs = 0;

  constructor({ intervalMs, burst }: { intervalMs: number; burst: number }) {
    this.#intervalMs = intervalMs;
    this.#burst = burst;
  }

  /** The earliest moment for one more call. */
  nextMs(nowMs: number): number {
    return Math.max(nowMs, this.#restMs, this.#fullMs - (this.#burst - 1) * this.#intervalMs);
  }

  take(atMs: number): void {
    this.#fullMs = Math.max(this.#fullMs, atMs) + this.#intervalMs;
  }

  rest(untilMs: number): void {
    this.#restMs = Math.max(this.#restMs, untilMs);
  }

  isIdle(nowMs: number): boolean {
    return this.#fullMs <= nowMs;
  }
}
