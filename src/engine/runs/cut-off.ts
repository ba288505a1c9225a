import { lettingGo } from "../../domain/plan-run/cut-off.ts";
import type { Clock } from "../../ports/clock.ts";
import type { ExecutorDeps } from "./executor-deps.ts";
import type { RunHold } from "./journal.ts";
import type { Stopwatch } from "./stopwatch.ts";

/** A process that reaches nobody outside cannot look. What it does then of the run that it drives: [0089](../../../docs/decisions/0089-who-is-cut-off-lets-go.md). */

/** Machine times: for which such a process keeps a run that another one may drive, and between two looks at that. */
const LETS_GO_AFTER_MS = 60_000;
const LOOK_EVERY_MS = 5_000;

type Reaching = Pick<ExecutorDeps, "clock" | "cutOffForMs">;

/**
 * Beside all that the drive does: in a step, between steps, while it waits for something and on the way back. Resolves never; rejects
 * with what ends the drive.
 */
export async function letsGoWhenCutOff(hold: RunHold, deps: Reaching, signal: AbortSignal): Promise<void> {
  const { clock, cutOffForMs } = deps;
  while (cutOffForMs) {
    await clock.sleep(LOOK_EVERY_MS * clock.speed, signal);
    const forMs = await cutOffForMs("lately");
    signal.throwIfAborted();
    if (forMs === undefined || forMs < LETS_GO_AFTER_MS) continue;
    const at = { atMs: clock.now(), epoch: hold.epoch, speed: clock.speed };
    await hold.append((run) => lettingGo(run, { ...at, forMs }));
  }
}

/** What was asked for may be there: for as long as nobody outside is reached, no time of the step, or of its undo, has passed. */
export async function noteReach({ deps, stopwatch }: { readonly deps: Reaching; readonly stopwatch: Stopwatch }) {
  const forMs = await deps.cutOffForMs?.("lately");
  if (forMs !== undefined) stopwatch.unreached(worldAgo(deps.clock, forMs));
}

const worldAgo = ({ now, speed }: Clock, machineMs: number): number => now() - machineMs * speed;
