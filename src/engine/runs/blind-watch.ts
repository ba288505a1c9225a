import { chainOf } from "../../domain/errors.ts";
import { fenceOf } from "../../domain/plan-run/fence.ts";
import type { RunState } from "../../domain/plan-run/run.ts";
import type { RunEntry } from "../../domain/plan-run/run-entry.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Logger } from "../../ports/logger.ts";
import type { Runs } from "../../ports/runs.ts";
import { endsTheDrive, eventOf } from "./journal.ts";
import { isLookedAt } from "./watch-due.ts";

/**
 * Where the watch itself breaks, nobody guards against two writers: it stands in the journal, people are called, and it is tried
 * on and on with growing pauses (G22).
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

interface BlindDeps {
  readonly runs: Runs;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly blind: BlindWatches;
}

interface Looking {
  readonly signal: AbortSignal;
  readonly look: () => Promise<void>;
}

/** Throws the error again while another look may do. */
export async function watchInSight(run: RunState, deps: BlindDeps, { signal, look }: Looking): Promise<void> {
  const { id, from } = run.plan;
  if (!isLookedAt(run)) return deps.blind.succeeded(id);
  if (!deps.blind.isDue(id, deps.clock.now())) return;
  try {
    await look();
  } catch (error) {
    if (signal.aborted || endsTheDrive(error)) throw error;
    if (deps.blind.failed(id, deps.clock.now()) < MOST_TRIES) throw error;
    const why = chainOf(error);
    deps.logger.error({ run: id, why }, "The old side cannot be watched");
    const says = `TwoKey cannot watch ${from}: ${why}`;
    return writeDown(id, deps, {
      says,
      make: (common, now) => now.watch.blind === undefined && { kind: "watch-blind", ...common, why },
    });
  }
  deps.blind.succeeded(id);
  const says = `TwoKey watches ${from} again`;
  await writeDown(id, deps, {
    says,
    make: (common, now) => now.watch.blind !== undefined && { kind: "watch-sees", ...common },
  });
}

interface Saying {
  readonly says: string;
  readonly make: (
    common: { readonly atMs: number; readonly epoch: number; readonly step: string },
    run: RunState,
  ) => RunEntry | false;
}

/** Without a hold: it asks nothing of the cloud. */
async function writeDown(id: string, { runs, clock }: BlindDeps, { says, make }: Saying): Promise<void> {
  for (;;) {
    const run = await runs.read(id);
    const fence = run && fenceOf(run);
    if (!run || !fence || !isLookedAt(run)) return;
    const entry = make({ atMs: clock.now(), epoch: run.epoch, step: fence.id }, run);
    if (!entry) return;
    const answer = await runs.append(run, { entries: [entry], events: [eventOf(run, entry, { says })] });
    if (answer.kind !== "conflict") return;
  }
}
