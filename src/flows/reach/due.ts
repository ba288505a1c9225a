import type { Person } from "../../domain/people/person.ts";
import type { Pager, Pagers } from "../../ports/pager.ts";
import { type Calls, isToWait } from "./calls.ts";
import { isToTell } from "./first-calls.ts";
import { OCCASIONS, type OccasionName } from "./occasions.ts";

/** A way that only tells, and whom. */
export interface Telling {
  /** Told apart from every other way, and from other people. */
  readonly way: string;
  readonly person: Person;
  /** Absent: a direct message in Slack. */
  readonly pager?: Pager;
}

export interface Due {
  readonly round: number;
  readonly rings: boolean;
  readonly untold: readonly Telling[];
}

interface Needed {
  readonly occasion: OccasionName;
  readonly reason: string;
  readonly people: readonly Person[];
  readonly now?: readonly string[];
}

interface Moment {
  readonly pagers: Pick<Pagers, "others">;
  readonly againMs: number;
  readonly nowMs: number;
  readonly directly?: unknown;
}

/**
 * What is to be done of which round; undefined: nothing. A round counts from its ring, or while no pager accepts from the newest way that
 * told, so that mail and direct messages go on then. A time in the future is of a clock that went back since: nobody waits for it, and
 * what rang then rings again as the same call.
 */
export function whatIsDue(before: Calls | undefined, need: Needed, moment: Moment): Due | undefined {
  const { againMs, nowMs } = moment;
  const same = before?.reason === need.reason ? before : undefined;
  if (isToWait(same, nowMs)) return undefined;
  const { pagedAtMs, toldAtMs } = same ?? {};
  const isRung = pagedAtMs !== undefined && pagedAtMs <= nowMs;
  const sinceMs = pagedAtMs ?? toldAtMs ?? nowMs;
  const isOver = nowMs >= sinceMs + againMs || (pagedAtMs === undefined && nowMs < sinceMs);
  const isAgain = OCCASIONS[need.occasion].again !== "never" && isOver;
  const round = (same?.round ?? 0) + (isAgain ? 1 : 0);
  const told = isAgain ? [] : (same?.told ?? []);
  const untold = waysTo(need.people, moment).filter(
    ({ way }) =>
      !told.includes(way) && (need.now === undefined || isToTell(need.now, round > 0, { way, before, nowMs })),
  );
  const rings = isAgain || !isRung;
  return rings || untold.length > 0 ? { round, rings, untold } : undefined;
}

function waysTo(people: readonly Person[], { pagers, directly }: Moment): readonly Telling[] {
  const byPager = pagers.others.flatMap((pager) =>
    people
      .filter((person) => pager.addressOf(person) !== undefined)
      .map((person) => ({ way: `${pager.name}:${person.id}`, person, pager })),
  );
  const direct = people.map((person) => ({ way: `direct:${person.id}`, person }));
  return directly === undefined ? byPager : [...byPager, ...direct];
}
