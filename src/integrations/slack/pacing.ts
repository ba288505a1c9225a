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
  /** What is posted or edited. */
  readonly message?: PacedMessage | undefined;
}

export interface PacedMessage {
  readonly channel: string;
  /** It goes before what waits already: people wait for its buttons. */
  readonly hasButtons: boolean;
}

interface Waiting {
  readonly lines: readonly Line[];
  readonly hasButtons: boolean;
  go(): void;
}

/**
 * Our own pace below Slack's limits: one line per method, and one per channel for posts and edits. Lines do not wait for
 * each other, so a storm of posts holds up no ephemeral message, and in a line what has buttons goes first.
 */
export class Pacing {
  readonly #lines = new Map<string, Line>();
  readonly #channels = new Map<string, Line>();
  /** In the order in which they go, where their lines let them. */
  readonly #waiting: Waiting[] = [];
  #timer: NodeJS.Timeout | undefined;
  readonly #minuteMs: number;

  /** `minuteMs`: how long Slack's minute is; a rehearsal of many days shortens it. */
  constructor(minuteMs = MINUTE_MS) {
    this.#minuteMs = minuteMs;
  }

  /** Resolves when it is the call's turn. Throws TransientError where that would take too long. */
  async turn(call: PacedCall): Promise<void> {
    const nowMs = performance.now();
    const { message } = call;
    const lines = [this.#line(call), ...(message === undefined ? [] : [this.#channel(message.channel, nowMs)])];
    const hasButtons = message?.hasButtons ?? false;
    const before = this.#waiting.filter((other) => other.hasButtons || !hasButtons);
    const startMs = Math.max(
      ...lines.map((line) => line.nextMs(nowMs, before.filter((other) => other.lines.includes(line)).length)),
    );
    const waitMs = Math.ceil(startMs - nowMs);
    if (waitMs > LONGEST_WAIT_MS)
      throw new TransientError("slack-pace", "Slack's rate limit leaves no room for this call yet", {
        facts: { method: call.method, retryAfterMs: waitMs, mostMs: waitMs },
      });
    await new Promise<void>((go) => {
      this.#waiting.splice(before.length, 0, { lines, hasButtons, go });
      this.#letGo();
    });
  }

  /** Slack's own Retry-After: the method rests, the others go on. */
  rest(call: PacedCall, forMs: number): void {
    this.#line(call).rest(performance.now() + forMs);
  }

  /** Lets go whoever's turn it is, and comes back for the next. */
  #letGo(): void {
    clearTimeout(this.#timer);
    const nowMs = performance.now();
    let nextMs = Number.POSITIVE_INFINITY;
    for (const call of [...this.#waiting]) {
      const startMs = Math.max(...call.lines.map((line) => line.nextMs(nowMs)));
      nextMs = Math.min(nextMs, startMs > nowMs ? startMs : nextMs);
      if (startMs > nowMs) continue;
      for (const line of call.lines) line.take(nowMs);
      this.#waiting.splice(this.#waiting.indexOf(call), 1);
      call.go();
    }
    if (this.#waiting.length > 0) this.#timer = setTimeout(() => this.#letGo(), Math.ceil(nextMs - nowMs));
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

/** A token bucket kept as one number: the moment at which it would be full again. */
export class Line {
  readonly #intervalMs: number;
  readonly #burst: number;
  #fullMs = 0;
  #restMs = 0;

  constructor({ intervalMs, burst }: { intervalMs: number; burst: number }) {
    this.#intervalMs = intervalMs;
    this.#burst = burst;
  }

  /** The earliest moment for one more call, after so many that go before it. */
  nextMs(nowMs: number, before = 0): number {
    return Math.max(nowMs, this.#restMs, Math.max(this.#fullMs, nowMs) + (before - this.#burst + 1) * this.#intervalMs);
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
