import { fenceOf, fenceSeen, isGuarded, isWatched } from "../../domain/plan-run/fence.ts";
import { type RunState, stateOf } from "../../domain/plan-run/run.ts";
import type { OldSide } from "../../ports/old-side.ts";
import type { ExecutorDeps } from "./executor-deps.ts";
import { proofInTime } from "./fence-guard.ts";
import type { RunHold } from "./journal.ts";
import { isWaitedFor } from "./watch-due.ts";

/** Machine time that a promotion waits for an old side that was dark. */
const LOOK_AGAIN_WITHIN_MS = 2_000;
/** Attempts of the fence before the promotion; a region that comes and goes holds it up no longer. */
const MOST_FENCE_ATTEMPTS = 3;

export interface Proving {
  readonly hold: RunHold;
  readonly deps: ExecutorDeps;
  readonly signal: AbortSignal;
}

/**
 * X5, before it: an old side that was dark and answers now, or was fenced and is open again, is fenced first, in the order
 * that people signed. True when the run has changed.
 */
export async function fencesAgain(proving: Proving, run: RunState): Promise<boolean> {
  const { hold, deps, signal } = proving;
  const fence = fenceOf(run);
  if (!fence) return false;
  const { state, attempt } = stateOf(run, fence.id);
  if (state !== "done") return false;
  const isBlind = fenceSeen(run) === "cannot-know";
  if (isBlind && attempt >= MOST_FENCE_ATTEMPTS) return false;
  const proof = isBlind ? undefined : await proofInTime(run, deps, signal);
  if (proof?.holds) return false;
  const looked = await lookedInTime(proving, run);
  if (proof && (looked?.kind !== "back" || looked.isClosed || attempt >= MOST_FENCE_ATTEMPTS))
    return voided(proving, [`${run.plan.from} was fenced, and nobody can prove it now: ${proof.says}`]);
  if (looked?.kind !== "back" || isWaitedFor(looked)) return false;
  const seen = looked.captured && { captured: { ...looked.captured } };
  const entered = await hold.append((now) =>
    now.state === "running" && !now.pastNoReturn
      ? {
          entry: {
            kind: "fence-again",
            atMs: deps.clock.now(),
            step: fence.id,
            epoch: hold.epoch,
            ...seen,
          },
          told: {
            says: proof
              ? `${run.plan.from} was fenced and stands open again before the promotion: it is fenced first`
              : `${run.plan.from} answers again before the promotion: it is fenced first`,
          },
        }
      : undefined,
  );
  if (entered) await hold.note(entered);
  return true;
}

async function lookedInTime({ deps, signal }: Proving, run: RunState): Promise<OldSide | undefined> {
  const patience = AbortSignal.timeout(LOOK_AGAIN_WITHIN_MS);
  try {
    return await deps.oldSide(run, AbortSignal.any([signal, patience]));
  } catch (error) {
    if (signal.aborted || !patience.aborted) throw error;
    return undefined;
  }
}

/**
 * X5, at the end. An old side that stands open again is fenced first, by the watch; meanwhile people have been called. One
 * that gives no answer stays as it was proven: it went silent after it had been closed.
 */
export async function standsFenced(proving: Proving, run: RunState): Promise<boolean> {
  const { hold, deps, signal } = proving;
  const fence = fenceOf(run);
  if (!fence || run.watch.state === "ended") return true;
  if (isWatched(run)) return run.watch.lostAtMs === undefined;
  if (!isGuarded(run)) return true;
  const proof = await proofInTime(run, deps, signal);
  if (proof.holds) return true;
  const looked = proof.isRefuted ? undefined : await lookedInTime(proving, run);
  // What gives no answer stays as it was proven; what answers has to be closed.
  if (!proof.isRefuted && (looked?.kind !== "back" || isWaitedFor(looked))) return true;
  const says = `${run.plan.from} was fenced and is not proven to be any more: ${proof.says}`;
  const lost = await hold.append((now) =>
    isGuarded(now)
      ? {
          entry: {
            kind: "fence-lost",
            atMs: deps.clock.now(),
            step: fence.id,
            epoch: hold.epoch,
            why: proof.says,
          },
          told: { says },
        }
      : undefined,
  );
  if (lost) await hold.note(lost);
  return false;
}

/** The keys hold no longer: the run is paused, and people decide. */
export async function voided({ hold, deps }: Proving, why: readonly string[]): Promise<true> {
  await hold.append((now) =>
    now.state === "running"
      ? {
          entry: { kind: "voided", atMs: deps.clock.now(), because: "facts", why: [...why] },
          told: { says: `The facts behind the plan changed: ${why.join("; ")}` },
        }
      : undefined,
  );
  return true;
}
