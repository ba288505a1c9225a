import type { BrokenThing } from "../../domain/doing.ts";
import { messageOf } from "../../domain/errors.ts";
import type { CallMemory } from "../../flows/reach/calls.ts";
import { type Need, reach } from "../../flows/reach/reach.ts";
import { commandersOf } from "../../flows/reach/run-needs.ts";
import { alertsLink, type Telling } from "./announce.ts";
import { type News, noteNews, subjectOf } from "./broken-news.ts";
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
/** Machine time. What flaps is one outage, and a process that begins needs some time to fail as often as the one before it. */
const OVER_AFTER_MS = 300_000;
/** More would push away what to do. */
const NAMED = 3;
/** A pager shows 1,024 characters, and a telephone fewer. */
const LONGEST_NAME = 110;
const LONGEST_CHAIN = 120;

/**
 * What TwoKey itself fails at keeps an alarm, a page, a room or a run where it is, and nobody may look at the channel that says so (G22).
 * This calls people about it, by each way that works.
 */
export function startBrokenGuard(deps: BrokenGuardDeps): { stop(): void } {
  const { clock, memory, logger } = deps;
  const waking = () => deps.broken().filter(({ wakes }) => wakes);
  let brokenAtMs = clock.now();
  const check = async (): Promise<void> => {
    const broken = waking();
    if (broken.length > 0) brokenAtMs = clock.now();
    const isOver = clock.now() >= brokenAtMs + OVER_AFTER_MS * clock.speed;
    if (broken.length === 0 && !isOver) return;
    const news = await noteNews(memory, broken, clock);
    // What broke too soon after the call before is called for when the pause is over.
    if (broken.length > 0 && news.about.length === 0) return;
    await reach(broken.length > 0 ? needOf(broken, news, deps) : undefined, { ...deps, againMs: 0 });
  };
  return lookingEvery(deps.checkEveryMs ?? CHECK_EVERY_MS, check, (error) =>
    logger.warn({ why: messageOf(error) }, "Nobody could be told what TwoKey fails at"),
  );
}

/** Each process fails by itself, so each calls for itself. */
function needOf(broken: readonly BrokenThing[], { atMs }: News, deps: BrokenGuardDeps): Need {
  const { inventory, process } = deps;
  const key = `dr:${inventory().file.environment}:broken:${process}`;
  return {
    ...{ occasion: "broken", reason: `broken:${atMs}`, people: commandersOf(inventory()) },
    ...{ key, page: `${key}:${atMs}` },
    why: `TwoKey's process ${process} fails at the same thing again and again. ${sayBroken(broken)}`,
    about: {
      source: process,
      details: {},
      links: [alertsLink(deps)],
      state: "It is tried again with growing pauses",
    },
  };
}

/** What to do comes before why. One of each subject, the newest first: the people who were called for the others know them. */
function sayBroken(broken: readonly BrokenThing[]): string {
  const newest = [...new Map(broken.map((each) => [subjectOf(each), each])).values()].toReversed();
  const named = newest.slice(0, NAMED);
  const more = newest.length - named.length;
  const names = named.map(({ what }) => inRoom(what, LONGEST_NAME)).join("; ");
  const chains = named.map(({ why }) => inRoom(why, LONGEST_CHAIN)).join("; ");
  return [
    `Look after it by hand, and call people by telephone: ${names}${more === 0 ? "" : `; and ${more} more, in the alerts channel`}.`,
    "Everything else goes on. See “when TwoKey itself fails” in the operations manual.",
    `Why: ${chains}.`,
  ].join(" ");
}

/** One line, cut in its middle: what failed first stands last. */
function inRoom(text: string, most: number): string {
  const line = text.replaceAll(/\s+/g, " ").trim().replace(/\.$/, "");
  if (line.length <= most) return line;
  const head = Math.floor(most / 3);
  return `${line.slice(0, head)}…${line.slice(head + 1 - most)}`;
}
