import { sayTime } from "../../domain/duration.ts";
import {
  fenceOf,
  fenceSeen,
  isGuarded,
  isOpenAgain,
  isToStayFenced,
  isWatched,
  provenSinceFence,
} from "../../domain/plan-run/fence.ts";
import { type RunState, stateOf } from "../../domain/plan-run/run.ts";
import type { ExecutorDeps } from "./executor-deps.ts";
import { lookedInTime, proofInTime } from "./fence-guard.ts";
import type { RunHold } from "./journal.ts";
import type { KeptInSight } from "./kept-in-sight.ts";
import { isWaitedFor } from "./watch-due.ts";

/** Attempts of the fence before the promotion; a region that comes and goes holds it up no longer. */
const MOST_FENCE_ATTEMPTS = 3;
/** The same for what is proven of the new side. */
const MOST_PROOFS = 4;

export interface Proving {
  readonly hold: RunHold;
  readonly deps: ExecutorDeps;
  readonly signal: AbortSignal;
}

/**
 * X5, before a promotion: an old side that was dark and answers now, or was fenced and is open again, is fenced first, in the
 * order that people signed. True when the run has changed.
 */
export async function fencesAgain(proving: Proving, run: RunState, sight: KeptInSight): Promise<boolean> {
  const { hold, deps, signal } = proving;
  const fence = fenceOf(run);
  if (!fence) return false;
  const unproven = unprovenPromise(run);
  if (unproven !== undefined) return voided(proving, [unproven]);
  const { state, attempt } = stateOf(run, fence.id);
  if (state !== "done") return false;
  const isBlind = fenceSeen(run) === "cannot-know";
  if (isBlind && (attempt >= MOST_FENCE_ATTEMPTS || run.pastNoReturn)) return false;
  const proof = isBlind ? undefined : await proofInTime(run, deps, signal);
  if (proof?.holds) return provesAgain(proving, run, sight);
  // Past the point of no return the watch fences, and people have to look before anything more is promoted.
  if (proof && run.pastNoReturn)
    return voided(proving, [`${run.plan.from} is not proven to be fenced any more: ${proof.says}`]);
  const looked = await lookedInTime(run, deps, signal);
  if (proof && (looked.kind !== "back" || looked.isClosed || attempt >= MOST_FENCE_ATTEMPTS))
    return voided(proving, [`${run.plan.from} was fenced, and nobody can prove it now: ${proof.says}`]);
  if (looked.kind !== "back" || isWaitedFor(looked)) return false;
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

/** G19: what the promise to lose nothing rests on was skipped. Who skips it agrees to no loss: people sign another plan for that. */
function unprovenPromise(run: RunState): string | undefined {
  const skipped = run.plan.steps.find(
    ({ id, role }) => (role === "protects" || role === "proves") && stateOf(run, id).state === "skipped",
  );
  if (!skipped || !isToStayFenced(run)) return undefined;
  return `this plan promises to lose nothing, and “${skipped.title}” was skipped: what is lost then has to be signed in a new plan`;
}

/** X5, of a side that is closed now and may have been open since its fence: what was proven in between is proven again. */
async function provesAgain({ hold, deps, signal }: Proving, run: RunState, sight: KeptInSight): Promise<boolean> {
  const { from, to } = run.plan;
  const gap = sight.gapIn(run);
  const fence = fenceOf(run);
  const proven = provenSinceFence(run);
  if (!gap || !fence || proven.length === 0) return false;
  const nowMs = deps.clock.now();
  const since = gap.wasOpen
    ? `${from} was seen open after ${sayTime(gap.fromMs, nowMs)} and is closed again`
    : `Nobody looked at ${from} from ${sayTime(gap.fromMs, nowMs)} to ${sayTime(nowMs)}`;
  if (proven.some((id) => stateOf(run, id).attempt >= MOST_PROOFS))
    return voided({ hold, deps, signal }, [`${since}, so nobody can prove that ${to} has every commit of it`]);
  const told = { says: `${since}. That ${to} has every commit is proven again` };
  const entered = await hold.append((now) =>
    now.state === "running" && isToStayFenced(now)
      ? {
          entry: { kind: "prove-again", atMs: nowMs, step: fence.id, epoch: hold.epoch, fromMs: gap.fromMs },
          told,
        }
      : undefined,
  );
  if (entered) await hold.note(entered);
  return true;
}

/**
 * X5, at the end. An old side that stands open again is fenced first, by the watch; meanwhile people have been called. While
 * nobody can tell whether a write succeeds, and everything that answers is closed, it stays as it was proven.
 */
export async function standsFenced(proving: Proving, run: RunState): Promise<boolean> {
  const { hold, deps, signal } = proving;
  const fence = fenceOf(run);
  if (!fence) return true;
  if (run.watch.state === "ended") return !(await endedOpen(proving, run));
  if (isWatched(run)) return !isOpenAgain(run);
  if (!isGuarded(run)) return true;
  const proof = await proofInTime(run, deps, signal);
  if (proof.holds) return true;
  const looked = proof.isRefuted ? undefined : await lookedInTime(run, deps, signal);
  if (!proof.isRefuted && (looked?.kind !== "back" || looked.isClosed)) return true;
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

/** Nobody may fence it any more, and nobody decided that it stays open: people look at it before the run counts as anything. */
async function endedOpen(proving: Proving, run: RunState): Promise<boolean> {
  if (run.watch.lostAtMs === undefined || proving.deps.clock.now() < run.untilMs) return false;
  return voided(proving, [`the end date of the plan is over, and ${run.plan.from} was opened by somebody before it`]);
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
