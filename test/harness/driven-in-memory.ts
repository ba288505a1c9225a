import type { RunState } from "../../src/domain/plan-run/run.ts";
import { transition } from "../../src/domain/plan-run/run-transition.ts";
import { driveRun } from "../../src/engine/runs/executor.ts";
import type { ExecutorDeps } from "../../src/engine/runs/executor-deps.ts";
import { STEPS } from "../../src/flows/index.ts";
import type { StoredStep } from "../../src/ports/stored-step.ts";
import { clockAt, fakeCloud } from "./fakes/index.ts";
import { started } from "./keys.ts";
import { AT } from "./observed.ts";
import { watchedInMemory } from "./watch-turn.ts";

/** What a step hands on, by its name, where others read it. */
const HANDS_ON: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  "fence-primary": { fence: "fenced" },
};

export interface InMemory extends Partial<ExecutorDeps> {
  /** Another step than one that is there at once, by its name. */
  readonly instead?: Readonly<Record<string, Partial<StoredStep>>>;
}

/**
 * Drives a run that is kept in memory as far as it goes; where that is a plan, with complete keys. Its steps ask nothing of a cloud, and are there at once: what is seen is what
 * the executor does between them, in a few milliseconds.
 */
export async function drivenInMemory(run: RunState, { instead = {}, ...more }: InMemory = {}) {
  const before = run.state === "waiting-for-keys" ? started(run.plan, AT).reduce(transition, run) : run;
  const steps = Object.fromEntries(
    Object.entries(STEPS).map(([name, step]): [string, StoredStep] => [
      name,
      {
        ...step,
        permissions: () => [],
        run: async () => ({ requestIds: ["r-1"], data: {} }),
        verify: async () => ({ done: true, says: "there", output: HANDS_ON[name] ?? {} }),
        happened: async () => "no",
        ...instead[name],
      },
    ]),
  );
  const { deps, kept } = watchedInMemory(before, {
    cloud: fakeCloud({ clock: clockAt(() => AT) }),
    steps,
    oldSide: async () => ({ kind: "back", captured: {}, open: [], closed: [], silent: [], refused: [], unseen: {} }),
  });
  await driveRun(
    run.plan.id,
    {
      ...deps,
      ...{ changed: () => undefined, progressed: () => undefined, took: () => undefined },
      drift: async () => ({ voids: [], passing: [] }),
      reachesNobody: async () => false,
      ...more,
    },
    new AbortController().signal,
  );
  return kept();
}
