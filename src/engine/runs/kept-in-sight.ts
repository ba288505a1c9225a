import { sayTime } from "../../domain/duration.ts";
import {
  closedAgainMs,
  isBeforePromotion,
  isKeptInSight,
  isOpenBefore,
  isToStayFenced,
  mayLoseOpened,
  openedSince,
} from "../../domain/plan-run/before-promotion.ts";
import { type FenceOutput, fenceOf, OUT_OF_SIGHT_MS, provenSinceMs } from "../../domain/plan-run/fence.ts";
import type { PlannedStep } from "../../domain/plan-run/plan.ts";
import type { RunState, StepState } from "../../domain/plan-run/run.ts";
import { eitherOf } from "../../ports/signals.ts";
import { saySight, withoutHold } from "./blind-watch.ts";
import type { ExecutorDeps, WatchDeps } from "./executor-deps.ts";
import { type Proof, proofOf } from "./fence-guard.ts";
import { GUARD_EVERY_MS } from "./guard-times.ts";
import type { Entered, RunHold } from "./journal.ts";
import { type Sight, seenClosedIn } from "./watch-due.ts";

/**
 * X5: from its fence to the promotion the old side is looked at, whether the run goes on or waits for people. An opening is told at
 * once, since what users write there may be lost; it is fenced again before the promotion, and never while people decide (0085).
 *
 * Of a move that promises to lose nothing, what the new side was shown to have is all that was written as long as the old side
 * stayed closed since. Where it was seen open, or nobody looked for a while, others may have opened it, written and closed it again.
 */
/** Machine time by which a busy process is late at any speed of the clock. */
const LATE_MS = 5_000;

type Deps = Omit<ExecutorDeps, "drift" | "reachesNobody">;

/** World time in which nobody looked at what a step had asked for, as after a process that died. */
export type Unseen = NonNullable<FenceOutput["unseen"]>;

export const unseenSince = ({ state, sinceMs }: StepState, nowMs: number): Unseen | undefined =>
  state === "asked" && nowMs - sinceMs > OUT_OF_SIGHT_MS ? { fromMs: sinceMs, untilMs: nowMs } : undefined;

/** Rows that prove the last commit prove nothing of a time in which nobody looked at what was closed. */
export function proofOfNow(
  { role }: PlannedStep,
  unseen: Unseen | undefined,
  output: StepState["output"],
): typeof output {
  if (role !== "protects" || !unseen) return output;
  const { markers: _before, ...known } = output;
  return { ...known, unseen };
}

export interface Gap {
  /** World time of the newest look that saw it closed. */
  readonly fromMs: number;
  /** Resources that were seen open, or to take a write, in any look since then; absent: nobody looked. */
  readonly opened?: readonly string[];
}

/** Looks in a row, each of which saw it closed. */
interface Row {
  readonly sinceMs: number;
  seenAtMs: number;
  gap: Gap | undefined;
}

export class KeptInSight {
  readonly #deps: Deps;
  #row: Row | undefined;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /** Beside the steps of a run that is driven, until its promotion or until `stop` is aborted. */
  async whileDriven(
    hold: RunHold,
    { signal, stop }: { readonly signal: AbortSignal; readonly stop: AbortSignal },
  ): Promise<void> {
    const looking = eitherOf(signal, stop);
    while (!stop.aborted && isBeforePromotion(hold.run)) {
      try {
        await this.#look(hold, looking);
        await this.#deps.clock.sleep(GUARD_EVERY_MS, looking);
      } catch (error) {
        if (!stop.aborted || error !== stop.reason) throw error;
      }
    }
  }

