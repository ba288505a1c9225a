import { TransientError } from "../../domain/errors.ts";
import type { RunState } from "../../domain/plan-run/run.ts";
import type { RunEntry } from "../../domain/plan-run/run-entry.ts";
import { eventOf, type JournalDeps } from "./journal.ts";

/**
 * Says in the journal that lines of it are gone, where it does not say so yet: a process that never saw them goes on from what stands
 * there, and from now on knows.
 */
export async function sayLost(run: RunState, { runs, clock }: Pick<JournalDeps, "runs" | "clock">): Promise<void> {
  if (run.lost?.isSaid !== false) return;
  const { lines } = run.lost;
  const entry: RunEntry = { kind: "lines-lost", atMs: clock.now(), lines };
  const says = `TwoKey has seen ${lines} lines of this journal that do not stand there any more`;
  const { kind } = await runs.append(run, { entries: [entry], events: [eventOf(run, entry, { says })] });
  if (kind !== "appended") throw new TransientError("run-changed", `Run ${run.plan.id} has changed meanwhile`);
}
