import { sayTime } from "../../domain/duration.ts";
import { isToStayFenced } from "../../domain/plan-run/before-promotion.ts";
import {
  endedIn,
  fenceOf,
  fenceSeen,
  isGuarded,
  isOpenAgain,
  isWatched,
  leftSilent,
  provenSinceFence,
} from "../../domain/plan-run/fence.ts";
import type { PlannedStep } from "../../domain/plan-run/plan.ts";
import { type RunState, readySteps, stateOf } from "../../domain/plan-run/run.ts";
import type { UnseenAtEnd } from "../../domain/plan-run/run-entry.ts";
import { isAllClosed, type OldSide } from "../../ports/old-side.ts";
import type { ExecutorDeps } from "./executor-deps.ts";
import { type Again, fenceAgain, MOST_FENCE_ATTEMPTS } from "./fence-again.ts";
import { lookedInTime, type NoProof, proofInTime, proofOf } from "./fence-guard.ts";
import type { RunHold } from "./journal.ts";
import type { KeptInSight } from "./kept-in-sight.ts";
import type { UnderWay } from "./under-way.ts";
import { closedBut, isWaitedFor, seenClosedIn } from "./watch-due.ts";

/** The same for what is proven of the new side. */
const MOST_PROOFS = 4;
/** World time between two looks at what ends by itself. */
const LOOK_AGAIN_MS = 2_000;

export interface Proving {
  readonly hold: RunHold;
  readonly deps: ExecutorDeps;
  readonly signal: AbortSignal;
}

/** What is kept of the old side between two looks, as long as this executor drives the run. */
export interface Sighted {
  readonly sight: KeptInSight;
  readonly underWay: UnderWay;
}

/** Whether the promotion begins; otherwise the run has changed, or it waits for what ends by itself. */
export type BeforeACommit = "begins" | "changed" | "waits";

/**
 * X5, before a promotion: an old side that was dark and answers now, or was fenced and is open again, is fenced first, in the
 * order that people signed.
 */
export async function fencesAgain(proving: Proving, run: RunState, sighted: Sighted): Promise<BeforeACommit> {
  const { deps, signal } = proving;
  const fence = fenceOf(run);
  if (!fence) return "begins";
  const unproven = unprovenPromise(run);
  if (unproven !== undefined) return voided(proving, [unproven]);
  if (stateOf(run, fence.id).state !== "done") return "begins";
  // What stays silent, as people accepted, or was never fenced, as they decided.
  const seen = fenceSeen(run);
  const isBlind = seen === undefined || seen === "cannot-know";
  const proof = isBlind ? await proofOf(run, deps, signal) : await proofInTime(run, deps, signal);
  // Somebody restarts it: it lets nobody in meanwhile, and comes back closed as it was. So the keys stand.
  if (!proof.holds && proof.isUnderWay && sighted.underWay.isWaitedFor(fence.deadlineMs)) {
    for (const step of readySteps(run)) deps.progressed(run, step.id, `waits for ${run.plan.from}: ${proof.says}`);
    await deps.clock.sleep(LOOK_AGAIN_MS, signal);
    return "waits";
  }
  sighted.underWay.over();
  if (!proof.holds && (!isBlind || proof.isRefuted)) return closesAgain(proving, run, { sighted, proof });
  if (isBlind) return fencesWhatAnswers(proving, run, fence);
  const proven = await provesAgain(proving, run, sighted.sight);
  return proven === "begins" && leftSilent(run).length > 0 ? fencesWhatAnswers(proving, run, fence) : proven;
}