  async #look(hold: RunHold, signal: AbortSignal): Promise<void> {
    const { run } = hold;
    const row = isKeptInSight(run) ? this.#rowOf(run) : undefined;
    if (!row) return;
    const askedAtMs = this.#deps.clock.now();
    // Nothing is asked for any more then, and whether the run waits or is on its way back is seen at the next look.
    if (askedAtMs >= run.untilMs) return;
    const proof = await proofOf(run, this.#deps, signal);
    row.gap ??= this.#lateIn(row);
    if (isSeenClosed(proof)) row.seenAtMs = askedAtMs;
    await saySight({ kind: "seen" }, this.#deps, (make) => hold.append(make));
    const written = await hold.append((now) => newsIn(now, { proof, seenClosedMs: row.seenAtMs, deps: this.#deps }));
    if (!written) return;
    await hold.note(written);
    // Others have opened it: people are called at once, and not at the next look at the run.
    this.#deps.changed(hold.run);
  }

  /** Of a side that is seen closed right now. */
  gapIn(run: RunState): Gap | undefined {
    const row = isToStayFenced(run) ? this.#rowOf(run) : undefined;
    const opened = openedSince(run);
    if (opened) return { fromMs: opened.fromMs, opened: opened.resources };
    return row && (row.gap ?? this.#lateIn(row));
  }

  #lateIn({ seenAtMs }: Row): Gap | undefined {
    const { clock } = this.#deps;
    const isLate = clock.now() - seenAtMs > Math.max(OUT_OF_SIGHT_MS, LATE_MS * clock.speed);
    return isLate ? { fromMs: seenAtMs } : undefined;
  }

  /** When an executor before this one looked last nobody knows: its row begins with the proof. What it saw open stands in the journal. */
  #rowOf(run: RunState): Row | undefined {
    const sinceMs = provenSinceMs(run);
    if (sinceMs !== undefined && this.#row?.sinceMs !== sinceMs)
      this.#row = { sinceMs, seenAtMs: Math.max(sinceMs, closedAgainMs(run) ?? sinceMs), gap: undefined };
    return sinceMs === undefined ? undefined : this.#row;
  }
}

/** Of a run that waits for people, and that nobody drives: on the same beat. Nothing is asked of the cloud but how it stands. */
export async function lookWhileWaiting(run: RunState, deps: WatchDeps, signal: AbortSignal): Promise<Sight> {
  const { id } = run.plan;
  if (deps.clock.now() >= run.untilMs) {
    await withoutHold(id, deps)((now) => endIn(now, deps));
    return { kind: "not-looked" };
  }
  if (!deps.guard.isDue(id, deps.clock.now())) return { kind: "not-looked" };
  const proof = await proofOf(run, deps, signal);
  const seenClosedMs = seenClosedIn(run, deps);
  await withoutHold(id, deps)((now) => newsIn(now, { proof, seenClosedMs, deps }));
  return { kind: "seen" };
}

/** What people accepted as silent says neither that it is closed again nor until when it was. */
const isSeenClosed = (proof: Proof): boolean => proof.holds && proof.isSeenClosed;

/** Once: people read that nobody looks any more, and how it was last. */
function endIn(run: RunState, { clock }: Pick<WatchDeps, "clock">): Entered | undefined {
  const fence = fenceOf(run);
  const atMs = clock.now();
  if (!fence || !isKeptInSight(run) || atMs < run.untilMs) return undefined;
  const last = isOpenBefore(run) ? "It was seen open last" : "It was not seen open last";
  const says = `${run.plan.from} is not looked at any more: the end date of the signed plan is over. ${last}`;
  return { entry: { kind: "sight-ended", atMs, epoch: run.epoch, step: fence.id }, told: { says } };
}

interface Looked {
  readonly proof: Proof;
  /** World time of the newest look that saw it closed. */
  readonly seenClosedMs: number;
  readonly deps: Pick<WatchDeps, "clock">;
}

/** Written down, since another executor may be the one that promotes; once, for as long as it stands so. */
function newsIn(run: RunState, { proof, seenClosedMs, deps: { clock } }: Looked): Entered | undefined {
  const fence = fenceOf(run);
  if (!fence || !isKeptInSight(run)) return undefined;
  const { from, to } = run.plan;
  const at = { atMs: clock.now(), epoch: run.epoch, step: fence.id };
  if (proof.holds)
    return isSeenClosed(proof) && isOpenBefore(run)
      ? {
          entry: { kind: "seen-closed", ...at, seenMs: seenClosedMs },
          told: { says: `${from} was seen open, and is closed again` },
        }
      : undefined;
  const known = isOpenBefore(run) ? (openedSince(run)?.newest.resources ?? []) : [];
  if (!proof.isRefuted || proof.open.every((resource) => known.includes(resource))) return undefined;
  const lost = mayLoseOpened(run) ? `: what it took since then may not be in ${to}` : "";
  const since = `It was last seen closed at ${sayTime(seenClosedMs)}${lost}`;
  const says = `${from} was fenced, and stands open before the promotion: ${proof.says}. ${since}`;
  return { entry: { kind: "seen-open", ...at, fromMs: seenClosedMs, resources: [...proof.open] }, told: { says } };
}
