import { type BrokenThing, sayRest } from "../../domain/doing.ts";
import { messageOf } from "../../domain/errors.ts";
import type { CallMemory } from "../../flows/reach/calls.ts";
import { type Need, reach } from "../../flows/reach/reach.ts";
import { commandersOf } from "../../flows/reach/run-needs.ts";
import { alertsLink, type Telling } from "./announce.ts";
import { followNews } from "./broken-news.ts";
import { lookingEvery } from "./looking.ts";

export interface BrokenGuardDeps extends Omit<Telling, "announce"> {
  /** What this process fails at again and again. */
  broken(): readonly BrokenThing[];
  /** Outlives the process. */
  readonly memory: CallMemory;
  /** Machine time between two looks; absent: 5 s. */
  readonly checkEveryMs?: number;
}

const CHECK_EVERY_MS = 5_000;
/** More would push away what to do. */
const NAMED = 3;
/** A pager shows 1,024 characters, and a telephone fewer. */
const LONGEST_NAME = 110;
const LONGEST_CHAIN = 100;

/**
 * What TwoKey itself fails at keeps an alarm, a page, a room or a run where it is, and nobody may look at the channel that says so (G22).
 * This calls people about it, by each way that works.
 */
export function startBrokenGuard(deps: BrokenGuardDeps): { stop(): void } {
  const { clock, memory, logger } = deps;
  const waking = () => deps.broken().filter(({ wakes }) => wakes);
  const note = followNews(memory, clock);
  const check = async (): Promise<void> => {
    const broken = waking();
    const { atMs, isCalled, isOver } = await note(broken);
    if (isOver) await reach(undefined, { ...deps, againMs: 0 });
    // What broke too soon after the call before is called for when the pause is over.
    else if (broken.length > 0 && isCalled) await reach(needOf(broken, atMs, deps), { ...deps, againMs: 0 });
  };
  return lookingEvery(deps.checkEveryMs ?? CHECK_EVERY_MS, check, (error) =>
    logger.warn({ why: messageOf(error) }, "Nobody could be told what TwoKey fails at"),
  );
}

/** Each process fails by itself, so each calls for itself. */
function needOf(broken: readonly BrokenThing[], atMs: number, deps: BrokenGuardDeps): Need {
  const { inventory, process } = deps;
  const key = `dr:${inventory().file.environment}:broken:${process}`;
  return {
    ...{ occasion: "broken", reason: `broken:${atMs}`, people: commandersOf(inventory()) },
    ...{ key, page: `${key}:${atMs}` },
    why: `TwoKey's process ${process} fails at this again and again: ${sayBroken(broken, sayRest(deps.broken()))}`,
    about: { source: process, details: {}, links: [alertsLink(deps)], state: "TwoKey goes on trying" },
  };
}

/** What to do comes before why. One of each incident, run or thing, the newest first: the people who were called for the others know them. */
function sayBroken(broken: readonly BrokenThing[], rest: readonly string[]): string {
  const newest = [
    ...new Map(broken.map((each) => [each.incident ?? each.run ?? each.what, each])).values(),
  ].toReversed();
  const named = newest.slice(0, NAMED);
  const more = newest.length - named.length;
  const names = named.map(({ what }) => inRoom(what, LONGEST_NAME)).join("; ");
  return [
    `${names}${more === 0 ? "" : `; and ${more} more, in the alerts channel`}.`,
    "Do it by hand. TwoKey may page nobody about it, so call the people you need by telephone: /dr oncall has their numbers.",
    ...rest,
    "See “When TwoKey itself fails” in the operations manual.",
    `Why: ${named.map(({ why }) => inRoom(why, LONGEST_CHAIN)).join("; ")}.`,
  ].join(" ");
}

/** One line, cut in its middle: what failed first stands last. */
function inRoom(text: string, most: number): string {
  const line = text.replaceAll(/\s+/g, " ").trim().replace(/\.$/, "");
  if (line.length <= most) return line;
  const head = Math.floor(most / 3);
  return `${line.slice(0, head)}…${line.slice(head + 1 - most)}`;
}
