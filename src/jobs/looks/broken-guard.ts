import type { BrokenThing } from "../../domain/doing.ts";
import type { CallMemory } from "../../flows/reach/calls.ts";
import type { Need } from "../../flows/reach/reach.ts";
import { commandersOf } from "../../flows/reach/run-needs.ts";
import { alertsLink, type Telling } from "./announce.ts";
import { followOutages, type Outage } from "./outage.ts";

export interface BrokenGuardDeps extends Omit<Telling, "announce"> {
  /** What this process fails at again and again. */
  broken(): readonly BrokenThing[];
  /** Outlives the process. */
  readonly memory: CallMemory;
  /** Machine times; absent: 5 s between two looks, 2 min until something else calls again, and 150 s that a new process waits before it is over. */
  readonly checkEveryMs?: number;
  readonly newsEveryMs?: number;
  readonly overAfterMs?: number;
}

const CHECK_EVERY_MS = 5_000;
/** A fault that breaks a hundred things calls people a few times, not a hundred times. */
const NEWS_EVERY_MS = 120_000;
/** So long five tries may take: a process that begins has not failed as often as the one before it. */
const OVER_AFTER_MS = 150_000;
/** More would push away what to do. */
const NAMED = 3;

/**
 * What TwoKey itself fails at keeps an alarm, a page, a room or a run where it is, and nobody may look at the channel that says so (G22).
 * This calls people about it, by each way that works.
 */
export function startBrokenGuard(deps: BrokenGuardDeps): { stop(): void } {
  const news = newsOf(deps.newsEveryMs ?? NEWS_EVERY_MS);
  const waking = () => deps.broken().filter(({ wakes }) => wakes);
  return followOutages({
    ...deps,
    why: async () => {
      const broken = waking();
      news.seen(broken);
      return broken.length === 0 ? undefined : sayBroken(broken);
    },
    needOf: (outage) => needOf(outage, news.count(), deps),
    untold: "Nobody could be told what TwoKey fails at",
    checkEveryMs: deps.checkEveryMs ?? CHECK_EVERY_MS,
    afterMs: 0,
    overAfterMs: deps.overAfterMs ?? OVER_AFTER_MS,
  });
}

/** How often something else began to fail while people were called already. */
function newsOf(everyMs: number) {
  let told: readonly string[] = [];
  let count = 0;
  let atMs = Number.NEGATIVE_INFINITY;
  return {
    count: () => count,
    seen: (broken: readonly BrokenThing[]) => {
      const what = broken.map((each) => each.what);
      const nowMs = performance.now();
      if (what.length === 0) {
        told = [];
        count = 0;
        atMs = Number.NEGATIVE_INFINITY;
      } else if (what.some((each) => !told.includes(each)) && nowMs >= atMs + everyMs) {
        if (told.length > 0) count += 1;
        told = [...told, ...what];
        atMs = nowMs;
      }
    },
  };
}

/** The newest first: who was called for the others knows them. */
function sayBroken(broken: readonly BrokenThing[]): string {
  const named = broken.slice(-NAMED).toReversed();
  const more = broken.length - named.length;
  const all = named.map(({ what, why }) => `${what}: ${why.replace(/\.$/, "")}`).join(". ");
  return more === 0 ? all : `${all}. And ${more} more, in the alerts channel`;
}

/** Each process fails by itself, so each calls for itself. */
function needOf({ why, sinceMs }: Outage, news: number, deps: BrokenGuardDeps): Need {
  const { inventory, process } = deps;
  const key = `dr:${inventory().file.environment}:broken:${process}`;
  return {
    ...{ occasion: "broken", reason: `broken:${news}:${sinceMs}`, people: commandersOf(inventory()) },
    ...{ key, page: `${key}:${news}:${sinceMs}` },
    why: `TwoKey's process ${process} fails at the same thing again and again: ${why}. What it names stands still: look after it by hand, and call people by telephone. Everything else goes on. See “when TwoKey itself fails” in the operations manual.`,
    about: {
      source: process,
      details: {},
      links: [alertsLink(deps)],
      state: "It is tried again with growing pauses",
    },
  };
}
