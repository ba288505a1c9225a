/** One time that something is wrong which comes and goes by itself: each time is one of its own (0090). */
export interface Outbreak {
  /** World time of the entry that says so. */
  readonly beganMs: number;
  readonly isOver: boolean;
}
/** By what is wrong: the newest of each. */
export type Outbreaks = Readonly<Record<string, Outbreak>>;

/** Known so far, and wrong after another entry. */
export function outbreaksWith(before: Outbreaks, wrong: readonly string[], atMs: number): Outbreaks {
  const over = Object.entries(before).map(([name, { beganMs }]) => [name, { beganMs, isOver: true }] as const);
  const now = wrong.map((name) => [name, { beganMs: beginningOf(before[name], atMs), isOver: false }] as const);
  return Object.fromEntries([...over, ...now]);
}

const beginningOf = (before: Outbreak | undefined, atMs: number): number =>
  before === undefined || before.isOver ? atMs : before.beganMs;
