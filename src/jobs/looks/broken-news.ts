import type { BrokenThing } from "../../domain/doing.ts";
import { type CallMemory, type Calls, NOBODY_CALLED } from "../../flows/reach/calls.ts";
import type { Clock } from "../../ports/clock.ts";

export type News = NonNullable<Calls["news"]>;

/** Machine times. A fault that breaks a hundred things calls people a few times, not a hundred times: then the pause doubles. */
const FIRST_PAUSE_MS = 120_000;
const LONGEST_PAUSE_MS = 3_600_000;
/** So long after a call the next one is the first of its series. */
const SERIES_ENDS_AFTER_MS = 2 * LONGEST_PAUSE_MS;
/** Room in the store. */
const MOST_REMEMBERED = 200;

/** One poisonous incident breaks several things. */
export const subjectOf = ({ incident, run, what }: BrokenThing): string => incident ?? run ?? what;

/**
 * What people are called for, after these things were found broken: kept where the calls are, so that the process that follows calls nobody
 * again for the same, and rings for what is new. The pause between two calls outlives the outage: what flaps is no news each time.
 */
export async function noteNews(memory: CallMemory, broken: readonly BrokenThing[], clock: Clock): Promise<News> {
  const before = (await memory.read())?.news ?? { atMs: Number.NEGATIVE_INFINITY, count: 0, about: [] };
  const news = broken.length === 0 ? { ...before, about: [] } : afterSeeing(before, broken, clock);
  if (news.atMs !== before.atMs || news.about.length !== before.about.length)
    await memory.change((current = NOBODY_CALLED) => ({ value: { ...current, news }, events: [] }));
  return news;
}

function afterSeeing(before: News, broken: readonly BrokenThing[], { now, speed }: Clock): News {
  const about = broken.map(subjectOf);
  const agoMs = (now() - before.atMs) / speed;
  const pauseMs = before.count === 0 ? 0 : Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (before.count - 1));
  if (agoMs < pauseMs || about.every((each) => before.about.includes(each))) return before;
  return {
    atMs: now(),
    count: agoMs < SERIES_ENDS_AFTER_MS ? before.count + 1 : 1,
    about: [...new Set([...before.about, ...about])].slice(-MOST_REMEMBERED),
  };
}
