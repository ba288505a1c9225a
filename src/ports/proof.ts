import type { ProofAbout, Proven } from "../domain/proof.ts";

/**
 * One thing that TwoKey stands on, shown by a harmless call: it pages nobody and leaves nothing behind. Each kind of thing
 * outside brings its own; start, the hourly look, `twokey doctor`, `/readyz`, the board and the plans walk one list of them.
 */
export interface Proof extends ProofAbout {
  /** World time between two looks while it holds; absent: an hour. */
  readonly everyMs?: number;
  /** Somebody else tells people of it: the guards of ledger and store do so by pages of their own. */
  readonly isToldElsewhere?: boolean;
  /** People are woken where it is wrong, though neither alerts nor pages are lost. */
  readonly wakes?: boolean;
  /** Never says ok of what was not answered. What it throws counts as no answer. */
  prove(signal: AbortSignal): Promise<Proven>;
}

/** What follows once a variable was set. */
export const RESTART = "and restart TwoKey. Where a file holds it, no restart is needed.";

export const OK = { kind: "ok" } as const satisfies Proven;
