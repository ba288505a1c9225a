import { sayTime } from "../../domain/duration.ts";
import { messageOf, OutcomeUnknown, TransientError } from "../../domain/errors.ts";
import type { CallMemory } from "../../flows/reach/calls.ts";
import type { Need } from "../../flows/reach/reach.ts";
import { commandersOf } from "../../flows/reach/run-needs.ts";
import { alertsLink, type Telling } from "./announce.ts";
import { followOutages, type Outage } from "./outage.ts";

/** What came of the last message for Slack. */
export interface Posts {
  /** `error` undefined: Slack has it. */
  came(error: unknown): void;
  /** Why the last one did not arrive; undefined: it did, or nobody tried lately. */
  whySilent(): string | undefined;
}

/** Machine time for which a failure counts: what is owed is tried again within a minute, so an older one is owed no more. */
const COUNTS_FOR_MS = 150_000;

/** Slack is silent, and refuses nothing: what asks for fewer calls, or for another token, answers. */
const isSilence = (error: unknown): boolean =>
  error instanceof OutcomeUnknown || (error instanceof TransientError && error.code === "slack-unavailable");

/** Our own pace held it back: nothing is known of Slack by that. */
const wasNotAsked = (error: unknown): boolean => error instanceof TransientError && error.code === "slack-pace";

export function createPosts(): Posts {
  let failed: { readonly why: string; readonly atMs: number } | undefined;
  return {
    came: (error) => {
      if (wasNotAsked(error)) return;
      failed = isSilence(error) ? { why: messageOf(error), atMs: performance.now() } : undefined;
    },
    whySilent: () => (failed && performance.now() - failed.atMs < COUNTS_FOR_MS ? failed.why : undefined),
  };
}

export interface SilenceGuardDeps extends Telling {
  readonly posts: Pick<Posts, "whySilent">;
  /** Outlives the process. */
  readonly memory: CallMemory;
  /** Channels of the open incidents and runs. */
  readonly rooms: () => Promise<readonly string[]>;
  /** Machine times; absent: 5 s between two looks, 3 min until people are called, and a minute until it is over. */
  readonly checkEveryMs?: number;
  readonly afterMs?: number;
  readonly overAfterMs?: number;
}

const CHECK_EVERY_MS = 5_000;
/** Cards that are late for less are a nuisance, and nothing that wakes somebody. */
const AFTER_MS = 180_000;
const OVER_AFTER_MS = 60_000;

/**
 * While Slack takes no messages the rooms and cards of an incident stand still, and whoever looks at them takes that for the truth
 * (G22). This tells people by the pager and by mail, only while an incident or a run is open.
 */
export function startSilenceGuard(deps: SilenceGuardDeps): { stop(): void } {
  const { posts, rooms, process, announce } = deps;
  return followOutages({
    ...deps,
    why: async () => {
      const why = posts.whySilent();
      return why === undefined || (await rooms()).length === 0 ? undefined : why;
    },
    needOf: (outage) => needOf(outage, deps),
    // It arrives when Slack takes messages, so it is true when it is read.
    ended: (sinceMs) =>
      announce(
        `Slack takes messages of TwoKey's process ${process} again. It took none since ${sayTime(sinceMs)}. Rooms and cards show how things stand now.`,
      ),
    untold: "Nobody could be told that Slack is away",
    checkEveryMs: deps.checkEveryMs ?? CHECK_EVERY_MS,
    afterMs: deps.afterMs ?? AFTER_MS,
    overAfterMs: deps.overAfterMs ?? OVER_AFTER_MS,
  });
}

/** Each process has a way of its own to Slack, so each calls for itself, and ends its own call. */
function needOf({ why, sinceMs }: Outage, deps: SilenceGuardDeps): Need {
  const { inventory, process } = deps;
  const key = `dr:${inventory().file.environment}:slack-away:${process}`;
  return {
    ...{ occasion: "slack-away", reason: `slack-away:${sinceMs}`, people: commandersOf(inventory()) },
    ...{ key, page: `${key}:${sinceMs}` },
    why: `Slack takes no messages of TwoKey's process ${process} since ${sayTime(sinceMs)}: ${why}. Rooms and cards stand still, and no button answers. Pages, runs and fences go on. How things stand: twokey status, twokey runs and twokey timeline in a terminal. Talk by telephone. See “when Slack is away” in the operations manual.`,
    about: {
      source: process,
      details: {},
      links: [alertsLink(deps)],
      state: "Rooms and cards catch up by themselves when Slack answers",
    },
  };
}
