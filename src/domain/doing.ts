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
}

/** Something that failed too often. */
export interface BrokenThing extends Doing {
  /** The chain of causes of the last time. */
  readonly why: string;
  /** World time: since it failed too often. */
  readonly sinceMs: number;
}
