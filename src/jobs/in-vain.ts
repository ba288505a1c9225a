import { type BrokenThing, type Doing, sayRest } from "../domain/doing.ts";
import { chainOf } from "../domain/errors.ts";
import type { Clock } from "../ports/clock.ts";
import type { Logger } from "../ports/logger.ts";

/**
 * What fails again and again is neither repeated at full pace nor in silence (G22): it is said once, in the alerts channel and in the
 * room that it is about, and people are called (`looks/broken-guard.ts`). It is tried again, and what stands beside it goes on.
 */
const MOST_TRIES = 5;
/** Machine times. */
const FIRST_PAUSE_MS = 2_000;
const LONGEST_PAUSE_MS = 60_000;
/** What has not been tried for so long is owed no more, or somebody else does it: its pauses are shorter. */
const COUNTS_FOR_MS = 600_000;

const keyOf = ({ key, what }: Doing): string => key ?? what;

export interface InVainDeps {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Says it in the alerts channel, and in these rooms as well. */
  announce(says: string, rooms?: readonly string[]): Promise<void>;
  /** The room that it is about. */
  roomOf(doing: Doing): Promise<string | undefined>;
}

/** Of this process: what failed in a row. Nothing here rejects. */
export interface InVain {
  /** Does it, unless it failed too often and its pause is not over yet. */
  attempt(doing: Doing, work: () => Promise<void>): Promise<void>;
  failed(doing: Doing, error: unknown): Promise<void>;
  succeeded(doing: Doing): void;
  /** What fails again and again now, oldest first. */
  broken(): readonly BrokenThing[];
}

interface Failures {
  readonly doing: Doing;
  readonly count: number;
  readonly why: string;
  readonly isTold: boolean;
  /** World times. */
  readonly lastAtMs: number;
  readonly againAtMs: number;
  readonly brokenAtMs: number | undefined;
}

export function createInVain(deps: InVainDeps): InVain {
  const { clock, logger } = deps;
  const failures = new Map<string, Failures>();

  const broken = () => [...failures.values()].flatMap((each) => brokenNow(each, clock)).toSorted(bySince);

  async function failed(doing: Doing, error: unknown): Promise<void> {
    const { what } = doing;
    const key = keyOf(doing);
    forgetOld(failures, clock);
    const before = failures.get(key);
    const next = oneMore(before, { doing, why: chainOf(error), atMs: clock.now(), speed: clock.speed });
    const { count, why } = next;
    logger.error({ what, why, count }, "Something failed and is tried again");
    const isSaid = [...failures.values()].some((each) => each.isTold && each.doing.what === what);
    failures.set(key, next);
    if (count < MOST_TRIES || next.isTold) return;
    // A failure that comes meanwhile finds it told.
    failures.set(key, { ...next, isTold: true });
    // Something else of the same words.
    if (isSaid) return;
    await tell(next, broken(), deps).catch((unsaid: unknown) => {
      logger.warn({ what, why: chainOf(unsaid) }, "It could not be said that something fails");
      const current = failures.get(key);
      if (current) failures.set(key, { ...current, isTold: false });
    });
  }

  return {
    failed,
    succeeded: (doing) => void failures.delete(keyOf(doing)),
    async attempt(doing, work) {
      if (clock.now() < (failures.get(keyOf(doing))?.againAtMs ?? 0)) return;
      try {
        await work();
        failures.delete(keyOf(doing));
      } catch (error) {
        await failed(doing, error);
      }
    },
    broken,
  };
}

function forgetOld(failures: Map<string, Failures>, { now, speed }: Clock): void {
  for (const [key, { lastAtMs }] of failures) if (now() >= lastAtMs + COUNTS_FOR_MS * speed) failures.delete(key);
}

interface Failing extends Pick<Failures, "doing" | "why"> {
  readonly atMs: number;
  readonly speed: number;
}

function oneMore(before: Failures | undefined, { doing, why, atMs, speed }: Failing): Failures {
  const count = (before?.count ?? 0) + 1;
  const pauseMs = count < MOST_TRIES ? 0 : Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (count - MOST_TRIES));
  return {
    ...{ doing, count, why, isTold: before?.isTold ?? false, lastAtMs: atMs, againAtMs: atMs + pauseMs * speed },
    brokenAtMs: before?.brokenAtMs ?? (count < MOST_TRIES ? undefined : atMs),
  };
}

function brokenNow({ doing, why, lastAtMs, brokenAtMs }: Failures, { now, speed }: Clock): BrokenThing[] {
  const isOver = now() >= lastAtMs + COUNTS_FOR_MS * speed;
  return brokenAtMs === undefined || isOver ? [] : [{ ...doing, why, sinceMs: brokenAtMs }];
}

const bySince = (one: BrokenThing, other: BrokenThing): number => one.sinceMs - other.sinceMs;

async function tell(
  { doing, why }: Failures,
  broken: readonly Doing[],
  { announce, roomOf }: InVainDeps,
): Promise<void> {
  const says = `TwoKey fails at this again and again: ${doing.what}. ${why.replace(/\.$/, "")}. It is tried again.`;
  // What cannot be read may be the very thing that says where its room is.
  const room = await roomOf(doing).catch(() => undefined);
  await announce([says, ...sayRest(broken)].join(" "), room === undefined ? [] : [room]);
}
