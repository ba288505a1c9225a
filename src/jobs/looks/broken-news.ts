import type { BrokenThing } from "../../domain/doing.ts";
import { type CallMemory, type Calls, NOBODY_CALLED } from "../../flows/reach/calls.ts";
import type { Clock } from "../../ports/clock.ts";

type News = NonNullable<Calls["news"]>;

/** Machine times, all of them. A pause doubles with each call. */
const FIRST_PAUSE_MS = 120_000;
/** Of all calls: an incident that nobody is paged for waits no longer, and a night of ever new faults makes six calls an hour. */
const LONGEST_PAUSE_MS = 600_000;
/** Of calls about one subject: people know it, and it may break and work in turn all night. */
const LONGEST_PAUSE_OF_ONE_MS = 3_600_000;
/** What was whole for so long is news when it breaks again. */
const WHOLE_AFTER_MS = 300_000;
/** A process that begins has failed as often as the one before it after so long at the latest: one try a minute. */
const FAILS_WITHIN_MS = 300_000;
/** Room in the store. A process itself remembers all that is broken. */
const MOST_STORED = 200;

/** Each thing is news by itself: people who were called for a card know nothing of a page that fails later. */
const subjectOf = ({ key, what }: BrokenThing): string => key ?? what;

/** Calls that follow each other. The next one is the first of another series after twice the longest pause. */
interface Series {
  /** World time of the last one. */
  readonly atMs: number;
  readonly count: number;
}

const NO_CALL: Series = { atMs: Number.NEGATIVE_INFINITY, count: 0 };

interface Subject extends Series {
  /** World time at which it was last seen broken. */
  readonly seenAtMs: number;
  /** People were called for it since it broke. */
  readonly isCalled: boolean;
}

interface Known {
  readonly calls: Series;
  readonly subjects: ReadonlyMap<string, Subject>;
  /** World time until when people may have been called for what is not among the subjects. */
  readonly unnamedUntilMs: number;
}

export interface Noted {
  /** World time at which people were last called. */
  readonly atMs: number;
  /** For something that is broken, or was within five minutes. */
  readonly isCalled: boolean;
  /** Nothing was broken for five minutes. */
  readonly isOver: boolean;
}

/**
 * Says at each look whether people are called for what is broken. Whom TwoKey called for what is kept where the calls are, so that the
 * process that follows calls nobody again for the same, and rings for what is new.
 */
export function followNews(memory: CallMemory, clock: Clock): (broken: readonly BrokenThing[]) => Promise<Noted> {
  let known: Known | undefined;
  let stored = "";
  return async (broken) => {
    known = afterLook(known ?? knownFrom((await memory.read())?.news, clock), new Set(broken.map(subjectOf)), clock);
    const { calls, subjects } = known;
    const news = newsOf(known);
    const text = JSON.stringify(news);
    if (calls.count > 0 && text !== stored)
      await memory.change((current = NOBODY_CALLED) => ({ value: { ...current, news }, events: [] }));
    stored = text;
    const all = [...subjects.values()];
    return {
      atMs: calls.atMs,
      isCalled: all.some((each) => each.isCalled),
      isOver: all.every(({ seenAtMs }) => hasPassed(WHOLE_AFTER_MS, seenAtMs, clock)),
    };
  };
}

const hasPassed = (ms: number, sinceMs: number, { now, speed }: Clock): boolean => now() - sinceMs >= ms * speed;

const isPaused = ({ atMs, count }: Series, longestMs: number, clock: Clock): boolean =>
  count > 0 && !hasPassed(Math.min(longestMs, FIRST_PAUSE_MS * 2 ** (count - 1)), atMs, clock);

const oneMore = ({ atMs, count }: Series, longestMs: number, clock: Clock): Series => ({
  atMs: clock.now(),
  count: hasPassed(2 * longestMs, atMs, clock) ? 1 : count + 1,
});

function afterLook(before: Known, broken: ReadonlySet<string>, clock: Clock): Known {
  const subjects = afterSeeing(before, broken, clock);
  const news = [...broken].flatMap((name) => {
    const subject = subjects.get(name);
    return subject === undefined || subject.isCalled ? [] : [{ name, subject }];
  });
  const isDue = news.some(({ subject }) => !isPaused(subject, LONGEST_PAUSE_OF_ONE_MS, clock));
  if (!isDue || isPaused(before.calls, LONGEST_PAUSE_MS, clock)) return { ...before, subjects };
  for (const { name, subject } of news)
    subjects.set(name, { ...subject, ...oneMore(subject, LONGEST_PAUSE_OF_ONE_MS, clock), isCalled: true });
  return { ...before, calls: oneMore(before.calls, LONGEST_PAUSE_MS, clock), subjects };
}

/** Only what is whole, and was last called for before its series ended, is forgotten. */
function afterSeeing(
  { calls, subjects: before, unnamedUntilMs }: Known,
  broken: ReadonlySet<string>,
  clock: Clock,
): Map<string, Subject> {
  const nowMs = clock.now();
  const subjects = new Map<string, Subject>();
  for (const [name, subject] of before) {
    const isWhole = !broken.has(name) && hasPassed(WHOLE_AFTER_MS, subject.seenAtMs, clock);
    if (isWhole && hasPassed(2 * LONGEST_PAUSE_OF_ONE_MS, subject.atMs, clock)) continue;
    subjects.set(name, { ...subject, isCalled: subject.isCalled && !isWhole });
  }
  const fresh = nowMs < unnamedUntilMs ? { ...calls, isCalled: true } : { ...NO_CALL, isCalled: false };
  for (const name of broken) subjects.set(name, { ...(subjects.get(name) ?? fresh), seenAtMs: nowMs });
  return subjects;
}

/** What was broken when the process before this one stopped is taken for broken while this one has not tried as often. */
function knownFrom(news: News | undefined, clock: Clock): Known {
  const triedAtMs = clock.now() + FAILS_WITHIN_MS * clock.speed;
  if (news === undefined) return { calls: NO_CALL, subjects: new Map(), unnamedUntilMs: Number.NEGATIVE_INFINITY };
  const { atMs, count, about, isCut } = news;
  return {
    calls: { atMs, count },
    subjects: new Map(
      about.map(({ what, isCalled, ...series }) => [
        what,
        { ...series, isCalled, seenAtMs: isCalled ? triedAtMs : Number.NEGATIVE_INFINITY },
      ]),
    ),
    unnamedUntilMs: isCut ? triedAtMs : Number.NEGATIVE_INFINITY,
  };
}

/** What is broken goes first. */
function newsOf({ calls, subjects }: Known): News {
  const called = [...subjects].filter(([, { count }]) => count > 0);
  const about = called
    .toSorted(([, one], [, other]) => Number(other.isCalled) - Number(one.isCalled) || other.atMs - one.atMs)
    .slice(0, MOST_STORED)
    .map(([what, { atMs, count, isCalled }]) => ({ what, atMs, count, isCalled }));
  return { ...calls, about, isCut: called.filter(([, { isCalled }]) => isCalled).length > about.length };
}
