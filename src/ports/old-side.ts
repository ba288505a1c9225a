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
      /** What stands there now of all that answers, for undo. Undefined where reading is refused, though the region answers. */
      readonly captured: Captured | undefined;
      /** Nothing of all that answers is left to be closed or stopped. */
      readonly isClosed: boolean;
      /** Resources of it that are seen closed. */
      readonly closed: readonly string[];
      /** Parts of it that give no answer yet: left alone, each by itself. */
      readonly silent: readonly string[];
    };
