/** Something that TwoKey does again and again. */
export interface Doing {
  /** For people. */
  readonly what: string;
  /** Tells it from everything else, where its words do not. */
  readonly key?: string;
  /** Whose room hears of it. */
  readonly incident?: string;
  readonly run?: string;
  /** People are called where it goes on failing: an alarm, a page, a room or a run stands still. */
  readonly wakes: boolean;
  /** All that is due later rests on it. */
  readonly isForAll?: true;
}

/** What becomes of everything else while these fail; nothing, where that cannot be said in a few words. */
export function sayRest(failing: readonly Doing[]): string[] {
  if (failing.some(({ isForAll }) => isForAll))
    return ["Pages, status updates and runs may be late: look at open incidents and runs yourself."];
  return failing.length === 1 ? ["Everything else goes on."] : [];
}

/** Something that failed too often. */
export interface BrokenThing extends Doing {
  /** The chain of causes of the last time. */
  readonly why: string;
  /** World time: since it failed too often. */
  readonly sinceMs: number;
}
