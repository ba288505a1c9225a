import type { Freeze } from "../../src/domain/plan-run/freeze.ts";
import type { RunState } from "../../src/domain/plan-run/run.ts";
import type { RunEntry } from "../../src/domain/plan-run/run-entry.ts";
import { transition } from "../../src/domain/plan-run/run-transition.ts";
import type { WatchDeps } from "../../src/engine/runs/executor-deps.ts";
import { watchOldSide } from "../../src/engine/runs/fence-watch.ts";
import { type GuardTimes, guardTimes } from "../../src/engine/runs/guard-times.ts";
import type { OldSide, OldSideLooking } from "../../src/ports/old-side.ts";
import type { LedgerEntry } from "../../src/ports/runs.ts";
import type { Cloud } from "../../src/ports/step.ts";
import type { StoredStep } from "../../src/ports/stored-step.ts";
import { guardedCloud, quietLedger, silent } from "./fakes/index.ts";

interface Around {
  readonly cloud: Cloud;
  readonly steps: Readonly<Record<string, StoredStep>>;
  readonly oldSide: (run: RunState, looking: OldSideLooking) => Promise<OldSide>;
  /** The run that holds the service now, and that run. */
  readonly holder?: string | undefined;
  readonly other?: RunState | undefined;
  /** Other runs that somebody still looks after. */
  readonly others?: readonly RunState[] | undefined;
  /** The freeze in force. */
  readonly freeze?: Freeze | undefined;
  /** What other processes have made of the run since this one read it. */
  readonly since?: RunState | undefined;
  /** When this process saw it closed last. */
  readonly seenClosedMs?: number | undefined;
  /** Absent: a look at a side that was fenced is due each time. */
  readonly guard?: GuardTimes;
}

/** One turn of the watch over a run that is kept in memory; says what it wrote where, and what has become of the run. */
export async function watchTurn(run: RunState, around: Around) {
  const { deps, kept } = watchedInMemory(around.since ?? run, around);
  await watchOldSide(run, deps, new AbortController().signal);
  return kept();
}

/** What a look at the old side of a run needs, with that run kept in memory; and what has been written of it since. */
export function watchedInMemory(
  run: RunState,
  { cloud, steps, oldSide, holder, other, others = [], freeze, seenClosedMs, guard }: Around,
) {
  const written: RunEntry[] = [];
  const ledger: LedgerEntry[] = [];
  let now = run;
  let ended = false;
  const unused = async () => {
    throw new Error("the watch does not ask for this");
  };
  const deps: WatchDeps = {
    ...{ clock: cloud.clock, logger: silent, steps, worker: "w2", oldSide, frozen: async () => freeze },
    guard: guard ?? { ...guardTimes(), isDue: () => true, seenClosedMs: () => seenClosedMs },
    cloud: guardedCloud(cloud),
    ledger: quietLedger({ append: async (entry) => void ledger.push(entry) }),
    runs: {
      ...{ create: unused, createStarted: unused, ofIncident: unused, coolDownUntil: unused },
      openIds: async () => [run.plan.id, ...others.map(({ plan }) => plan.id)],
      holderOf: async () => holder,
      read: async (id) =>
        id === holder && id !== run.plan.id ? other : (others.find(({ plan }) => plan.id === id) ?? now),
      append: async (before, { entries, over }) => {
        if (before.length !== now.length) return { kind: "conflict" };
        now = entries.reduce(transition, before);
        written.push(...entries);
        ended ||= over === true;
        return { kind: "appended", run: now };
      },
    },
  };
  return { deps, kept: () => ({ written, ledger, ended, run: now }) };
}
