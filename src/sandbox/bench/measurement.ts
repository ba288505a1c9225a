import { createLogger } from "../../app/log.ts";
import type { Inherited } from "../../config/inherited.ts";
import type { Logger } from "../../ports/logger.ts";
import type { VendorLatency } from "../world-process.ts";

/** What every measurement is given. */
export interface Bench {
  /** A real `twokey.yaml`. */
  readonly config: string;
  readonly seed: number;
  /** Smaller samples: a look, not a verdict. */
  readonly isQuick: boolean;
  readonly inherited: Inherited;
  readonly logger: Logger;
  /** Progress for people; never part of the result. */
  say(line: string): void;
}

export interface Storm {
  readonly alerts: number;
  readonly incidents: number;
  readonly channels: number;
  readonly triggers: number;
  /** Accepted by the web door, and in no document afterwards. */
  readonly lost: number;
  /** Not accepted: SNS would have tried again. */
  readonly refused: number;
  /** Calls that Slack or PagerDuty refused because there were too many. */
  readonly limited: number;
  readonly ackP99Ms: number;
}

export interface Spread {
  readonly samples: number;
  readonly least: number;
  readonly median: number;
  readonly most: number;
}

/** A failover ÷ its world's critical path; `split`: what is lost, as parts of the critical path, medians. */
export interface Overhead {
  readonly min: number;
  readonly median: number;
  readonly max: number;
  readonly worlds: number;
  /** Computed from the split: machine time counts once there, and as often as the clock is faster in the measurement. */
  readonly atSpeed1: number;
  readonly split: { readonly polls: number; readonly calls: number; readonly engine: number };
}

/** A sequential script ÷ our failover; and that as a part of what the world allows, script ÷ critical path. */
export interface Speedup {
  readonly min: number;
  readonly median: number;
  readonly max: number;
  readonly minOfLimit: number;
  readonly medianOfLimit: number;
}

/** What one more incident costs from its alarm to its resolution, beside `few` open ones and beside `many`. */
export interface Scale {
  readonly few: number;
  readonly many: number;
  /** Processor time of the bot for one incident. */
  readonly cpuMs: readonly [number, number];
  /** Commands that Redis was sent for it. */
  readonly commands: readonly [number, number];
  /** The bot's resident memory. */
  readonly rssMb: readonly [number, number];
  /** Of one of the many that only stand open, a minute of world time. */
  readonly standingCpuMs: number;
  readonly standingCommands: number;
}

/** What people wait for beside so many incidents that are over: the slowest answers, machine milliseconds. */
export interface Growth {
  readonly closed: number;
  readonly timelineMs: number;
  readonly boardMs: number;
  readonly healthMs: number;
  /** Resolved, with its timeline posted: beside none and beside all of them. */
  readonly resolveMs: readonly [number, number];
  /** Of Redis, for one closed incident with its events. */
  readonly kbEach: number;
}

/** Machine milliseconds where the name ends in `Ms`; ratios otherwise. */
export interface Figures {
  readonly webhookP99Ms?: number;
  readonly alertToPageP50Ms?: number;
  readonly alertToPageP99Ms?: number;
  readonly alertToChannelP50Ms?: number;
  readonly alertToChannelP99Ms?: number;
  readonly channelSerialBoundMs?: number;
  readonly storm?: Storm;
  readonly scale?: Scale;
  readonly growth?: Growth;
  readonly failoverOverhead?: Overhead;
  /** Median of several worlds. */
  readonly plannedOverhead?: number;
  readonly plannedOverheadSpread?: Spread;
  readonly speedupVsSequential?: Speedup;
  /** Of one failover, looks of the observer included; median. */
  readonly awsCalls?: number;
  /** From the command until the card of the plan, with a home region of which nobody knows yet that it is dark. */
  readonly coldPlanMs?: number;
  readonly resumeAfterKillP99Ms?: number;
  readonly idleRssMb?: number;
  readonly readyMs?: number;
}

/** What a measurement puts between the bot and the world, printed beside its figures. */
export interface Injected extends VendorLatency {
  /** Webhooks a second, open loop. */
  readonly webhooksPerSecond?: number;
}

export interface Measured {
  readonly figures: Figures;
  /** How many samples of what, and what else is needed to read the figures. One sentence each. */
  readonly notes: readonly string[];
}

export interface Measurement {
  readonly name: string;
  readonly speed: number;
  readonly injected: Injected;
  /** Throws where it cannot measure; a bad figure is no reason to. */
  measure(bench: Bench): Promise<Measured>;
}

/** Only what is worse than a warning, and never on standard output: that belongs to the figures. */
export function benchLogger(): Logger {
  return createLogger("error", "bench", process.stderr);
}
