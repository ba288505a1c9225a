/** What people read of an act whose store was full, away or lost in the middle of it. */
export interface ActWords {
  /** It certainly did not happen. */
  readonly not: string;
  /** What stands all the same; absent: nothing was changed. */
  readonly stands?: string;
  /** What to do then. */
  readonly again: string;
  /** Completes “Nobody can say yet whether …”, which stands behind what stands all the same. */
  readonly whether: string;
  /** Where it can be seen. */
  readonly seen: string;
}

export const KEY_WORDS: ActWords = {
  not: "Your key does not count",
  again: "Press the button again in a moment.",
  whether: "your key counts",
  seen: "The plan card shows it in a moment.",
};

export const decisionWords = (decision: string, run: string): ActWords => ({
  not: `Your “${decision}” does not count`,
  again: "Say it again in a moment.",
  whether: `your “${decision}” counts`,
  seen: `The card of ${run} shows it in a moment.`,
});

export const PLAN_WORDS: ActWords = {
  not: "No plan was made",
  again: "Ask again in a moment.",
  whether: "the plan is kept",
  seen: "/dr status shows it in a moment.",
};

export const START_WORDS: ActWords = {
  not: "Nothing was started",
  again: "Ask again when that is mended.",
  whether: "it was started",
  seen: "/dr status shows it in a moment.",
};

export const DECLARE_WORDS: ActWords = {
  not: "Nothing was declared, and nobody is called",
  again: "Declare it again in a moment. If it is urgent, call people by telephone.",
  whether: "it was declared",
  seen: "If it was, its channel opens in a moment. If it is urgent, call people by telephone.",
};

export const ACK_WORDS: ActWords = {
  not: "Your acknowledgement does not count, and paging goes on",
  again: "Acknowledge again in a moment.",
  whether: "your acknowledgement counts",
  seen: "The incident's card shows it in a moment.",
};

export const SEVERITY_WORDS: ActWords = {
  not: "The severity is as before",
  again: "Change it again in a moment.",
  whether: "the severity is changed",
  seen: "The incident's card shows it in a moment.",
};

export const ESCALATE_WORDS: ActWords = {
  not: "Nobody more is paged",
  again: "Escalate again in a moment, or call people by telephone: /dr oncall shows you their numbers.",
  whether: "more people are paged",
  seen: "The incident's card shows it in a moment.",
};

export const UPDATE_WORDS: ActWords = {
  not: "Your update was not saved",
  again: "Write it again in a moment.",
  whether: "your update was saved",
  seen: "The incident's channel shows it in a moment.",
};

export const RESOLVE_WORDS: ActWords = {
  not: "The incident is not resolved",
  again: "Resolve it again in a moment.",
  whether: "the incident is resolved",
  seen: "The incident's card shows it in a moment.",
};

export const WAIT_WORDS: ActWords = {
  not: "Your decision to wait does not count",
  again: "Say it again in a moment.",
  whether: "your decision to wait counts",
  seen: "/dr status shows it in a moment.",
};

const BY_PROCESS = "To stop TwoKey now, stop each of its processes.";

export const FREEZE_WORDS: ActWords = {
  not: "Your “freeze” does not count, and stops nothing",
  again: `Say it again in a moment. ${BY_PROCESS}`,
  whether: "TwoKey is frozen",
  seen: `/dr status shows it in a moment. ${BY_PROCESS}`,
};

export const UNFREEZE_WORDS: ActWords = {
  not: "Your “unfreeze” does not count",
  again: "Say it again in a moment.",
  whether: "your “unfreeze” counts",
  seen: "/dr status shows whether TwoKey is frozen.",
};

/** Of the second step: enough approvers have said it, and that is kept. */
export const LIFT_WORDS: ActWords = {
  stands: "Your “unfreeze” counts.",
  not: "It has not lifted the freeze yet",
  again: "Say it again in a moment: it counts for 15 minutes.",
  whether: "the freeze is lifted",
  seen: "/dr status shows whether TwoKey is frozen.",
};

const ASK_TO_ACCEPT = "Ask again in a moment: /dr accept-store.";

export const RECOVERY_WORDS: ActWords = {
  not: "Nobody is asked to sign for this store",
  again: ASK_TO_ACCEPT,
  whether: "the approvers are asked to sign for this store",
  seen: ASK_TO_ACCEPT,
};

/** Of its cards: what is asked is kept. */
export const RECOVERY_SHOWN_WORDS: ActWords = {
  stands: "What you ask is kept.",
  not: "Not every approver is shown it",
  again: ASK_TO_ACCEPT,
  whether: "every approver is shown it",
  seen: ASK_TO_ACCEPT,
};

export const SIGNATURE_WORDS: ActWords = {
  not: "Your signature does not count",
  again: "Press the button again in a moment.",
  whether: "your signature counts",
  seen: "Press the button again in a moment: the answer says it.",
};

/** Of the cards: the signature counts, and that is kept. */
export const signedWords = (stands: string, isLast: boolean): ActWords => {
  const buttons = isLast ? "Their buttons change nothing any more." : "Their buttons work all the same.";
  return {
    stands,
    not: "The cards do not show it yet",
    again: buttons,
    whether: "the cards show it",
    seen: buttons,
  };
};

export const sayNotDone = ({ stands, not, again }: ActWords, why: string): string =>
  stands === undefined ? `${not}: ${why}. Nothing was changed. ${again}` : `${stands} ${not}: ${why}. ${again}`;
export const sayNotKnown = (
  { stands, whether, seen }: Pick<ActWords, "stands" | "whether" | "seen">,
  why: string,
): string => `${stands === undefined ? "" : `${stands} `}Nobody can say yet whether ${whether}: ${why}. ${seen}`;

export const anyActWords = (verb: string) => ({
  whether: `/dr ${verb} was done`,
  seen: "/dr status shows it in a moment.",
});

/** Of a button or a form that this version does not know. */
export const TOO_OLD =
  "This button or form is too old, or TwoKey does not know it. Nothing was changed. /dr status shows what can be done now.";

/** Whether somebody said it before cannot be told, so it was not begun. */
export const sayNotBegun = (verb: string): string =>
  [
    "TwoKey cannot reach its memory. Nothing was done; please try again.",
    ...(verb === "freeze" ? [BY_PROCESS] : []),
  ].join(" ");

export const sayStoreLost = (wrong: string): string =>
  `State lost: ${wrong}. TwoKey changes nothing. The way on: /dr accept-store.`;
