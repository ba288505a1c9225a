/** Groups that an occasion calls. All of them at once; their order is that of the names in the call. */
export type Group = "matrix" | "approvers" | "approvers-left" | "holders" | "commanders" | "requester";

export interface Occasion {
  /** Whom it calls. `matrix`: whoever the escalation matrix of the incident's severity names, rung by rung. */
  readonly who: readonly Group[];
  /** Called where `who` is nobody. */
  readonly otherwise?: Group;
  /** May use the reserved part of the pager's budget. What never may is a warning at the pager, and wakes nobody there. */
  readonly urgent: "sev1" | "always" | "never";
  /** When they are called again: by the matrix, every `approvals.page_again_every`, or never. */
  readonly again: "matrix" | "page_again_every" | "never";
  /**
   * World time before a call that was not accepted is made again: doubled each time, up to the longest. A pager that says
   * when to come again is never asked earlier.
   */
  readonly backOff: { readonly firstMs: number; readonly longestMs: number };
  /** World time after which it ends by itself: there is nothing to decide. */
  readonly lastsMs?: number;
  /** What ends it, in words. */
  readonly ends: string;
}

export const AGAIN_SOON = { firstMs: 2_000, longestMs: 60_000 } as const;
const RUN_WAITS = { urgent: "always", again: "page_again_every", backOff: AGAIN_SOON } as const;

/** Every occasion on which people are called. The only place that says who is called about what, and how often. */
export const OCCASIONS = {
  incident: {
    ...{ who: ["matrix"], urgent: "sev1", again: "matrix" },
    // A refused trigger may be a setting that somebody mends; each rung has the duties' own back-off besides.
    backOff: { firstMs: 60_000, longestMs: 60_000 },
    ends: "somebody acknowledges, or the incident is closed",
  },
  keys: { ...RUN_WAITS, who: ["approvers-left"], ends: "the keys are complete, or the plan takes no more" },
  voided: { ...RUN_WAITS, who: ["holders", "commanders"], ends: "somebody decides about the run" },
  stopped: { ...RUN_WAITS, who: ["commanders", "holders", "requester"], ends: "somebody decides about the run" },
  stuck: { ...RUN_WAITS, who: ["commanders", "holders", "requester"], ends: "somebody decides about the run" },
  unwound: {
    ...{ who: ["holders", "requester"], otherwise: "commanders", urgent: "never", again: "never" },
    ...{ backOff: AGAIN_SOON, lastsMs: 3_600_000, ends: "an hour has passed" },
  },
  "held-up": {
    ...{ ...RUN_WAITS, who: ["commanders", "holders", "requester"] },
    ends: "the vendor takes the call, or it is done in another way",
  },
  "cut-off": {
    ...{ ...RUN_WAITS, who: ["commanders", "holders", "requester"] },
    ends: "a process that reaches somebody outside performs the run",
  },
  "old-side": { ...RUN_WAITS, who: ["commanders", "holders"], ends: "the old side is fenced, or its watch has ended" },
  ending: { ...RUN_WAITS, who: ["approvers"], ends: "two approvers extend the run, or its end date is over" },
  // What ends is only the guard over a side that is closed: nobody is woken for that.
  "guard-ending": {
    ...{ who: ["approvers"], urgent: "never", again: "never", backOff: AGAIN_SOON },
    ends: "two approvers extend the run, or its end date is over",
  },
  "store-lost": {
    ...{ who: ["commanders"], urgent: "always", again: "never", backOff: AGAIN_SOON },
    ends: "the store and the ledgers agree again",
  },
  "store-full": {
    ...{ who: ["commanders"], urgent: "always", again: "never", backOff: AGAIN_SOON },
    ends: "Redis has room again",
  },
  "store-away": {
    ...{ who: ["commanders"], urgent: "always", again: "never", backOff: AGAIN_SOON },
    ends: "Redis is back",
  },
  "slack-away": {
    ...{ who: ["commanders"], urgent: "always", again: "never", backOff: AGAIN_SOON },
    ends: "Slack takes messages again, or no incident and no run is open",
  },
  broken: {
    ...{ who: ["commanders"], urgent: "always", again: "never", backOff: AGAIN_SOON },
    ends: "nothing fails again and again any more",
  },
  // What is no incident is said in the alerts channel alone: while it is gone, an alert that pages nobody reaches nobody.
  unheard: {
    ...{ who: ["commanders"], urgent: "always", again: "never", backOff: AGAIN_SOON },
    ends: "Slack takes what is said in the alerts channel",
  },
  // Nobody is woken for what takes neither alerts nor pages away.
  degraded: {
    ...{ who: ["commanders"], urgent: "never", again: "never", backOff: AGAIN_SOON },
    ends: "each secret and setting is proven again",
  },
  "not-ready": {
    ...{ who: ["commanders"], urgent: "always", again: "never", backOff: AGAIN_SOON },
    ends: "each secret and setting is proven again",
  },
  "ledger-unwritable": {
    ...{ who: ["commanders"], urgent: "always", again: "never", backOff: AGAIN_SOON },
    ends: "the ledger can be written again",
  },
} as const satisfies Readonly<Record<string, Occasion>>;

export type OccasionName = keyof typeof OCCASIONS;

/** Whether a call may use the reserved part of the pager's budget. `severity`: of the incident, where it is about one. */
export function isUrgent(occasion: OccasionName, severity?: string): boolean {
  const { urgent } = OCCASIONS[occasion];
  return urgent === "always" || (urgent === "sev1" && severity === "sev1");
}

/** How long a call that failed this often in a row waits. */
export const backOffMs = (occasion: OccasionName, failures: number): number =>
  doubled(OCCASIONS[occasion].backOff, failures);

export const doubled = ({ firstMs, longestMs }: Occasion["backOff"], failures: number): number =>
  Math.min(longestMs, firstMs * 2 ** Math.min(Math.max(0, failures - 1), 10));
