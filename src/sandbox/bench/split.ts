import { type PlannedStep, stepOf } from "../../domain/plan-run/plan.ts";
import { type RunState, type StepState, stateOf } from "../../domain/plan-run/run.ts";

/**
 * World milliseconds. `polls`: what ended was seen late by half of the wait in which it ended, on average. `engine`: the journal, the
 * ledger, and the looks before a commit.
 */
export interface Split {
  readonly polls: number;
  readonly calls: number;
  readonly engine: number;
}

/** Of one step on the way that took longest. */
interface StepTime {
  readonly step: string;
  readonly tookMs: number;
  readonly callsMs: number;
  readonly engineMs: number;
  readonly lateMs: number;
  /** The end came somewhere in it. */
  readonly lastWaitMs: number;
}

/** Steps that ended one after the other, each begun when the one before it had ended; the last one first. */
function chainOf(run: RunState): { readonly step: PlannedStep; readonly state: StepState }[] {
  const endOf = (id: string): number => stateOf(run, id).endedAtMs ?? 0;
  const latest = (ids: readonly string[]) => ids.toSorted((one, other) => endOf(other) - endOf(one))[0];
  const chain: { step: PlannedStep; state: StepState }[] = [];
  let id = latest(run.plan.steps.map((step) => step.id));
  while (id !== undefined) {
    const step = stepOf(run.plan, id);
    chain.push({ step, state: stateOf(run, id) });
    id = latest(step.after);
  }
  return chain;
}

/** Where the time of each step on the longest way went. */
export function stepTimes(run: RunState): StepTime[] {
  return chainOf(run)
    .toReversed()
    .map(({ step, state }, at, chain) => {
      const { startedAtMs = 0, endedAtMs = 0, spent } = state;
      const beforeMs = chain[at - 1]?.state.endedAtMs ?? run.startedAtMs ?? startedAtMs;
      const { askedMs = 0, lookedMs = 0, waitedMs = 0, lastWaitMs = 0, lastLookMs = 0 } = spent ?? {};
      const tookMs = endedAtMs - beforeMs;
      const engineMs = tookMs - askedMs - lookedMs - waitedMs;
      const lateMs = lateOf(step, spent);
      return { step: step.id, tookMs, callsMs: askedMs + lastLookMs, engineMs, lateMs, lastWaitMs };
    });
}

/** What settles waits for a time that is known; what is done at the first look waited within it by a rule of its own. */
function lateOf({ role }: PlannedStep, spent: StepState["spent"]): number {
  if (!spent || role === "settles") return 0;
  return spent.looks > 1 ? spent.lastWaitMs / 2 : spent.waitedMs;
}

/** Where a failover loses time on its longest way, whatever the world takes. */
export function splitOf(run: RunState): Split {
  const times = stepTimes(run);
  const sum = (of: (time: StepTime) => number) => times.reduce((total, time) => total + of(time), 0);
  const lastEndMs = chainOf(run)[0]?.state.endedAtMs ?? 0;
  const afterMs = Math.max(0, (run.endedAtMs ?? lastEndMs) - lastEndMs);
  return {
    polls: sum(({ lateMs }) => lateMs),
    calls: sum(({ callsMs }) => callsMs),
    engine: sum(({ engineMs }) => engineMs) + afterMs,
  };
}
