import { OutcomeUnknown, StepFailed, TransientError } from "../../domain/errors.ts";
import { FenceOutput, fenceOf, inputOf, isOpenAgain, lastAsked } from "../../domain/plan-run/fence.ts";
import type { PlannedStep } from "../../domain/plan-run/plan.ts";
import type { RunState, StepState } from "../../domain/plan-run/run.ts";
import type { OldSide } from "../../ports/old-side.ts";
import type { LookContext, Verdict } from "../../ports/step.ts";
import { definitionOf, LOOKS_ONLY, type WatchDeps } from "./executor-deps.ts";

/**
 * A proof is as old as it says (G20). That the old side is fenced is proven again right before the point of no return and
 * before a run counts as verified, and looked at from then on until the signed plan's end date.
 */
const TRIES = 5;
/** World time between two tries. */
const TRY_EVERY_MS = 2_000;

/** `isSeenClosed`: all of it was seen closed; otherwise people accepted that some of it gives no answer. */
export type Proof = { readonly holds: true; readonly isSeenClosed: boolean } | NoProof;
/**
 * `isRefuted`: it was seen open, or a write to succeed there; `open`: what of it, where that is known; `letsIn`: to new sessions, and
 * not only to who was inside. `isUnderWay`: what is missing ends by itself. Otherwise nobody could tell.
 */
export interface NoProof {
  readonly holds: false;
  readonly isRefuted: boolean;
  readonly open: readonly string[];
  readonly letsIn: boolean;
  readonly isUnderWay: boolean;
  readonly says: string;
}

/** Asks once whether what fenced the old side still keeps it from writing. Errors: those of the store only. */
export async function proofOf(run: RunState, deps: WatchDeps, signal: AbortSignal): Promise<Proof> {
  const fence = fenceOf(run);
  if (!fence) return { holds: true, isSeenClosed: false };
  if (isOpenAgain(run))
    return {
      ...{ holds: false, isRefuted: true, open: [], letsIn: true, isUnderWay: false },
      says: "it stands open, and is being fenced again",
    };
  const data = lastAsked(run);
  if (data === undefined)
    return {
      ...{ holds: false, isRefuted: false, open: [], letsIn: false, isUnderWay: false },
      says: "nothing has fenced it yet",
    };
  const askedAtMs = deps.clock.now();
  const verdict = await verdictOf(run, fence, { deps, signal, data });
  if (verdict.done) {
    const isSeen = isSeenClosed(verdict.output);
    if (isSeen) deps.guard.sawClosed(run.plan.id, askedAtMs);
    deps.guard.proved(run.plan.id, askedAtMs);
    return { holds: true, isSeenClosed: isSeen };
  }
  const { says, refutes: open = [], letsIn = false, isUnderWay = false } = verdict;
  return { holds: false, says, isRefuted: open.length > 0, open, letsIn, isUnderWay };
}

/** What people accepted as unseen was not seen. */
function isSeenClosed(output: unknown): boolean {
  const { data } = FenceOutput.safeParse(output);
  return data?.fence === "fenced" || data?.fence === "closed";
}

/** The same, asked again while nobody can tell. */
export async function proofInTime(run: RunState, deps: WatchDeps, signal: AbortSignal): Promise<Proof> {
  for (let tries = 1; ; tries += 1) {
    const proof = await proofOf(run, deps, signal);
    if (proof.holds || proof.isRefuted || proof.isUnderWay || tries === TRIES) return proof;
    await deps.clock.sleep(TRY_EVERY_MS, signal);
  }
}

/** Machine time that users wait for a look at each part of an old side that may be silent. */
const PART_WITHIN_MS = 2_000;

export const lookedInTime = (run: RunState, deps: WatchDeps, signal: AbortSignal): Promise<OldSide> =>
  deps.oldSide(run, { signal, partWithinMs: PART_WITHIN_MS });

interface Asking {
  readonly deps: WatchDeps;
  readonly signal: AbortSignal;
  readonly data: StepState["data"];
}

async function verdictOf(run: RunState, fence: PlannedStep, { deps, signal, data }: Asking): Promise<Verdict> {
  const held = { run: run.plan.id, epoch: run.epoch };
  const context: LookContext = { cloud: deps.cloud, signal, hold: held, ...LOOKS_ONLY };
  try {
    return await definitionOf(deps, run.plan, fence.id).verify(inputOf(run, fence), data, context);
  } catch (error) {
    const isAnswer = [StepFailed, TransientError, OutcomeUnknown].some((kind) => error instanceof kind);
    if (!isAnswer || !(error instanceof Error)) throw error;
    return { done: false, says: error.message };
  }
}
