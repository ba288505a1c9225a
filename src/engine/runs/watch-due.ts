import { closedAgainMs } from "../../domain/plan-run/before-promotion.ts";
import { fencedAtMs, isGuarded, isWatched } from "../../domain/plan-run/fence.ts";
import { sayFrozen } from "../../domain/plan-run/freeze.ts";
import type { Watch } from "../../domain/plan-run/old-side-watch.ts";
import type { RunState } from "../../domain/plan-run/run.ts";
import { isAllClosed, type OldSide } from "../../ports/old-side.ts";
import type { WatchDeps } from "./executor-deps.ts";
import { type Proof, proofOf } from "./fence-guard.ts";
import { UNSEEN_MS } from "./guard-times.ts";
import { otherRuns } from "./other-runs.ts";

/** World time between two tries, doubled with each up to the longest: the journal must not grow with every look. */
const TRY_AGAIN_MS = 60_000;
const LONGEST_TRY_AGAIN_MS = 15 * 60_000;

/** What a turn of the watch has to do. */
export type Due =
  | { readonly kind: "nothing" }
  /** Nobody looked: it is not time yet. */
  | { readonly kind: "not-looked" }
  /** Nothing there answers: it may be gone for good. */
  | { readonly kind: "silent" }
  /** What answers there is closed, and of a store nobody can see it. */
  | { readonly kind: "unseen"; readonly why: string }
  | { readonly kind: "verify" }
  | { readonly kind: "end"; readonly why: string }
  /** Another run of ours moves the service on: the journal has to name it before that run is forgotten. */
  | { readonly kind: "moved-on"; readonly by: RunState }
  | { readonly kind: "lost"; readonly why: string; readonly closed: readonly string[]; readonly seenClosedMs: number }
  | ({ readonly kind: "do-it" } & Pick<Back, "captured" | "silent" | "closed">);

/** What a turn says of the watch itself. */
export type Sight = Extract<Due, { kind: "not-looked" | "silent" | "unseen" }> | { readonly kind: "seen" };

type Back = Extract<OldSide, { kind: "back" }>;

export const isLookedAt = (run: RunState): boolean => isWatched(run) || isGuarded(run);

/** World time of the next try to fence an old side that could not be fenced; undefined: no try is waited for. */
export const nextTryMs = (run: RunState): number | undefined => (isWatched(run) ? againAtMs(run.watch) : undefined);

/** For an old side that is watched, and for one that was fenced. Reads only. */
export async function whatIsDue(run: RunState, deps: WatchDeps, signal: AbortSignal): Promise<Due> {
  const nowMs = deps.clock.now();
  const { from, id } = run.plan;
  if (nowMs >= run.untilMs) return { kind: "end", why: "the end date of the signed plan is over" };
  if (isGuarded(run) && !deps.guard.isDue(id, nowMs)) return { kind: "not-looked" };
  const { later, unnamed, home, isTaken } = await otherRuns(run, deps);
  // Once it makes this side the writer, the older keys must not fence it any more, also after that run has let go of the service.
  if (home) return { kind: "end", why: `run ${home.plan.id} makes ${from} the writer` };
  if (unnamed) return { kind: "moved-on", by: unnamed };
  if (isTaken) return { kind: "not-looked" };
  const { watch } = run;
  const isTooEarly = nowMs < againAtMs(watch);
  // A try without an outcome was cut off by a crash, and is begun again at once.
  if (isTooEarly && watch.state === "failed" && watch.leftAlone.length === 0) return { kind: "not-looked" };
  const looked = await deps.oldSide(run, { signal, later });
  if (looked.kind === "silent")
    return isGuarded(run) ? whatIsLost(run, undefined, { deps, signal }) : { kind: "nothing" };
  if (looked.kind === "moved-back") return whoMovedBack(run, looked.why, { deps, later });
  return isWatched(run) ? whatIsOwed(run, looked, { deps, isTooEarly }) : whatIsLost(run, looked, { deps, signal });
}

interface Since {
  readonly deps: WatchDeps;
  readonly later: readonly RunState[];
}

/** Only people move back: a run of ours that began while this look was under way has not been asked what it did. */
async function whoMovedBack(run: RunState, why: string, { deps, later }: Since): Promise<Due> {
  const now = await otherRuns(run, deps);
  if (now.isUntold || now.later.length > later.length) return { kind: "nothing" };
  const { service, from } = run.plan;
  return { kind: "end", why: `${why}: people moved ${service} back to ${from}` };
}

