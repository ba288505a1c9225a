import { type RunState, readySteps } from "../../domain/plan-run/run.ts";
import { type BeforeACommit, type Proving, voided } from "./proven-again.ts";
import type { UnderWay } from "./under-way.ts";

/** World time that is waited for what ends by itself, as a restart does: users may wait meanwhile. An estimate. */
const PASSES_WITHIN_MS = 3 * 60_000;
/** World time between two looks at it. */
const LOOK_AGAIN_MS = 5_000;

/** X3: what would make a commit fail and ends by itself is waited for a little while nothing is asked for; what lasts voids the keys. */
export async function looksAgain(proving: Proving, run: RunState, underWay: UnderWay): Promise<BeforeACommit> {
  const { deps, signal } = proving;
  const { voids, passing } = await deps.drift(run, signal);
  if (voids.length === 0 && passing.length > 0 && underWay.isWaitedFor(PASSES_WITHIN_MS)) {
    for (const step of readySteps(run)) deps.progressed(run, step.id, `waits a little: ${passing.join(" ")}`);
    await deps.clock.sleep(LOOK_AGAIN_MS, signal);
    return "waits";
  }
  underWay.over();
  const why = [...voids, ...passing];
  return why.length > 0 ? voided(proving, why) : "begins";
}
