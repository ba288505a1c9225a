import type { RunState } from "../domain/plan-run/run.ts";
import type { Captured } from "../domain/plan-run/run-entry.ts";

export interface OldSideLooking {
  readonly signal: AbortSignal;
  /** Moves of ours that began since and of which something is left: how they left its new side is nothing that people did. */
  readonly later?: readonly RunState[];
  /**
   * Machine time for each part of it by itself, where users wait for the look: one slow control plane makes nothing else unknown.
   * What takes longer counts as silent. Absent: however long it takes.
   */
  readonly partWithinMs?: number;
}

/** What a look at the old side of a run found, as the watch needs it. */
export type OldSide =
  /** Nothing of it gives an answer: left alone. */
  | { readonly kind: "silent" }
  /** People sent the service back there; taking it away from its users is no longer ours to do. */
  | { readonly kind: "moved-back"; readonly why: string }
  | {
      readonly kind: "back";
      /** What stands there now of all that can be read, for undo. */
      readonly captured: Captured;
      /** Resources of it that are seen open, whatever of the rest can be seen. */
      readonly open: readonly string[];
      /** Resources of it that are seen closed. */
      readonly closed: readonly string[];
      /** Parts of it that give no answer yet: left alone, each by itself. */
      readonly silent: readonly string[];
      /** Parts of it that answer, and that nobody may read. */
      readonly refused: readonly string[];
      /** Stores among both, each with why nobody can see whether it is closed. */
      readonly unseen: Readonly<Record<string, string>>;
    };

/** Nothing of all that answers is left to be closed or stopped. */
export const isAllClosed = ({ open, refused }: Extract<OldSide, { kind: "back" }>): boolean =>
  open.length === 0 && refused.length === 0;
