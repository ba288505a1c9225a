/** One time that something is wrong which comes and goes by itself: each time is one of its own (0090). */
export interface Outbreak {
  /** World time of the entry that says so. */
  readonly beganMs: number;
  readonly isOver: boolean;
  /** World times from which on the newest of this kind are told in the room, this one last. */
  readonly toldMs: readonly number[];
}
/** By what is wrong: the newest of each. */
export type Outbreaks = Readonly<Record<string, Outbreak>>;

/** Of one kind so many begin to be told, and to ring, within this world time. */
export const MOST_BEGUN = 3;
export const WITHIN_MS = 15 * 60_000;

/** Known so far, and wrong after another entry. */
export function outbreaksWith(before: Outbreaks, wrong: readonly string[], atMs: number): Outbreaks {
  const over = Object.entries(before).map(([name, outbreak]) => [name, { ...outbreak, isOver: true }] as const);
  const now = wrong.map((name) => [name, goingOn(before[name], atMs)] as const);
  return Object.fromEntries([...over, ...now]);
}

function goingOn(before: Outbreak | undefined, atMs: number): Outbreak {
  if (before !== undefined && !before.isOver) return before;
  // What ended while it was held back was not told.
  const told = (before?.toldMs ?? []).filter((each) => each <= atMs);
  const fromMs = Math.max(atMs, (told.at(-MOST_BEGUN) ?? Number.NEGATIVE_INFINITY) + WITHIN_MS);
  return { beganMs: atMs, isOver: false, toldMs: [...told.slice(1 - MOST_BEGUN), fromMs] };
}

/** The room hears of it: at once, or when there is room again after others of its kind. */
export function isTold(outbreak: Outbreak | undefined, nowMs: number): boolean {
  const fromMs = outbreak?.toldMs.at(-1);
  return fromMs === undefined || fromMs === outbreak?.beganMs || nowMs >= fromMs;
}
