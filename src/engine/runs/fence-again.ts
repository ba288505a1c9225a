import type { PlannedStep } from "../../domain/plan-run/plan.ts";
import type { Captured } from "../../domain/plan-run/run-entry.ts";
import type { ExecutorDeps } from "./executor-deps.ts";
import type { RunHold } from "./journal.ts";

/** Attempts of the fence before the promotion; a region that comes and goes holds it up no longer. */
export const MOST_FENCE_ATTEMPTS = 3;

export interface Again {
  readonly fence: PlannedStep;
  /** What stands there now and is not written down yet. */
  readonly captured?: Captured | undefined;
  /** Stores that stayed closed: what is known of their sessions goes on to count. */
  readonly closed?: readonly string[];
  readonly says: string;
}

/** X5, before the promotion: the fence begins anew, from its first look on. False where the run has moved on. */
export async function fenceAgain(
  { hold, deps }: { readonly hold: RunHold; readonly deps: Pick<ExecutorDeps, "clock"> },
  { fence, captured, closed = [], says }: Again,
): Promise<boolean> {
  const seen = captured && { captured: { ...captured } };
  const entered = await hold.append((now) => {
    if (now.state !== "running" || now.pastNoReturn) return undefined;
    const at = { atMs: deps.clock.now(), epoch: hold.epoch, step: fence.id };
    return {
      entry: { kind: "fence-again", ...at, ...seen, ...(closed.length > 0 && { closed: [...closed] }) },
      told: { says },
    };
  });
  if (entered) await hold.note(entered);
  return entered !== undefined;
}
