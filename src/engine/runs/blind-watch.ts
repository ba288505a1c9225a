import { chainOf } from "../../domain/errors.ts";
import { isKeptInSight } from "../../domain/plan-run/before-promotion.ts";
import { fenceOf } from "../../domain/plan-run/fence.ts";
import type { RunState } from "../../domain/plan-run/run.ts";
import type { RunEntry } from "../../domain/plan-run/run-entry.ts";
import type { Logger } from "../../ports/logger.ts";
import type { Runs } from "../../ports/runs.ts";
import type { WatchDeps } from "./executor-deps.ts";
import { endsTheDrive, eventOf } from "./journal.ts";
import { isLookedAt, type Sight, seenClosedIn } from "./watch-due.ts";

/**
 * Where the watch itself breaks, or nobody may look, nobody guards against two writers: it stands in the journal, people are called,
 * and it is tried on and on; what breaks with growing pauses (G22).
 */
const MOST_TRIES = 5;
/** World times. */
const FIRST_PAUSE_MS = 4_000;
const LONGEST_PAUSE_MS = 60_000;

/** Of this process: looks at an old side that broke in a row. */
export interface BlindWatches {
  readonly isDue: (run: string, nowMs: number) => boolean;
  /** How many there are with this one. */
  readonly failed: (run: string, nowMs: number) => number;
  readonly succeeded: (run: string) => void;
}

export function blindWatches(): BlindWatches {
  const failures = new Map<string, { readonly count: number; readonly againAtMs: number }>();
  return {
    isDue: (run, nowMs) => nowMs >= (failures.get(run)?.againAtMs ?? 0),
    failed: (run, nowMs) => {
      const count = (failures.get(run)?.count ?? 0) + 1;
      const pauseMs = count < MOST_TRIES ? 0 : Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (count - MOST_TRIES));
      failures.set(run, { count, againAtMs: nowMs + pauseMs });
      return count;
    },
    succeeded: (run) => void failures.delete(run),
  };
}

interface BlindDeps extends Pick<WatchDeps, "clock" | "guard"> {
  readonly runs: Runs;
  readonly logger: Logger;
  readonly blind: BlindWatches;
}

interface Looking {
  readonly signal: AbortSignal;
  readonly look: () => Promise<Sight>;
}

/** Throws the error again while another look may do. */
export async function watchInSight(run: RunState, deps: BlindDeps, { signal, look }: Looking): Promise<void> {
  const { id } = run.plan;
  if (!isLookedAt(run) && !isKeptInSight(run)) return deps.blind.succeeded(id);
  if (!deps.blind.isDue(id, deps.clock.now())) return;
  try {
    const sight = await look();
    if (sight.kind !== "not-looked") deps.blind.succeeded(id);
  } catch (error) {
    if (signal.aborted || endsTheDrive(error)) throw error;
    if (deps.blind.failed(id, deps.clock.now()) < MOST_TRIES) throw error;
    const why = chainOf(error);
    deps.logger.error({ run: id, why }, "The old side cannot be watched");
    await saySight({ kind: "unseen", why }, deps, withoutHold(id, deps));
  }
}

type Said = { readonly entry: RunEntry; readonly told: { readonly says: string } };
export type Append = (make: (run: RunState) => Said | undefined) => Promise<unknown>;

/** In the journal, once: whether the watch sees what it has to. */
export async function saySight(sight: Sight, deps: Pick<BlindDeps, "clock" | "guard">, append: Append): Promise<void> {
  if (sight.kind === "not-looked" || sight.kind === "silent") return;
  await append((run) => {
    const fence = fenceOf(run);
    const { watch, plan, epoch } = run;
    const isLooked = isLookedAt(run) || isKeptInSight(run);
    if (!fence || !isLooked || (watch.blind !== undefined) === (sight.kind === "unseen")) return undefined;
    const common = { atMs: deps.clock.now(), epoch, step: fence.id };
    return sight.kind === "unseen"
      ? {
          entry: { kind: "watch-blind", ...common, why: sight.why, seenClosedMs: seenClosedIn(run, deps) },
          told: { says: `TwoKey cannot watch ${plan.from}: ${sight.why}` },
        }
      : { entry: { kind: "watch-sees", ...common }, told: { says: `TwoKey watches ${plan.from} again` } };
  });
}

/** It asks nothing of the cloud. */
export const withoutHold =
  (id: string, { runs }: Pick<BlindDeps, "runs">): Append =>
  async (make) => {
    for (;;) {
      const run = await runs.read(id);
      const made = run && make(run);
      if (!run || !made) return;
      const answer = await runs.append(run, { entries: [made.entry], events: [eventOf(run, made.entry, made.told)] });
      if (answer.kind !== "conflict") return;
    }
  };
