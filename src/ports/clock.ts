/** World time, shared by all processes: `anchor + speed × elapsed`. Production runs at speed 1. */
export interface Clock {
  /** World time now, epoch milliseconds. */
  readonly now: () => number;
  readonly speed: number;
  /** Resolves after that much world time, or rejects with the signal's reason. Jumps of the clock end it early. */
  readonly sleep: (worldMs: number, signal?: AbortSignal) => Promise<void>;
}

/** The same where it meets a vendor that stamps with its own clock. */
export interface StampedClock extends Clock {
  /** Machine time, epoch milliseconds, of a world time. */
  readonly toMachineMs: (worldMs: number) => number;
}
