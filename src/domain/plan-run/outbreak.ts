/** One time that something is wrong which comes and goes by itself. World times of the entries that say so. */
export interface Outbreak {
  readonly beganMs: number;
  /** Undefined: it goes on. */
  readonly endedMs: number | undefined;
}
/** By what is wrong: the newest of each. */
export type Outbreaks = Readonly<Record<string, Outbreak>>;

/** World time. What is wrong again sooner than this after its end is the same outbreak: what flaps rings no more often than what stays (0090). */
export const SAME_OUTBREAK_MS = 5 * 60_000;

/** Known so far, and wrong after another entry. */
export function outbreaksWith(before: Outbreaks, wrong: readonly string[], atMs: number): Outbreaks {
  const over = Object.entries(before).filter(([name, { endedMs }]) => endedMs === undefined && !wrong.includes(name));
  const begun = wrong.filter((name) => before[name] === undefined || before[name].endedMs !== undefined);
  if (over.length === 0 && begun.length === 0) return before;
  return {
    ...before,
    ...Object.fromEntries(over.map(([name, outbreak]) => [name, { ...outbreak, endedMs: atMs }])),
    ...Object.fromEntries(
      begun.map((name) => [name, { beganMs: beginningOf(before[name], atMs), endedMs: undefined }]),
    ),
  };
}

const beginningOf = (before: Outbreak | undefined, atMs: number): number =>
  before?.endedMs !== undefined && atMs - before.endedMs < SAME_OUTBREAK_MS ? before.beganMs : atMs;