/** Something of it was silent, and users wait: what is so still, or closed as far as it answers, holds nothing up. */
async function fencesWhatAnswers(proving: Proving, run: RunState, fence: PlannedStep): Promise<BeforeACommit> {
  if (stateOf(run, fence.id).attempt >= MOST_FENCE_ATTEMPTS || run.pastNoReturn) return "begins";
  const looked = await lookedInTime(run, proving.deps, proving.signal);
  if (looked.kind !== "back" || isWaitedFor(looked)) return "begins";
  // What answers that nobody may read is no reason to stop a promotion whose stores are closed.
  const isBack = (resource: string) => resource in looked.captured;
  if (fenceSeen(run) !== "cannot-know" && !leftSilent(run).some(isBack)) return "begins";
  const says = `${run.plan.from} answers again before the promotion: it is fenced first`;
  return begunAgain(proving, { fence, captured: looked.captured, closed: knownToBeEnded(run, fence), says });
}

interface Unproven {
  readonly sighted: Sighted;
  readonly proof: NoProof;
}

/** It was fenced, and is not any more. */
async function closesAgain(proving: Proving, run: RunState, { sighted, proof }: Unproven): Promise<BeforeACommit> {
  const { from } = run.plan;
  const fence = fenceOf(run);
  // Past the point of no return the watch fences, and people have to look before anything more is promoted.
  if (!fence || run.pastNoReturn)
    return voided(proving, [`${from} is not proven to be fenced any more: ${proof.says}`]);
  const looked = await lookedInTime(run, proving.deps, proving.signal);
  // Closing what is closed helps only where it also ends the sessions of who is inside.
  const isInside = proof.isRefuted && !proof.letsIn;
  if (
    looked.kind !== "back" ||
    (isAllClosed(looked) && !isInside) ||
    stateOf(run, fence.id).attempt >= MOST_FENCE_ATTEMPTS
  )
    return voided(proving, [`${from} was fenced, and nobody can prove it now: ${proof.says}`]);
  const says = isAllClosed(looked)
    ? `Somebody who is inside still writes to ${from}, which was fenced: it is fenced again before the promotion`
    : `${from} was fenced and stands open again before the promotion: it is fenced first`;
  const opened = [...(sighted.sight.gapIn(run)?.opened ?? []), ...proof.open];
  const closed = looked.closed.filter((resource) => !opened.includes(resource));
  return begunAgain(proving, { fence, captured: looked.captured, closed, says });
}

/** The proof has just shown them closed, and what was seen open since is not among them any more. */
const knownToBeEnded = (run: RunState, fence: PlannedStep): readonly string[] =>
  Object.keys(endedIn(run, fence.id).ended ?? {});

async function begunAgain(proving: Proving, again: Again): Promise<"changed"> {
  await fenceAgain(proving, again);
  return "changed";
}

/** G19: what the promise to lose nothing rests on was skipped. Who skips it agrees to no loss: people sign another plan for that. */
function unprovenPromise(run: RunState): string | undefined {
  const skipped = run.plan.steps.find(
    ({ id, role }) => (role === "protects" || role === "proves") && stateOf(run, id).state === "skipped",
  );
  if (!skipped || !isToStayFenced(run)) return undefined;
  return `this plan promises to lose nothing, and “${skipped.title}” was skipped: what is lost then has to be signed in a new plan`;
}

/**
 * X5, of a side that is closed now and may have been open since its fence: what was proven in between is proven again. Where it was
 * seen open, who came in may be in still, so that it is fenced again as well.
 */
async function provesAgain(proving: Proving, run: RunState, sight: KeptInSight): Promise<BeforeACommit> {
  const { hold, deps } = proving;
  const { from, to } = run.plan;
  const gap = sight.gapIn(run);
  const fence = fenceOf(run);
  const proven = provenSinceFence(run);
  if (!gap || !fence || proven.length === 0) return "begins";
  const nowMs = deps.clock.now();
  const since = gap.opened
    ? `${from} was seen open after ${sayTime(gap.fromMs, nowMs)} and is closed again`
    : `Nobody looked at ${from} from ${sayTime(gap.fromMs, nowMs)} to ${sayTime(nowMs)}`;
  if (proven.some((id) => stateOf(run, id).attempt >= MOST_PROOFS))
    return voided(proving, [
      `${since}, so nobody can prove that ${isToStayFenced(run) ? `${to} has every commit of it` : "who came in is out"}`,
    ]);
  if (gap.opened) {
    const says = `${since}. It is fenced again: who came in may be in still`;
    return begunAgain(proving, { fence, closed: knownToBeEnded(run, fence), says });
  }
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
  return "changed";
}

