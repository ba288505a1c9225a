import { sayDuration } from "../duration.ts";
import { isOpenAgain } from "./fence.ts";
import { type Freeze, sayFrozen } from "./freeze.ts";
import { whyNotOurs } from "./not-ours.ts";
import { planDigest } from "./plan.ts";
import type { RunState, RunStateName } from "./run.ts";
import type { Authorised } from "./run-entry.ts";
import { sayState } from "./state-words.ts";

/**
 * May a call that changes the cloud leave now? (G18) One table for steps, undo, retry and fence on return; asked when an intent is
 * written, and again right before each call leaves.
 */
export interface Question {
  readonly run: RunState;
  readonly nowMs: number;
  /** Somebody stopped every change of this installation. */
  readonly freeze: Freeze | undefined;
  /** Of a call that has no way back, where the old side was shown to be fenced; absent: nothing of the kind is asked. */
  readonly fenced?: FenceShown;
}

export interface FenceShown {
  /** World time right before it was asked for last; undefined: this process has not asked yet. */
  readonly atMs: number | undefined;
  readonly countsForMs: number;
}

export type AuthorityRefusal =
  | "frozen"
  | "not-live"
  | "ended"
  | "plan-changed"
  | "journal-not-ours"
  | "key-not-authentic"
  | "keys-missing"
  | typeof FENCE_PROOF_OLD;

/** The only refusal that says nothing of what people signed: it is proven again, and the call is tried again. */
export const FENCE_PROOF_OLD = "fence-proof-old";

export type Authority =
  | ({ readonly may: true } & Authorised)
  | { readonly may: false; readonly code: AuthorityRefusal; readonly why: string };

/** States in which something may still be asked of the cloud. */
const LIVE: readonly RunStateName[] = ["running", "paused", "stopped", "unwinding", "verified"];

type Check = (question: Question, digest: string) => readonly [AuthorityRefusal, string] | undefined;

/** Deleting any line fails a test that names it. */
const CHECKS: readonly Check[] = [
  ({ freeze }) => freeze && ["frozen", sayFrozen(freeze)],
  ({ run }) =>
    LIVE.includes(run.state) && run.startedAtMs !== undefined
      ? undefined
      : ["not-live", `run ${run.plan.id} is ${sayState(run.state)}: nothing is asked of the cloud for it`],
  ({ run, nowMs }) =>
    nowMs < run.untilMs
      ? undefined
      : [
          "ended",
          `the end date of the signed plan is over. What is left is done by people: /dr by-hand ${run.plan.id}`,
        ],
  ({ run }, digest) =>
    digest === run.digest ? undefined : ["plan-changed", "the stored plan is not the one that people signed"],
  ({ run }) => {
    const why = whyNotOurs(run);
    return why === undefined ? undefined : ["journal-not-ours", why];
  },
  ({ run }, digest) => {
    const other = run.keys.find((key) => key.digest !== digest);
    return other && ["key-not-authentic", `the key of ${other.by} was not turned on this plan`];
  },
  ({ run: { keys, plan } }) => {
    const people = new Set(keys.map(({ by }) => by));
    people.delete(plan.requester);
    return people.size >= plan.keysRequired
      ? undefined
      : ["keys-missing", `it has the keys of ${people.size} people, and needs ${plan.keysRequired}`];
  },
  ({ run, fenced }) =>
    fenced && isOpenAgain(run)
      ? [FENCE_PROOF_OLD, `the proof is too old: ${run.plan.from} was seen open since, and is fenced again first`]
      : undefined,
  ({ run: { plan }, nowMs, fenced }) => {
    if (!fenced || (fenced.atMs !== undefined && nowMs - fenced.atMs <= fenced.countsForMs)) return undefined;
    const age = fenced.atMs === undefined ? "not shown yet" : `shown ${sayDuration(nowMs - fenced.atMs)} ago`;
    return [FENCE_PROOF_OLD, `the proof is too old: that ${plan.from} is fenced was ${age}`];
  },
];

export function authorityOf(question: Question): Authority {
  const { run } = question;
  // Anew each time: what counts is the plan that is about to be acted on, not what was once said of it.
  const digest = planDigest(run.plan);
  for (const check of CHECKS) {
    const refused = check(question, digest);
    if (refused) return { may: false, code: refused[0], why: refused[1] };
  }
  return { may: true, keys: run.keys.map(({ by }) => by), untilMs: run.untilMs };
}
