import type { RunState } from "../../src/domain/plan-run/run.ts";
import { transition } from "../../src/domain/plan-run/run-transition.ts";
import { driveRun } from "../../src/engine/runs/executor.ts";
import type { ExecutorDeps } from "../../src/engine/runs/executor-deps.ts";
import { guardTimes } from "../../src/engine/runs/guard-times.ts";
import { STEPS } from "../../src/flows/index.ts";
import type { Clock } from "../../src/ports/clock.ts";
import type { OldSide } from "../../src/ports/old-side.ts";
import type { Verdict } from "../../src/ports/step.ts";
import type { StoredStep } from "../../src/ports/stored-step.ts";
import { fakeCloud } from "./fakes/index.ts";
import { started } from "./keys.ts";
import { AT } from "./observed.ts";
import { watchedInMemory } from "./watch-turn.ts";

export interface InMemory extends Partial<ExecutorDeps> {
  /** World time; absent: it stands still. */
  readonly nowMs?: () => number;
  /** Another step than one that is there at once, by its name. */
  readonly instead?: Readonly<Record<string, Partial<StoredStep>>>;
  /** What each look at the fence shows, by how the run stands; absent, or undefined: it is done, and stays so. */
  readonly fenceShows?: (run: RunState) => Verdict | undefined;
}

const FENCED: Verdict = { done: true, says: "fenced", output: { fence: "fenced" } };

/**
 * Drives a run that is kept in memory as far as it goes; where that is a plan, with complete keys. Its steps ask nothing of a cloud,
 * and are there at once: what is seen is what the executor does between them, in a few milliseconds.
 */
export async function drivenInMemory(
  run: RunState,
  { instead = {}, fenceShows, nowMs = () => AT, ...more }: InMemory = {},
) {
  const before = run.state === "waiting-for-keys" ? started(run.plan, AT).reduce(transition, run) : run;
  const quick: Partial<StoredStep> = {
    permissions: () => [],
    run: async () => ({ requestIds: ["r-1"], data: {} }),
    verify: async () => ({ done: true, says: "there", output: {} }),
    happened: async () => "no",
  };
  const fence: Partial<StoredStep> = {
    verify: async () => fenceShows?.(kept().run) ?? FENCED,
  };
  const steps = Object.fromEntries(
    Object.entries(STEPS).map(([name, step]): [string, StoredStep] => [
      name,
      { ...step, ...quick, ...(step.role === "protects" && fence), ...instead[name] },
    ]),
  );
  const { deps, kept } = watchedInMemory(before, {
    cloud: fakeCloud({ clock: clockOf(nowMs) }),
    steps,
    oldSide: async () => CLOSED,
  });
  await driveRun(
    run.plan.id,
    {
      ...{ ...deps, guard: guardTimes() },
      ...{ changed: () => undefined, progressed: () => undefined, took: () => undefined },
      drift: async () => ({ voids: [], passing: [] }),
      ...more,
    },
    new AbortController().signal,
  );
  return kept();
}

/** Far more than any run sleeps. */
const MOST_SLEEPS = 5_000;

/** Whoever sleeps by it lets others do something first; no time passes by that. */
function clockOf(now: () => number): Clock {
  let slept = 0;
  const sleep = async () => {
    slept += 1;
    if (slept > MOST_SLEEPS) throw new Error("the run waits for something that does not come");
    await new Promise<void>((resolve) => {
      setTimeout(resolve, 1);
    });
  };
  return { now, speed: 1, sleep };
}

/** An old side that answers, and of which nothing is left to be closed. */
export const CLOSED: Extract<OldSide, { kind: "back" }> = {
  ...{ kind: "back", captured: {}, open: [], closed: [], silent: [], refused: [], unseen: {} },
};
