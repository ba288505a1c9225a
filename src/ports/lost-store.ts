import type { Event } from "../domain/event.ts";
import type { Recovery, Testimony } from "../domain/plan-run/recovery.ts";
import type { RunState } from "../domain/plan-run/run.ts";
import type { RunEntry } from "../domain/plan-run/run-entry.ts";

/** One process's ledger against the store that all share (G17). */
export interface LostStore {
  /**
   * Writes down what the other processes have done since, so that this ledger too recognises a store that lost it; lays down
   * its testimony where the store is lost; notes who signed once it counts again.
   */
  keepUp(): Promise<void>;
  /** Undefined: the store and all ledgers agree. */
  disagreement(): Promise<string | undefined>;
  /** What no accepted recovery covers yet. */
  testimonies(): Promise<readonly Testimony[]>;
}

export interface Ended {
  readonly run: RunState;
  readonly entry: RunEntry;
}

/** What changes in the same atomic step. */
export interface WithRecovery {
  readonly events: readonly Event[];
  /** Present once the recovery is accepted: every run that is open. */
  readonly ends?: readonly Ended[] | undefined;
  /** Those of them of which nothing stands in the store but that they are open. */
  readonly gone?: readonly string[];
}

/** The newest recovery; written by compare-and-set, its events and the runs it ends in the same atomic step. */
export interface Recoveries {
  read(): Promise<{ readonly value: Recovery | undefined; readonly revision: number }>;
  /** False: somebody was faster, or another run is open than those that it ends. */
  write(revision: number, value: Recovery, together: WithRecovery): Promise<boolean>;
}
