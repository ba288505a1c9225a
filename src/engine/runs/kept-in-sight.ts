import {
  type FenceOutput,
  fenceOf,
  isToStayFenced,
  OUT_OF_SIGHT_MS,
  openedSince,
  provenSinceMs,
} from "../../domain/plan-run/fence.ts";
import type { PlannedStep } from "../../domain/plan-run/plan.ts";
import { type RunState, type StepState, stateOf } from "../../domain/plan-run/run.ts";
import { eitherOf } from "../../ports/signals.ts";
import type { ExecutorDeps } from "./executor-deps.ts";
import { type NoProof, proofOf } from "./fence-guard.ts";
import { GUARD_EVERY_MS } from "./guard-times.ts";
import type { RunHold } from "./journal.ts";

/**
 * X5, of a move that promises to lose nothing: what the new side was shown to have is all that was written, as long as the old side
 * stayed closed since. So it is looked at from its fence to the promotion. Where it was seen open, or nobody looked for a while,
 * others may have opened it, written and closed it again.
 */
/** Machine time by which a busy process is late at any speed of the clock. */
const LATE_MS = 5_000;

type Deps = Omit<ExecutorDeps, "drift">;

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
    while (!stop.aborted && isToStayFenced(hold.run)) {
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
    const row = this.#rowOf(run);
    if (!row) return;
    const askedAtMs = this.#deps.clock.now();
    const proof = await proofOf(run, this.#deps, signal);
    row.gap ??= this.#lateIn(row);
    if (proof.holds) row.seenAtMs = askedAtMs;
    else if (proof.isRefuted) await this.#tell(hold, row, proof);
  }

  /** In the journal, since another executor may be the one that promotes. */
  async #tell(hold: RunHold, row: Row, { open: resources, says }: NoProof): Promise<void> {
    const { clock } = this.#deps;
    const written = await hold.append((run) => {
      const fence = fenceOf(run);
      const isFenced = fence && isToStayFenced(run) && stateOf(run, fence.id).state === "done";
      const known = openedSince(run)?.resources ?? [];
      if (!isFenced || resources.every((resource) => known.includes(resource))) return undefined;
      const at = { atMs: clock.now(), epoch: hold.epoch, step: fence.id, fromMs: row.seenAtMs };
      const told = { says: `${run.plan.from} was fenced, and stands open before the promotion: ${says}` };
      return { entry: { kind: "seen-open", ...at, resources: [...resources] }, told };
    });
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
      this.#row = { sinceMs, seenAtMs: sinceMs, gap: undefined };
    return sinceMs === undefined ? undefined : this.#row;
  }
}
