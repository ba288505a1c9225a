/** What a look at the world right before a step says of the keys. */
export interface SecondLook {
  /** Why they no longer hold, in words; empty when they do. */
  readonly voids: readonly string[];
  /** What ends by itself and is waited for a little, in words: the keys do not hold for it where it lasts. */
  readonly passing: readonly string[];
}

export const voidedBy = (voids: readonly string[]): SecondLook => ({ voids, passing: [] });
