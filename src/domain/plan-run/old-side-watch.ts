/**
 * The watch over an old side that could not be fenced.
 *
 *   waiting ──it answers again──▶ intended ──▶ asked ──a write fails there──▶ fenced
 *      │                           ▲  └─▶ failed ─┐ (again after a while)
 *      │                           └──────────────┘
 *      │◀── it takes writes again ── fenced (by the step, or later)
 *      └── the plan's end date, people moved back, a run of ours makes it the writer, two approvers ──▶ ended
 */
export interface Watch {
  readonly state: "waiting" | "intended" | "asked" | "failed" | "fenced" | "ended";
  /** How often fencing was begun, and when last. */
  readonly tries: number;
  readonly triedAtMs: number | undefined;
  /** Parts that gave no answer at the last try, so that nothing was asked of them. */
  readonly leftAlone: readonly string[];
  /** What the fence step said about the call of the newest try; undefined: that has asked for nothing yet. */
  readonly data: Readonly<Record<string, unknown>> | undefined;
  /** How it was fenced, why the newest failed try failed, or why the watch ended. */
  readonly says: string;
  /** When it was fenced, or when the watch ended. */
  readonly endedAtMs: number | undefined;
  /** When it was last seen to take writes again, or to stand open, after it had been fenced. */
  readonly lostAtMs: number | undefined;
  /** When it was last seen closed before that: what it took in between is not on the new side. */
  readonly seenClosedMs: number | undefined;
  /** The same before the first time that it was lost: what is lost counts from there. */
  readonly lostFromMs: number | undefined;
  /** Since when TwoKey itself cannot look, and why. */
  readonly blind: { readonly why: string; readonly sinceMs: number } | undefined;
  /** The plan's end date came before the promotion: nobody looks any more. */
  readonly sightEnded: boolean;
  /** Since when nobody looked for a while after the promotion, the first time; others may have opened it and closed it again. */
  readonly unseenSinceMs: number | undefined;
  /** Ids of our own runs that moved the service on since, the oldest first: also of those that nobody looks after any more. */
  readonly laterMoves: readonly string[];
}

export const UNWATCHED: Watch = {
  ...{ state: "waiting", tries: 0, triedAtMs: undefined, leftAlone: [], data: undefined, says: "" },
  ...{ endedAtMs: undefined, lostAtMs: undefined, seenClosedMs: undefined, lostFromMs: undefined },
  ...{ blind: undefined, sightEnded: false, unseenSinceMs: undefined, laterMoves: [] },
};

/** From when on writes may be lost, where it was opened before its newest opening as well. */
export const lostBeforeMs = ({ lostFromMs, seenClosedMs }: Watch): number | undefined =>
  lostFromMs === seenClosedMs ? undefined : lostFromMs;