/** `unseen`: it stands as it was proven, and nobody could prove it again at the end. */
export type AtTheEnd = { readonly stands: false } | { readonly stands: true; readonly unseen?: UnseenAtEnd };

/**
 * X5, at the end. An old side that stands open again is fenced first, by the watch; meanwhile people have been called. While
 * nobody can tell whether a write succeeds, and everything that answers is closed, it stays as it was proven, and the end says so.
 */
export async function standsFenced(proving: Proving, run: RunState): Promise<AtTheEnd> {
  const { deps, signal } = proving;
  if (!fenceOf(run)) return { stands: true };
  if (run.watch.state === "ended") return { stands: !(await endedOpen(proving, run)) };
  if (isWatched(run)) return { stands: !isOpenAgain(run) };
  if (!isGuarded(run)) return { stands: true };
  const askedAtMs = deps.clock.now();
  const proof = await proofInTime(run, deps, signal);
  const seenClosedMs = seenClosedIn(run, deps);
  if (proof.holds && seenClosedMs >= askedAtMs) return { stands: true };
  const now = await lookedInTime(run, deps, signal);
  const looked = now.kind === "back" ? now : undefined;
  if (!proof.holds && (proof.isRefuted || (looked && looked.open.length > 0)))
    return isLost(proving, run, { proof, looked, seenClosedMs });
  // Silent as far as people accepted, or altogether: it may be gone for good, and holds no end up.
  const why = proof.holds ? "the key holders accepted what gives no answer" : proof.says;
  return { stands: true, unseen: { seenClosedMs, ...(now.kind !== "silent" && { why }) } };
}

interface Losing {
  readonly proof: NoProof;
  readonly looked: Extract<OldSide, { kind: "back" }> | undefined;
  readonly seenClosedMs: number;
}

async function isLost(
  { hold, deps }: Proving,
  run: RunState,
  { proof, looked, seenClosedMs }: Losing,
): Promise<AtTheEnd> {
  const since = `It was last seen closed at ${sayTime(seenClosedMs)}`;
  const says = `${run.plan.from} was fenced and is not proven to be any more: ${proof.says}. ${since}`;
  const lost = await hold.append((now) => {
    const fence = fenceOf(now);
    return fence && isGuarded(now)
      ? {
          entry: {
            ...{ kind: "fence-lost", atMs: deps.clock.now(), step: fence.id, epoch: hold.epoch, why: proof.says },
            ...{ closed: [...closedBut(proof.open, looked)], seenClosedMs },
          },
          told: { says },
        }
      : undefined;
  });
  if (lost) await hold.note(lost);
  return { stands: false };
}

/** Nobody may fence it any more, and nobody decided that it stays open: people look at it before the run counts as anything. */
async function endedOpen(proving: Proving, run: RunState): Promise<boolean> {
  if (run.watch.lostAtMs === undefined || proving.deps.clock.now() < run.untilMs) return false;
  await voided(proving, [`the end date of the plan is over, and ${run.plan.from} was opened by somebody before it`]);
  return true;
}

/** The keys hold no longer: the run is paused, and people decide. */
export async function voided({ hold, deps }: Proving, why: readonly string[]): Promise<"changed"> {
  await hold.append((now) =>
    now.state === "running"
      ? {
          entry: { kind: "voided", atMs: deps.clock.now(), because: "facts", why: [...why] },
          told: { says: `The facts behind the plan changed: ${why.join("; ")}` },
        }
      : undefined,
  );
  return "changed";
}