interface Owing {
  readonly deps: WatchDeps;
  readonly isTooEarly: boolean;
}

async function whatIsOwed({ watch }: RunState, looked: Back, { deps, isTooEarly }: Owing): Promise<Due> {
  // A side that was opened again is a writer, whatever of it gives no answer.
  const isOpened = watch.lostAtMs !== undefined && watch.tries === 0;
  if (isWaitedFor(looked) && !isOpened) return { kind: "nothing" };
  // What was left alone at the last try was asked for nothing yet, and need not wait.
  const waits = isTooEarly && !watch.leftAlone.some((part) => !looked.silent.includes(part));
  if (watch.state === "asked" && (waits || isAllClosed(looked)))
    return looked.silent.length === 0 ? { kind: "verify" } : { kind: "nothing" };
  if (watch.state === "failed" && waits) return { kind: "nothing" };
  const freeze = await deps.frozen();
  // Written once, and people are called about it until it is closed. It counts as a try: after the freeze the next one comes
  // when the time between two tries is over.
  if (freeze && watch.says === sayFrozen(freeze)) return { kind: "nothing" };
  return { kind: "do-it", captured: looked.captured, silent: looked.silent, closed: looked.closed };
}

interface Looking {
  readonly deps: WatchDeps;
  readonly signal: AbortSignal;
}

/**
 * An old side that was fenced: whether it stands open again, or takes writes. While nobody can tell, it stays as it was proven.
 * `looked`: undefined where its control planes are silent; its write check may answer all the same.
 */
async function whatIsLost(run: RunState, looked: Back | undefined, { deps, signal }: Looking): Promise<Due> {
  const seenClosedMs = seenClosedIn(run, deps);
  // A side that is seen open is not asked for a write first: its write check may be silent for long.
  if (looked && looked.open.length > 0)
    return { kind: "lost", why: "what was closed there stands open again", closed: looked.closed, seenClosedMs };
  const proof = await proofOf(run, deps, signal);
  if (proof.holds || !proof.isRefuted) return whatIsUnseen(run, looked, { deps, proof });
  return { kind: "lost", why: proof.says, closed: closedBut(proof.open, looked), seenClosedMs };
}

interface Seen {
  readonly deps: WatchDeps;
  readonly proof: Proof;
}

/** A side that gives no answer at all may be gone for good, and is left alone; what a refusal hides may be opened at any time. */
function whatIsUnseen({ plan: { id } }: RunState, looked: Back | undefined, { deps, proof }: Seen): Due {
  const [unseen] = Object.entries(looked?.unseen ?? {});
  if (!unseen && (looked || proof.holds)) {
    deps.guard.saw(id);
    return { kind: "nothing" };
  }
  if (!unseen) return { kind: "silent" };
  if (deps.guard.missed(id, deps.clock.now()) < UNSEEN_MS) return { kind: "not-looked" };
  const [store, why] = unseen;
  return { kind: "unseen", why: `nobody can see whether ${store} is closed (${why})` };
}

/** World time of the newest look that saw it closed: of what another process has seen since its fence nobody knows more here than the journal says. */
export const seenClosedIn = (run: RunState, { guard, clock }: Pick<WatchDeps, "guard" | "clock">): number =>
  Math.max(guard.seenClosedMs(run.plan.id) ?? 0, fencedAtMs(run) ?? 0, closedAgainMs(run) ?? 0) || clock.now();

/** What a look shows closed, and takes no write. */
export const closedBut = (open: readonly string[], looked: Back | undefined): readonly string[] =>
  (looked?.closed ?? []).filter((resource) => !open.includes(resource));

/** All of it that answers is closed, and the rest gives no answer yet: nothing can be done, and nothing is proven. */
export const isWaitedFor = (looked: OldSide): boolean =>
  looked.kind === "back" && isAllClosed(looked) && looked.silent.length > 0;

function againAtMs({ tries, triedAtMs }: Watch): number {
  if (triedAtMs === undefined) return 0;
  return triedAtMs + Math.min(TRY_AGAIN_MS * 2 ** (tries - 1), LONGEST_TRY_AGAIN_MS);
}
